//! [`Term`]: a computed value; the functions that make one.

use std::marker::PhantomData;

use super::ast::{Aggregate, Aggregation, Cast, Expr};
use super::condition::Condition;
use super::operand::{Expression, Operand};
use crate::{FieldType, Numeric};

/// A value that the database computes for each row of a query over `W`: `Post::title.lower()`, [`count()`].
pub struct Term<W, T, K = PerRow> {
    pub(crate) expr: Expr,
    marker: Marker<W, T, K>,
}

type Marker<W, T, K> = PhantomData<fn() -> (W, T, K)>;

/// The kind of a [`Term`] that each row has.
pub struct PerRow;
/// The kind of a [`Term`] that each group has: an aggregate.
pub struct PerGroup;

impl<W, T, K> Clone for Term<W, T, K> {
    fn clone(&self) -> Self {
        Self::new(self.expr.clone())
    }
}

impl<W, T, K> std::fmt::Debug for Term<W, T, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Term").finish_non_exhaustive()
    }
}

impl<W, T, K> Term<W, T, K> {
    pub(crate) fn new(expr: Expr) -> Self {
        Self { expr, marker: PhantomData }
    }
}

impl<W, T> Term<W, T, PerGroup> {
    /// Only over rows of the group that meet a condition.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, author_id: i64, views: i64 }
    /// use zzz_db::{count, sum};
    ///
    /// let query = Post::query()
    ///     .group_by(Post::author_id)
    ///     .having(count().gt(2))
    ///     .select((Post::author_id, count().filter(Post::views.eq(0)), sum(Post::views)));
    /// # let _: zzz_db::Query<_, (i64, i64, Option<i64>)> = query;
    /// ```
    #[must_use]
    pub fn filter(mut self, condition: Condition<W>) -> Self {
        if let Expr::Aggregate(aggregation) = &mut self.expr {
            aggregation.filter = Some(match aggregation.filter.take() {
                Some(filter) => filter.and(condition.expr),
                None => condition.expr,
            });
        }
        self
    }
}

fn aggregate<W, T>(
    function: Aggregate,
    of: Option<Expr>,
    distinct: bool,
    cast: Cast,
) -> Term<W, T, PerGroup> {
    Term::new(Expr::Aggregate(Box::new(Aggregation { function, of, distinct, filter: None, cast })))
}

/// The number of rows, of each group if the query has [`group_by`](super::Query::group_by).
#[must_use]
pub fn count<W>() -> Term<W, i64, PerGroup> {
    aggregate(Aggregate::Count, None, false, Cast::Keep)
}

/// How many rows have a value there that is not NULL.
#[must_use]
pub fn count_of<W, By>(of: impl Expression<W, By>) -> Term<W, i64, PerGroup> {
    aggregate(Aggregate::Count, Some(of.into_expression().0), false, Cast::Keep)
}

/// How many different values there are, NULL not among them.
#[must_use]
pub fn count_distinct<W, By>(of: impl Expression<W, By>) -> Term<W, i64, PerGroup> {
    aggregate(Aggregate::Count, Some(of.into_expression().0), true, Cast::Keep)
}

/// The smallest value; `None` if there is no row, or NULL only.
#[must_use]
pub fn min<W, E, By>(of: E) -> Term<W, Option<<E::Type as FieldType>::NotNull>, PerGroup>
where
    E: Expression<W, By>,
{
    aggregate(Aggregate::Min, Some(of.into_expression().0), false, Cast::Keep)
}

/// The largest value; `None` if there is no row, or NULL only.
#[must_use]
pub fn max<W, E, By>(of: E) -> Term<W, Option<<E::Type as FieldType>::NotNull>, PerGroup>
where
    E: Expression<W, By>,
{
    aggregate(Aggregate::Max, Some(of.into_expression().0), false, Cast::Keep)
}

