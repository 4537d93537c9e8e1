//! [`Query`]: a question to the database as a value, put together piece by piece.

mod column;
mod expr;
mod select;

use std::marker::PhantomData;

pub use column::{Column, ValueFor};
pub use expr::{Assignment, Condition, Order};
pub use select::{Columns, Count, Extreme, Selection, count, max, min};

pub(crate) use expr::{Comparison, Expr, Function, OrderTerm, Pattern, Select, Set, SetTerm};

use crate::dialect::{Dialect, Statement};
use crate::{Repo, Result, Row, Schema};

/// A query over the table of `S` whose rows become `T`; without [`select`](Self::select) that is `S`.
///
/// It is a value: nothing is asked until one of [`all`](Self::all), [`one`](Self::one),
/// [`first`](Self::first), [`count`](Self::count), [`exists`](Self::exists) is awaited, and each of its
/// methods gives a new query that can be kept and put together further.
///
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "posts")]
/// # struct Post { id: i64, title: String }
/// use zzz_db::dialect::Sqlite;
///
/// let query = Post::query().filter(Post::title.contains("50%")).order_by(Post::id.desc()).limit(10);
/// assert_eq!(
///     query.to_sql(&Sqlite).0,
///     r#"SELECT "id", "title" FROM "posts" WHERE "title" LIKE ? ESCAPE '\' ORDER BY "id" DESC LIMIT ?"#,
/// );
/// ```
pub struct Query<S, T = S> {
    pub(crate) select: Select,
    pub(crate) load: fn(&dyn Row) -> Result<T>,
    marker: PhantomData<fn() -> S>,
}

impl<S, T> Clone for Query<S, T> {
    fn clone(&self) -> Self {
        Self { select: self.select.clone(), load: self.load, marker: PhantomData }
    }
}

impl<S, T> std::fmt::Debug for Query<S, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Query").field("table", &self.select.meta.table).finish_non_exhaustive()
    }
}

/// A part of a query that [`Query::exclude`] takes out again.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Every condition.
    Filter,
    /// Every order.
    OrderBy,
    /// Every grouping.
    GroupBy,
    /// The limit.
    Limit,
    /// The offset.
    Offset,
    /// That each row comes once.
    Distinct,
}

impl<S: Schema> Query<S> {
    /// Every row of the table; the same as `S::query()`.
    #[must_use]
    pub fn new() -> Self {
        Self { select: Select::new(S::META), load: |row| S::load(row, 0), marker: PhantomData }
    }
}

impl<S: Schema> Default for Query<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Schema, T: Send + 'static> Query<S, T> {
    /// Only rows that meet this condition, besides those given before.
    #[must_use]
    pub fn filter(mut self, condition: Condition<S>) -> Self {
        self.select.filter(condition.expr);
        self
    }

    /// Rows that meet this condition too, besides those that meet what was given before.
    #[must_use]
    pub fn or_filter(mut self, condition: Condition<S>) -> Self {
        self.select.or_filter(condition.expr);
        self
    }

    /// Orders the rows; what was given before orders first. Without any, the order is the database's whim.
    #[must_use]
    pub fn order_by(mut self, order: Order<S>) -> Self {
        self.select.order_by.push(order.term);
        self
    }

    /// At most so many rows.
    #[must_use]
    pub fn limit(mut self, rows: u64) -> Self {
        self.select.limit = Some(rows);
        self
    }

    /// Without the first so many rows.
    #[must_use]
    pub fn offset(mut self, rows: u64) -> Self {
        self.select.offset = Some(rows);
        self
    }

    /// Each row that would come several times comes once.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        self.select.distinct = true;
        self
    }

    /// One row per value of this column; with [`count()`] in [`select`](Self::select) it counts each group.
    #[must_use]
    pub fn group_by<C>(mut self, column: Column<S, C>) -> Self
    where
        C: crate::FieldType,
    {
        self.select.group_by.push(column.expr());
        self
    }

    /// Gives back these columns instead of whole structs.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "comments")]
    /// # struct Comment { id: i64, post_id: i64 }
    /// # use zzz_db::{Repo, Result};
    /// use zzz_db::count;
    ///
    /// async fn comments_of(repo: &Repo, posts: &[i64]) -> Result<Vec<(i64, i64)>> {
    ///     Comment::query()
    ///         .filter(Comment::post_id.in_list(posts))
    ///         .group_by(Comment::post_id)
    ///         .select((Comment::post_id, count()))
    ///         .all(repo)
    ///         .await
    /// }
    /// ```
    #[must_use]
    pub fn select<C: Selection<S>>(mut self, columns: C) -> Query<S, C::Output> {
        let mut selected = Columns::default();
        columns.push(&mut selected);
        self.select.columns = selected.0;
        Query { select: self.select, load: |row| C::load(row, 0), marker: PhantomData }
    }

    /// Takes a part out again.
    #[must_use]
    pub fn exclude(mut self, part: Part) -> Self {
        match part {
            Part::Filter => self.select.filter = None,
            Part::OrderBy => self.select.order_by.clear(),
            Part::GroupBy => self.select.group_by.clear(),
            Part::Limit => self.select.limit = None,
            Part::Offset => self.select.offset = None,
            Part::Distinct => self.select.distinct = false,
        }
        self
    }

    /// The SQL of this query, and the values of its placeholders.
    #[must_use]
    pub fn to_sql(&self, dialect: &dyn Dialect) -> (String, Vec<crate::Value>) {
        let Statement { sql, params } = crate::dialect::select(dialect, &self.select);
        (sql, params)
    }

    /// Every row.
    ///
    /// # Errors
    /// If the database can not answer, or a row is not of the fields' types.
    pub async fn all(self, repo: &Repo) -> Result<Vec<T>> {
        repo.all(self).await
    }

    /// The only row, if there is one.
    ///
    /// # Errors
    /// As [`all`](Self::all), and if there are several rows.
    pub async fn one(self, repo: &Repo) -> Result<Option<T>> {
        repo.one(self).await
    }

    /// The first row, if there is one; ordered by the primary key unless another order was given.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn first(self, repo: &Repo) -> Result<Option<T>> {
        repo.first(self).await
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn count(self, repo: &Repo) -> Result<u64> {
        repo.count(self).await
    }

    /// Whether there is a row.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn exists(self, repo: &Repo) -> Result<bool> {
        repo.exists(self).await
    }
}
