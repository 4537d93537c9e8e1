//! [`Column`]: a typed column, and the conditions, orders and assignments made from it.

use std::marker::PhantomData;

use super::{Assignment, Comparison, Condition, Expr, Order, Pattern};
use crate::schema::{FieldOf, FieldRef};
use crate::{FieldType, Schema, Textual, Value};

/// A column of the schema `S` whose values are of type `T`; the derive makes one per field: `Post::title`.
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
}

impl<S: Schema, T: FieldType> FieldOf<S> for Column<S, T> {
    type Type = T;
    fn field(&self) -> FieldRef<S> {
        FieldRef::new(self.index)
    }
}

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

impl<S: Schema, T: FieldType> Column<S, T> {
    pub(crate) fn expr(self) -> Expr {
        Expr::Column(&S::META.fields[self.index])
    }

    fn compare(self, comparison: Comparison, value: Value) -> Condition<S> {
        Condition::new(Expr::compare(self.expr(), comparison, value))
    }

    /// `column = value`; with `None` it is `column IS NULL`.
    #[must_use]
    pub fn eq(self, value: impl ValueFor<T>) -> Condition<S> {
        self.compare(Comparison::Eq, value.into_value())
    }

    /// `column <> value`, which a row with NULL does not meet, as in SQL; with `None` it is
    /// `column IS NOT NULL`.
    #[must_use]
    pub fn ne(self, value: impl ValueFor<T>) -> Condition<S> {
        self.compare(Comparison::Ne, value.into_value())
    }

    /// `column > value`
    #[must_use]
    pub fn gt(self, value: impl ValueFor<T>) -> Condition<S> {
        self.compare(Comparison::Gt, value.into_value())
    }

    /// `column >= value`
    #[must_use]
    pub fn ge(self, value: impl ValueFor<T>) -> Condition<S> {
        self.compare(Comparison::Ge, value.into_value())
    }

    /// `column < value`
    #[must_use]
    pub fn lt(self, value: impl ValueFor<T>) -> Condition<S> {
        self.compare(Comparison::Lt, value.into_value())
    }

    /// `column <= value`
    #[must_use]
    pub fn le(self, value: impl ValueFor<T>) -> Condition<S> {
        self.compare(Comparison::Le, value.into_value())
    }

    /// `column IS NULL`
    #[must_use]
    pub fn is_null(self) -> Condition<S> {
        Condition::new(Expr::IsNull(Box::new(self.expr()), true))
    }

    /// `column IS NOT NULL`
    #[must_use]
    pub fn is_not_null(self) -> Condition<S> {
        Condition::new(Expr::IsNull(Box::new(self.expr()), false))
    }

    /// Whether the column's value is one of these; of an empty list it never is.
    ///
    /// The list may have any length where its values are numbers, texts, times or booleans.
    #[must_use]
    pub fn in_list<V: ValueFor<T>>(self, values: impl IntoIterator<Item = V>) -> Condition<S> {
        let values = values.into_iter().map(V::into_value).collect();
        Condition::new(Expr::InList(Box::new(self.expr()), values))
    }

    /// Smallest first.
    #[must_use]
    pub fn asc(self) -> Order<S> {
        Order::new(self.expr(), false)
    }

    /// Largest first.
    #[must_use]
    pub fn desc(self) -> Order<S> {
        Order::new(self.expr(), true)
    }

    /// For `update_all`: sets the column to this value.
    #[must_use]
    pub fn set(self, value: impl ValueFor<T>) -> Assignment<S> {
        Assignment::new(&S::META.fields[self.index], super::Set::Value(value.into_value()))
    }

    /// For `update_all`: adds to the column, in the database; a negative number takes away.
    #[must_use]
    pub fn inc(self, by: impl ValueFor<T>) -> Assignment<S>
    where
        T: crate::Numeric,
    {
        Assignment::new(&S::META.fields[self.index], super::Set::Increment(by.into_value()))
    }
}

impl<S: Schema, T: FieldType> Column<S, T> {
    /// `column LIKE pattern`, where `%` stands for any text, `_` for any character, and `\` takes the
    /// meaning from either. Upper and lower case of ASCII letters are the same on SQLite.
    #[must_use]
    pub fn like(self, pattern: impl Into<String>) -> Condition<S>
    where
        T: Textual,
    {
        self.matches(Pattern::Like, pattern.into())
    }

    /// Whether the column holds this text somewhere; `%` and `_` in it mean themselves. Upper and lower case
    /// of ASCII letters are the same.
    #[must_use]
    pub fn contains(self, text: impl AsRef<str>) -> Condition<S>
    where
        T: Textual,
    {
        self.matches(Pattern::Text, format!("%{}%", escape(text.as_ref())))
    }

    /// Whether the column begins with this text; see [`contains`](Self::contains).
    #[must_use]
    pub fn starts_with(self, text: impl AsRef<str>) -> Condition<S>
    where
        T: Textual,
    {
        self.matches(Pattern::Text, format!("{}%", escape(text.as_ref())))
    }

    /// Whether the column ends with this text; see [`contains`](Self::contains).
    #[must_use]
    pub fn ends_with(self, text: impl AsRef<str>) -> Condition<S>
    where
        T: Textual,
    {
        self.matches(Pattern::Text, format!("%{}", escape(text.as_ref())))
    }

    fn matches(self, pattern: Pattern, text: String) -> Condition<S> {
        Condition::new(Expr::Like(Box::new(self.expr()), pattern, Value::Text(text)))
    }
}

/// Takes their meaning from LIKE's wildcards; every dialect is told that `\` escapes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
