//! [`Selection`]: what a query gives back instead of whole structs.

use std::marker::PhantomData;
use std::sync::Arc;

use super::ast::{Expr, Output};
use super::operand::{ByColumn, ByTerm};
use super::source::{Has, Source};
use super::{Column, Term};
use crate::schema::Meta;
use crate::{FieldType, Result, Row, Schema, row};

/// Makes a `T` of a row.
type Decode<T> = dyn Fn(&dyn Row) -> Result<T> + Send + Sync;

/// How a row becomes a `T`.
pub(crate) enum Load<T> {
    /// As a function that needs nothing else.
    Plain(fn(&dyn Row) -> Result<T>),
    /// As a closure.
    With(Arc<Decode<T>>),
}

impl<T> Clone for Load<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Plain(load) => Self::Plain(*load),
            Self::With(load) => Self::With(Arc::clone(load)),
        }
    }
}

impl<T> Load<T> {
    pub(crate) fn call(&self, row: &dyn Row) -> Result<T> {
        match self {
            Self::Plain(load) => load(row),
            Self::With(load) => load(row),
        }
    }
}

/// What a query over `Q` can select: a column, a [`Term`], [`whole`] rows, [`select_as!`](crate::select_as),
/// or a tuple of up to eight of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be selected from a query over `{Q}`",
    note = "select a column such as `Post::id`, a term such as `count()`, `whole::<Post>()`, `select_as!(...)`, or a tuple of up to eight of these"
)]
pub trait Selection<Q, By> {
    /// What a row becomes.
    type Output: Send + 'static;
    #[doc(hidden)]
    type State: Send + Sync + 'static;
    #[doc(hidden)]
    fn push(self, columns: &mut Columns) -> Self::State;
    #[doc(hidden)]
    fn width() -> usize;
    #[doc(hidden)]
    fn load(state: &Self::State, row: &dyn Row, at: usize) -> Result<Self::Output>;
}

/// The columns of a selection.
#[doc(hidden)]
#[derive(Default)]
pub struct Columns(pub(crate) Vec<Output>);

impl Columns {
    fn push(&mut self, expr: Expr) {
        self.0.push(Output { expr, name: None });
    }
}

impl<Q, S, T, At> Selection<Q, ByColumn<At>> for Column<S, T>
where
    Q: Has<S, At>,
    S: Source,
    T: FieldType,
{
    type Output = Q::Of<T>;
    type State = ();
    fn push(self, columns: &mut Columns) {
        columns.push(self.expr());
    }
    fn width() -> usize {
        1
    }
    fn load((): &(), row: &dyn Row, at: usize) -> Result<Q::Of<T>> {
        row::get(row, at)
    }
}

impl<Q, T: FieldType, K> Selection<Q, ByTerm> for Term<Q, T, K> {
    type Output = T;
    type State = ();
    fn push(self, columns: &mut Columns) {
        columns.push(self.expr);
    }
    fn width() -> usize {
        1
    }
    fn load((): &(), row: &dyn Row, at: usize) -> Result<T> {
        row::get(row, at)
    }
}

/// A whole row of a source; see [`whole`].
pub struct Whole<S>(PhantomData<fn() -> S>);

/// A whole row of a source, to be selected: a struct, or an `Option` of one if its source may be missing.
///
/// ```
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "posts")]
/// # struct Post { id: i64, author_id: i64 }
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "users")]
/// # struct User { id: i64 }
/// use zzz_db::whole;
///
/// let query = Post::query()
///     .left_join::<User>(User::id.eq(Post::author_id))
///     .select((whole::<Post>(), whole::<User>()));
/// # let _: zzz_db::Query<_, (Post, Option<User>)> = query;
/// ```
#[must_use]
pub fn whole<S: Source>() -> Whole<S> {
    Whole(PhantomData)
}

pub(crate) fn push_all(outputs: &mut Vec<Output>, source: &'static str, meta: &'static Meta) {
    for (_, field) in meta.columns() {
        outputs.push(Output { expr: Expr::column(source, field.column), name: None });
    }
}

impl<Q, S, At> Selection<Q, ByColumn<At>> for Whole<S>
where
    Q: Has<S, At>,
    S: Source,
{
    type Output = Q::Row;
    type State = ();
    fn push(self, columns: &mut Columns) {
        push_all(&mut columns.0, S::NAME, S::Schema::META);
    }
    fn width() -> usize {
        S::Schema::META.width()
    }
    fn load((): &(), row: &dyn Row, at: usize) -> Result<Q::Row> {
        Q::load(row, at)
    }
}