/// The sum: an `i64` of whole numbers, an `f64` of others; `None` if there is no row, or NULL only.
///
/// A sum past the range of `i64` is an error of the database.
#[must_use]
pub fn sum<W, E, By>(of: E) -> Term<W, Option<<E::Type as Numeric>::Sum>, PerGroup>
where
    E: Expression<W, By>,
    E::Type: Numeric,
{
    aggregate(Aggregate::Sum, Some(of.into_expression().0), false, <E::Type as Numeric>::CAST)
}

/// The arithmetic mean; `None` if there is no row, or NULL only.
#[must_use]
pub fn avg<W, E, By>(of: E) -> Term<W, Option<f64>, PerGroup>
where
    E: Expression<W, By>,
    E::Type: Numeric,
{
    aggregate(Aggregate::Avg, Some(of.into_expression().0), false, Cast::Float)
}

/// A value as a term: to be selected, or computed with.
#[must_use]
pub fn value<W, T: FieldType>(value: T) -> Term<W, T> {
    Term::new(Expr::Value(value.dump()))
}

/// `CASE WHEN ... THEN ... ELSE ... END`, giving values of type `T`.
///
/// ```
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "posts")]
/// # struct Post { id: i64, views: i64 }
/// use zzz_db::query::case;
///
/// let heat = case::<String>().when(Post::views.gt(100), "hot").when(Post::views.gt(10), "warm").otherwise("cold");
/// let query = Post::query().select((Post::id, heat));
/// # let _: zzz_db::Query<_, (i64, String)> = query;
/// ```
#[must_use]
pub fn case<T: FieldType>() -> Case<T> {
    Case(PhantomData)
}

/// A CASE without a branch yet; see [`case`].
#[derive(Debug, Clone, Copy)]
pub struct Case<T>(PhantomData<fn() -> T>);

impl<T: FieldType> Case<T> {
    /// The value where this condition holds.
    #[must_use]
    pub fn when<W, By>(self, condition: Condition<W>, then: impl Operand<W, T, By>) -> Branches<W, T> {
        Branches { branches: Vec::new(), marker: PhantomData }.when(condition, then)
    }
}

/// A CASE with branches; see [`case`].
#[derive(Debug, Clone)]
pub struct Branches<W, T> {
    branches: Vec<(Expr, Expr)>,
    marker: PhantomData<fn() -> (W, T)>,
}

impl<W, T: FieldType> Branches<W, T> {
    /// The value where this condition holds and none before did.
    #[must_use]
    pub fn when<By>(mut self, condition: Condition<W>, then: impl Operand<W, T, By>) -> Self {
        self.branches.push((condition.expr, then.into_operand().0));
        self
    }

    /// The value where no condition holds.
    #[must_use]
    pub fn otherwise<By>(self, value: impl Operand<W, T, By>) -> Term<W, T> {
        Term::new(Expr::Case(self.branches, Some(Box::new(value.into_operand().0))))
    }

    /// `None` where no condition holds.
    #[must_use]
    pub fn end(self) -> Term<W, Option<T::NotNull>> {
        Term::new(Expr::Case(self.branches, None))
    }
}

/// Within [`OnConflict`](crate::OnConflict): the value that the refused row had for this column.
#[must_use]
pub fn excluded<S: crate::Schema, T: FieldType>(column: super::Column<S, T>) -> Term<S, T> {
    Term::new(Expr::Excluded(column.meta().column))
}

/// A moment so long ago, by the clock of this program: `Post::inserted_at.gt(ago(TimeDelta::days(3)))`.
///
/// A span that leads out of chrono's range gives the earliest moment.
#[must_use]
pub fn ago(span: chrono::TimeDelta) -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now().checked_sub_signed(span).unwrap_or(chrono::DateTime::<chrono::Utc>::MIN_UTC)
}

/// A moment so far ahead, by the clock of this program; see [`ago`].
#[must_use]
pub fn from_now(span: chrono::TimeDelta) -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now().checked_add_signed(span).unwrap_or(chrono::DateTime::<chrono::Utc>::MAX_UTC)
}
