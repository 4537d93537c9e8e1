//! Values that are made here: moments, keys, versions.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::value::to_micros;
use crate::{FieldType, Value};

/// A type that makes its own values for `#[schema(autogenerate)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not make values by itself",
    label = "can not be generated",
    note = "use a Uuid (feature `uuid`), or name a function: #[schema(autogenerate = \"path::to::function\")]"
)]
pub trait Autogenerate: FieldType {
    /// A new value.
    fn autogenerate() -> Self;
}

/// A type of `inserted_at` and `updated_at`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be the type of a timestamp",
    label = "not a timestamp",
    note = "use DateTime<Utc>, NaiveDateTime, or an Option of one"
)]
pub trait Timestamp: FieldType {
    /// The value for this moment.
    fn at(now: DateTime<Utc>) -> Self;
}

impl Timestamp for DateTime<Utc> {
    fn at(now: DateTime<Utc>) -> Self {
        to_micros(now)
    }
}

impl Timestamp for NaiveDateTime {
    fn at(now: DateTime<Utc>) -> Self {
        to_micros(now.naive_utc())
    }
}

impl<T: Timestamp> Timestamp for Option<T> {
    fn at(now: DateTime<Utc>) -> Self {
        Some(T::at(now))
    }
}

/// A type of a field with `#[schema(lock_version)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not count changes",
    label = "not a counter",
    note = "use i64 or i32"
)]
pub trait Version: FieldType {
    /// The value after this one.
    #[doc(hidden)]
    #[must_use]
    fn after(current: &Value) -> Value {
        match current {
            Value::Int(number) => Value::Int(number.wrapping_add(1)),
            _ => Value::Int(1),
        }
    }
}
impl Version for i64 {}
impl Version for i32 {}
