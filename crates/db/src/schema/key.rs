//! Primary and foreign keys, as the compiler sees them.

use std::ops::Deref;

use crate::{FieldType, Value, ValueFor};

/// The primary key of a schema that has none.
#[derive(Debug, Clone, Copy)]
pub struct NoKey;

/// A primary key: the type of one field, or a tuple of several.
#[diagnostic::on_unimplemented(
    message = "this schema has no primary key, by which one row could be found",
    note = "it says `primary_key = false`; read it with a query: `S::query().filter(...).one(&repo)`"
)]
pub trait Key {}
impl<K: FieldType> Key for K {}
impl<A, B> Key for (A, B) {}
impl<A, B, C> Key for (A, B, C) {}
impl<A, B, C, D> Key for (A, B, C, D) {}

/// What finds a row by its primary key of type `K`: a [value](ValueFor), or a tuple of values for a key of
/// several columns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no primary key of type `{K}`",
    label = "not this schema's primary key",
    note = "give a value of the key's type, and for a key of several columns a tuple; a schema without a key is read by queries only"
)]
pub trait KeyFor<K> {
    /// The values, one for each column of the key.
    fn into_values(self) -> KeyValues;
}

/// The values of a key. Most keys are of one column, and need no list.
#[derive(Debug, Clone)]
pub enum KeyValues {
    /// Of one column.
    One([Value; 1]),
    /// Of several.
    Several(Vec<Value>),
}

impl Deref for KeyValues {
    type Target = [Value];
    fn deref(&self) -> &[Value] {
        match self {
            Self::One(value) => value,
            Self::Several(values) => values,
        }
    }
}

impl From<KeyValues> for Vec<Value> {
    fn from(key: KeyValues) -> Self {
        match key {
            KeyValues::One(value) => value.into(),
            KeyValues::Several(values) => values,
        }
    }
}

impl<K: FieldType, V: ValueFor<K>> KeyFor<K> for V {
    fn into_values(self) -> KeyValues {
        KeyValues::One([self.into_value()])
    }
}

macro_rules! tuples {
    ($($key:ident $value:ident $at:tt),+) => {
        impl<$($key: FieldType, $value: ValueFor<$key>),+> KeyFor<($($key,)+)> for ($($value,)+) {
            fn into_values(self) -> KeyValues {
                KeyValues::Several(vec![$(self.$at.into_value()),+])
            }
        }
    };
}
tuples!(A V 0, B W 1);
tuples!(A V 0, B W 1, C X 2);
tuples!(A V 0, B W 1, C X 2, D Y 3);

/// A field's type that can refer to a key of type `K`: the same, or an `Option` of it.
#[diagnostic::on_unimplemented(
    message = "a foreign key of type `{Self}` can not refer to a key of type `{K}`",
    label = "the two keys are of different types",
    note = "make the foreign key a `{K}`, or an `Option` of it"
)]
pub trait ForeignKey<K>: FieldType {}
impl<K: FieldType> ForeignKey<K> for K {}
impl<K: FieldType> ForeignKey<K> for Option<K> {}
