//! What can stand in an expression: values, columns and terms.

use std::marker::PhantomData;

use super::ast::Expr;
use super::source::{Has, Source};
use super::{Column, Term};
use crate::{FieldType, Value};

/// A value that can be compared with, or assigned to, a column of type `T`: `T`, `&T`, `&str` for a text,
/// and the value inside for an `Option`.
#[diagnostic::on_unimplemented(
    message = "a column of type `{T}` can not be compared with or set to `{Self}`",
    label = "the wrong type for this column",
    note = "give a value of type `{T}`"
)]
pub trait ValueFor<T> {
    /// The value.
    fn into_value(self) -> Value;
}

impl<T: FieldType> ValueFor<T> for T {
    fn into_value(self) -> Value {
        self.dump()
    }
}
impl<T: FieldType> ValueFor<T> for &T {
    fn into_value(self) -> Value {
        self.dump()
    }
}
impl<T: FieldType> ValueFor<Option<T>> for T {
    fn into_value(self) -> Value {
        self.dump()
    }
}
impl<T: FieldType> ValueFor<Option<T>> for &T {
    fn into_value(self) -> Value {
        self.dump()
    }
}
impl ValueFor<String> for &str {
    fn into_value(self) -> Value {
        Value::Text(self.to_owned())
    }
}
impl ValueFor<Option<String>> for &str {
    fn into_value(self) -> Value {
        Value::Text(self.to_owned())
    }
}

/// By its value.
pub struct ByValue;
/// By a computed term.
pub struct ByTerm;
/// By a column of a source that is found at `At`.
pub struct ByColumn<At>(PhantomData<fn() -> At>);

/// The other side of a comparison or computation with a `T` in a query over `W`: a [value](ValueFor), which
/// is always bound to a placeholder; a column of any source of the query; or a [`Term`].
///
/// Whether a column may be NULL makes no difference, as in SQL.
#[diagnostic::on_unimplemented(
    message = "a column of type `{T}` can not be compared with or set to `{Self}`",
    label = "the wrong type for this column",
    note = "give a value, or a column or term, of type `{T}`"
)]
pub trait Operand<W, T, By> {
    #[doc(hidden)]
    fn into_operand(self) -> Operated;
}

/// An operand, its type forgotten.
#[doc(hidden)]
pub struct Operated(pub(crate) Expr);

impl<W, T, V: ValueFor<T>> Operand<W, T, ByValue> for V {
    fn into_operand(self) -> Operated {
        Operated(Expr::Value(self.into_value()))
    }
}

impl<W, S, T, U, At> Operand<W, T, ByColumn<At>> for Column<S, U>
where
    W: Has<S, At>,
    S: Source,
    T: FieldType,
    U: FieldType<NotNull = T::NotNull>,
{
    fn into_operand(self) -> Operated {
        Operated(self.expr())
    }
}

impl<W, T, U, K> Operand<W, T, ByTerm> for Term<W, U, K>
where
    T: FieldType,
    U: FieldType<NotNull = T::NotNull>,
{
    fn into_operand(self) -> Operated {
        Operated(self.expr)
    }
}

/// A column or a term: what functions such as [`sum`](super::sum) are applied to.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no expression of this query",
    note = "use a column such as `Post::id`, or a term made from one"
)]
pub trait Expression<W, By> {
    /// The type of its values.
    type Type: FieldType;
    #[doc(hidden)]
    fn into_expression(self) -> Operated;
}

impl<W, S, T, At> Expression<W, ByColumn<At>> for Column<S, T>
where
    W: Has<S, At>,
    S: Source,
    T: FieldType,
{
    type Type = W::Of<T>;
    fn into_expression(self) -> Operated {
        Operated(self.expr())
    }
}

impl<W, T: FieldType, K> Expression<W, ByTerm> for Term<W, T, K> {
    type Type = T;
    fn into_expression(self) -> Operated {
        Operated(self.expr)
    }
}

/// An argument of a [`fragment!`](crate::fragment): a column, a term, or a value, which is bound.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be an argument of a fragment",
    note = "use a column, a term, or a value of a field's type"
)]
pub trait Argument<W, By> {
    #[doc(hidden)]
    fn into_argument(self) -> Operated;
}

/// By a text.
pub struct ByText;

impl<W, T: FieldType> Argument<W, ByValue> for T {
    fn into_argument(self) -> Operated {
        Operated(Expr::Value(self.dump()))
    }
}

impl<W> Argument<W, ByText> for &str {
    fn into_argument(self) -> Operated {
        Operated(Expr::Value(Value::Text(self.to_owned())))
    }
}

impl<W, S, T, At> Argument<W, ByColumn<At>> for Column<S, T>
where
    W: Has<S, At>,
    S: Source,
    T: FieldType,
{
    fn into_argument(self) -> Operated {
        Operated(self.expr())
    }
}

impl<W, T, K> Argument<W, ByTerm> for Term<W, T, K> {
    fn into_argument(self) -> Operated {
        Operated(self.expr)
    }
}
