//! [`Value`] and [`FieldType`]: what a column holds, and which Rust types a field may have.

#[cfg(feature = "decimal")]
mod decimal;
mod field_type;
#[cfg(feature = "json")]
mod json;
pub(crate) mod list;
mod number;
pub(crate) mod time;
#[cfg(feature = "uuid")]
mod uuid;

#[cfg(feature = "uuid")]
pub use self::uuid::{uuid_v4, uuid_v7};
pub(crate) use field_type::to_micros;
pub use field_type::{CastError, FieldType, Mismatch, Numeric, Textual};
#[cfg(feature = "json")]
pub use json::Json;
pub use list::Element;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
pub use zzz_core::Param;

/// A value on its way to the database.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// True or false; SQLite keeps 1 and 0.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number; NaN is refused by every database.
    Float(f64),
    /// A text; one with a NUL character is refused, because PostgreSQL can not store it.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// A moment, to the microsecond; SQLite keeps `2026-11-21T12:00:00.000000Z`, which sorts as text.
    DateTime(DateTime<Utc>),
    /// A date and time of no zone, to the microsecond.
    NaiveDateTime(NaiveDateTime),
    /// A date.
    Date(NaiveDate),
    /// A time of day, to the microsecond.
    Time(NaiveTime),
    /// A UUID, as its 16 bytes; SQLite keeps its text in lower case, with hyphens.
    Uuid([u8; 16]),
    /// A decimal number as text, every digit of it; SQLite keeps the text.
    Decimal(String),
    /// A JSON document as text.
    Json(String),
    /// A list: an array of PostgreSQL; the others keep it as JSON, and take none as a value of raw SQL.
    List(Vec<Value>),
}

impl Value {
    /// This value, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Bool(value) => ValueRef::Bool(*value),
            Self::Int(value) => ValueRef::Int(*value),
            Self::Float(value) => ValueRef::Float(*value),
            Self::Text(value) => ValueRef::Text(value),
            Self::Blob(value) => ValueRef::Blob(value),
            Self::DateTime(value) => ValueRef::DateTime(*value),
            Self::NaiveDateTime(value) => ValueRef::NaiveDateTime(*value),
            Self::Date(value) => ValueRef::Date(*value),
            Self::Time(value) => ValueRef::Time(*value),
            Self::Uuid(value) => ValueRef::Uuid(*value),
            Self::Decimal(value) => ValueRef::Decimal(value),
            Self::Json(value) => ValueRef::Json(value),
            Self::List(values) => ValueRef::List(values),
        }
    }

    /// Whether this is NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text that a form field shows for it; NULL, bytes and lists show nothing.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Null | Self::Blob(_) | Self::List(_) => String::new(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Text(value) | Self::Decimal(value) | Self::Json(value) => value.clone(),
            Self::Uuid(value) => uuid_text(*value),
            Self::DateTime(value) => time::datetime(*value),
            Self::NaiveDateTime(value) => time::naive(*value),
            Self::Date(value) => value.to_string(),
            Self::Time(value) => value.to_string(),
        }
    }
}

/// A value as it comes from the database, borrowed from the row.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueRef<'a> {
    /// NULL.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
    /// A moment.
    DateTime(DateTime<Utc>),
    /// A date and time of no zone.
    NaiveDateTime(NaiveDateTime),
    /// A date.
    Date(NaiveDate),
    /// A time of day.
    Time(NaiveTime),
    /// A UUID.
    Uuid([u8; 16]),
    /// A decimal number.
    Decimal(&'a str),
    /// A JSON document.
    Json(&'a str),
    /// A list.
    List(&'a [Value]),
}

impl ValueRef<'_> {
    /// This value, owned.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match *self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Float(value) => Value::Float(value),
            Self::Text(value) => Value::Text(value.to_owned()),
            Self::Blob(value) => Value::Blob(value.to_owned()),
            Self::DateTime(value) => Value::DateTime(value),
            Self::NaiveDateTime(value) => Value::NaiveDateTime(value),
            Self::Date(value) => Value::Date(value),
            Self::Time(value) => Value::Time(value),
            Self::Uuid(value) => Value::Uuid(value),
            Self::Decimal(value) => Value::Decimal(value.to_owned()),
            Self::Json(value) => Value::Json(value.to_owned()),
            Self::List(values) => Value::List(values.to_vec()),
        }
    }

    /// The kind of this value, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a fractional number",
            Self::Text(_) => "a text",
            Self::Blob(_) => "bytes",
            Self::DateTime(_) => "a moment",
            Self::NaiveDateTime(_) => "a date and time",
            Self::Date(_) => "a date",
            Self::Time(_) => "a time",
            Self::Uuid(_) => "a UUID",
            Self::Decimal(_) => "a decimal number",
            Self::Json(_) => "a JSON document",
            Self::List(_) => "a list",
        }
    }
}

/// `f81d4fae-7dec-11d0-a765-00a0c91e6bf6`, as RFC 9562 writes it.
pub(crate) fn uuid_text(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}

/// The values of a raw statement's placeholders, each of any [`FieldType`], `&str` or a [`Value`]; nothing is
/// moved: `params![post.id, "a title"]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {{
        #[allow(unused_imports)]
        use $crate::value::ToValue as _;
        let values: ::std::vec::Vec<$crate::Value> = <[_]>::into_vec(::std::boxed::Box::new([$(($value).to_value()),*]));
        values
    }};
}

/// What [`params!`](crate::params) takes: every [`FieldType`], a text, a [`Value`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be bound to a placeholder",
    note = "use a number, a bool, a text, bytes, a chrono type, an Option of these, or implement `zzz_db::FieldType`"
)]
pub trait ToValue {
    /// The value.
    fn to_value(&self) -> Value;
}

impl<T: FieldType> ToValue for T {
    fn to_value(&self) -> Value {
        self.dump()
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}
