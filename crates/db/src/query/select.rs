//! [`Selection`]: what a query gives back instead of whole structs.

use super::{Column, Expr, Function};
use crate::{FieldType, Result, Row, Schema, row};

/// What a query over `S` can select: a column, [`count()`], [`min`], [`max`], or a tuple of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be selected from `{S}`",
    note = "select a column such as `{S}::id`, `count()`, or a tuple of these"
)]
pub trait Selection<S> {
    /// What a row becomes.
    type Output: Send + 'static;
    #[doc(hidden)]
    const WIDTH: usize;
    #[doc(hidden)]
    fn push(self, columns: &mut Columns);
    #[doc(hidden)]
    fn load(row: &dyn Row, at: usize) -> Result<Self::Output>;
}

/// The columns of a selection.
#[doc(hidden)]
#[derive(Default)]
pub struct Columns(pub(crate) Vec<Expr>);

impl<S: Schema, T: FieldType> Selection<S> for Column<S, T> {
    type Output = T;
    const WIDTH: usize = 1;
    fn push(self, columns: &mut Columns) {
        columns.0.push(self.expr());
    }
    fn load(row: &dyn Row, at: usize) -> Result<T> {
        row::get(row, at)
    }
}

/// The number of rows, of each group if there are groups; see [`count()`].
#[derive(Debug, Clone, Copy)]
pub struct Count;

/// The number of rows, of each group if the query has [`group_by`](super::Query::group_by).
#[must_use]
pub fn count() -> Count {
    Count
}

impl<S> Selection<S> for Count {
    type Output = i64;
    const WIDTH: usize = 1;
    fn push(self, columns: &mut Columns) {
        columns.0.push(Expr::Aggregate(Function::Count, None));
    }
    fn load(row: &dyn Row, at: usize) -> Result<i64> {
        row::get(row, at)
    }
}

/// The smallest or largest value of a column; `None` of no rows. See [`min`] and [`max`].
pub struct Extreme<S, T> {
    column: Column<S, T>,
    function: Function,
}

/// The smallest value of a column; `None` if there is no row, or NULL only.
#[must_use]
pub fn min<S, T>(column: Column<S, T>) -> Extreme<S, T> {
    Extreme { column, function: Function::Min }
}

/// The largest value of a column; `None` if there is no row, or NULL only.
#[must_use]
pub fn max<S, T>(column: Column<S, T>) -> Extreme<S, T> {
    Extreme { column, function: Function::Max }
}

impl<S: Schema, T: FieldType> Selection<S> for Extreme<S, T> {
    type Output = Option<T>;
    const WIDTH: usize = 1;
    fn push(self, columns: &mut Columns) {
        columns.0.push(Expr::Aggregate(self.function, Some(Box::new(self.column.expr()))));
    }
    fn load(row: &dyn Row, at: usize) -> Result<Option<T>> {
        row::get(row, at)
    }
}

macro_rules! tuples {
    ($($type:ident),+) => {
        impl<Of, $($type: Selection<Of>),+> Selection<Of> for ($($type,)+) {
            type Output = ($($type::Output,)+);
            const WIDTH: usize = 0 $(+ $type::WIDTH)+;
            #[allow(non_snake_case)]
            fn push(self, columns: &mut Columns) {
                let ($($type,)+) = self;
                $($type.push(columns);)+
            }
            fn load(row: &dyn Row, at: usize) -> Result<Self::Output> {
                let mut next = at;
                Ok(($({
                    let at = next;
                    next += $type::WIDTH;
                    let _ = next;
                    $type::load(row, at)?
                },)+))
            }
        }
    };
}
tuples!(A);
tuples!(A, B);
tuples!(A, B, C);
tuples!(A, B, C, D);
tuples!(A, B, C, D, E);
tuples!(A, B, C, D, E, F);
tuples!(A, B, C, D, E, F, G);
tuples!(A, B, C, D, E, F, G, H);