/// Nothing: the end of the list within [`select_as!`](crate::select_as).
impl<Q> Selection<Q, ()> for () {
    type Output = ();
    type State = ();
    fn push(self, _: &mut Columns) {}
    fn width() -> usize {
        0
    }
    fn load((): &(), _: &dyn Row, _: usize) -> Result<()> {
        Ok(())
    }
}

macro_rules! tuples {
    ($($type:ident $by:ident $at:tt),+) => {
        impl<Of, $($type: Selection<Of, $by>, $by),+> Selection<Of, ($($by,)+)> for ($($type,)+) {
            type Output = ($($type::Output,)+);
            type State = ($($type::State,)+);
            #[allow(non_snake_case)]
            fn push(self, columns: &mut Columns) -> Self::State {
                ($(self.$at.push(columns),)+)
            }
            fn width() -> usize {
                0 $(+ $type::width())+
            }
            fn load(state: &Self::State, row: &dyn Row, at: usize) -> Result<Self::Output> {
                let mut next = at;
                Ok(($({
                    let at = next;
                    next += $type::width();
                    let _ = next;
                    $type::load(&state.$at, row, at)?
                },)+))
            }
        }
    };
}
tuples!(A A1 0);
tuples!(A A1 0, B B1 1);
tuples!(A A1 0, B B1 1, C C1 2);
tuples!(A A1 0, B B1 1, C C1 2, D D1 3);
tuples!(A A1 0, B B1 1, C C1 2, D D1 3, E E1 4);
tuples!(A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5);
tuples!(A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6);
tuples!(A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7);

/// Selects into a struct of the app's own, field by field, each checked for its type:
///
/// ```
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "posts")]
/// # struct Post { id: i64, title: String, author_id: i64 }
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "users")]
/// # struct User { id: i64, name: String }
/// use zzz_db::select_as;
///
/// struct Line {
///     title: String,
///     author: Option<String>,
/// }
///
/// let query = Post::query()
///     .left_join::<User>(User::id.eq(Post::author_id))
///     .select(select_as!(Line { title: Post::title, author: User::name }));
/// # let _: zzz_db::Query<_, Line> = query;
/// ```
#[macro_export]
macro_rules! select_as {
    ($type:ident { $($field:ident: $selection:expr),+ $(,)? }) => {
        $crate::query::Built::new(
            $crate::select_as!(@value $($selection),+),
            &[$(::core::stringify!($field)),+],
            |$crate::select_as!(@pattern $($field),+)| $type { $($field),+ },
        )
    };
    (@value $first:expr $(, $rest:expr)*) => { ($first, $crate::select_as!(@value $($rest),*)) };
    (@value) => { () };
    (@pattern $first:ident $(, $rest:ident)*) => { ($first, $crate::select_as!(@pattern $($rest),*)) };
    (@pattern) => { () };
}

/// A selection that becomes a struct, made by [`select_as!`](crate::select_as).
pub struct Built<Q, By, C: Selection<Q, By>, T> {
    selection: C,
    names: &'static [&'static str],
    build: fn(C::Output) -> T,
    marker: PhantomData<fn() -> (Q, By)>,
}

impl<Q, By, C: Selection<Q, By>, T> Built<Q, By, C, T> {
    /// For the macro.
    #[doc(hidden)]
    #[must_use]
    pub fn new(selection: C, names: &'static [&'static str], build: fn(C::Output) -> T) -> Self {
        Self { selection, names, build, marker: PhantomData }
    }
}

/// By a struct.
pub struct ByStruct<By>(PhantomData<fn() -> By>);

impl<Q, By, C, T> Selection<Q, ByStruct<By>> for Built<Q, By, C, T>
where
    Q: 'static,
    By: 'static,
    C: Selection<Q, By> + 'static,
    T: Send + 'static,
{
    type Output = T;
    type State = (C::State, fn(C::Output) -> T);
    fn push(self, columns: &mut Columns) -> Self::State {
        let from = columns.0.len();
        let state = self.selection.push(columns);
        let pushed = &mut columns.0[from..];
        // Only columns that stand for one field each can be told apart by its name.
        if pushed.len() == self.names.len() {
            for (output, name) in pushed.iter_mut().zip(self.names) {
                output.name = Some(name);
            }
        }
        (state, self.build)
    }
    fn width() -> usize {
        C::width()
    }
    fn load((state, build): &Self::State, row: &dyn Row, at: usize) -> Result<T> {
        C::load(state, row, at).map(build)
    }
}
