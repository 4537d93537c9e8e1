//! [`Column`]: a typed column; what can be done with one is in `methods`.

use std::marker::PhantomData;

use super::Assignment;
use super::ast::{Expr, Operator};
use super::operand::Operand;
use super::source::{Source, Sources};
use crate::schema::{Field, FieldOf, FieldRef};
use crate::{FieldType, Schema};

/// A column of the source `S` whose values are of type `T`; the derive makes one per field: `Post::title`.
///
/// Values that are compared with it are always bound to a placeholder, never written into the SQL.
pub struct Column<S, T> {
    index: usize,
    marker: PhantomData<fn() -> (S, T)>,
}

impl<S, T> Clone for Column<S, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S, T> Copy for Column<S, T> {}

impl<S, T> std::fmt::Debug for Column<S, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Column").field(&self.index).finish()
    }
}

impl<S, T> Column<S, T> {
    /// For the derive: the field with this place in [`Meta::fields`](crate::schema::Meta::fields).
    #[must_use]
    pub const fn new(index: usize) -> Self {
        Self { index, marker: PhantomData }
    }

    /// The field, its type forgotten.
    #[must_use]
    pub const fn field(&self) -> FieldRef<S> {
        FieldRef::new(self.index)
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }
}

impl<S: Schema, T: FieldType> FieldOf<S> for Column<S, T> {
    type Type = T;
    fn field(&self) -> FieldRef<S> {
        FieldRef::new(self.index)
    }
}

impl<S: Source, T: FieldType> Column<S, T> {
    pub(crate) fn meta(self) -> &'static Field {
        &S::Schema::META.fields[self.index]
    }

    pub(crate) fn expr(self) -> Expr {
        Expr::column(S::NAME, self.meta().column)
    }

    /// For `update_all` and `on_conflict`: sets the column to a value, or to what an expression gives.
    #[must_use]
    pub fn set<W, By>(self, value: impl Operand<W, T, By>) -> Assignment<W>
    where
        W: Sources<Root = S>,
    {
        Assignment::new(self.meta().column, value.into_operand().0)
    }

    /// For `update_all` and `on_conflict`: adds to the column, in the database; a negative number takes
    /// away.
    #[must_use]
    pub fn inc<W, By>(self, by: impl Operand<W, T, By>) -> Assignment<W>
    where
        W: Sources<Root = S>,
        T: crate::Numeric,
    {
        Assignment::new(self.meta().column, self.expr().binary(Operator::Add, by.into_operand().0))
    }
}

#[cfg(feature = "json")]
impl<S: Source, T: serde::Serialize> Column<S, crate::Json<Vec<T>>>
where
    crate::Json<Vec<T>>: FieldType,
{
    /// For `update_all` and `on_conflict`: adds a value to the end of the JSON array, in the database; NULL
    /// counts as an empty one.
    #[must_use]
    pub fn push<W>(self, value: T) -> Assignment<W>
    where
        W: Sources<Root = S>,
    {
        Assignment::new(self.meta().column, Expr::Push(Box::new(self.expr()), crate::Json(value).dump_json()))
    }
}
