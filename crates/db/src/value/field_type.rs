//! [`FieldType`]: the Rust types that a field may have, and how each is cast, loaded and dumped.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use zzz_core::Param;

use super::number::is_number;
use super::{Value, ValueRef, time};
use crate::Row;

/// A type that a field of a schema may have: what Ecto calls a type.
///
/// *Cast* takes what a user sent, *load* what the database holds, *dump* gives what it shall hold. Types of
/// your own implement the three by way of one of the types below, for example `String`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be the type of a schema's field",
    label = "not a field type",
    note = "use i16, i32, i64, u8, u16, u32, f32, f64, bool, String, Vec<u8>, chrono's DateTime<Utc>, NaiveDateTime, NaiveDate or NaiveTime, an Option or a Vec of one, or implement `zzz_db::FieldType`"
)]
pub trait FieldType: Sized + Send + Sync + 'static {
    /// What a value must be, for messages: `a whole number`.
    const EXPECTS: &'static str;

    /// The type without NULL: `Self`, or of an `Option` what is in it.
    type NotNull: FieldType;

    /// The value from what the database holds.
    ///
    /// # Errors
    /// If it holds something else.
    fn load(value: ValueRef<'_>) -> Result<Self, Mismatch>;

    /// The value from a row, where that is quicker than [`load`](Self::load), which tells the rest.
    #[doc(hidden)]
    fn read(row: &dyn Row, column: usize) -> Option<Self> {
        let _ = (row, column);
        None
    }

    /// The value for the database.
    fn dump(&self) -> Value;

    /// The value from what a user sent; never NULL or an empty text, which [`blank`](Self::blank) is for.
    ///
    /// # Errors
    /// If it is something else.
    fn cast(param: &Param) -> Result<Self, CastError>;

    /// What an empty form field stands for: `None` for an `Option`, `""` for a `String`; for the rest there
    /// is no such value, and the field "can't be blank".
    #[must_use]
    fn blank() -> Option<Self> {
        None
    }

    /// Whether it is of several inputs, none of which was filled in: `None` of an `Option`.
    #[doc(hidden)]
    #[must_use]
    fn is_unfilled(param: &Param) -> bool {
        let _ = param;
        false
    }
}

/// The database holds something else than the field's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    expected: &'static str,
    found: &'static str,
}

impl Mismatch {
    /// Says what was expected; of what was found only the kind is kept, never the value.
    #[must_use]
    pub fn new(expected: &'static str, found: ValueRef<'_>) -> Self {
        Self { expected, found: found.kind() }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)?;
        if self.expected == self.found {
            f.write_str(" that is out of range or malformed")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mismatch {}

/// What a user sent is not of the field's type: "is invalid".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CastError;

impl fmt::Display for CastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is invalid")
    }
}

impl std::error::Error for CastError {}

/// Types that are kept as text: their columns have `like` and `contains`, their fields `validate_length`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a text",
    note = "this works on fields of type String or Option<String>, or of a type that implements `zzz_db::Textual`"
)]
pub trait Textual: FieldType {}
impl Textual for String {}
impl<T: Textual> Textual for Option<T> {}

/// Types that are kept as numbers: their fields have `validate_number`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number",
    note = "this works on fields of a number's type or an Option of one, or of a type that implements `zzz_db::Numeric`"
)]
pub trait Numeric: FieldType {
    /// What a [`sum`](crate::sum) of them is.
    type Sum: FieldType;
    /// What the database's sum is cast to.
    const CAST: crate::query::Cast = crate::query::Cast::Keep;
}
impl<T: Numeric> Numeric for Option<T> {
    type Sum = T::Sum;
    const CAST: crate::query::Cast = T::CAST;
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl FieldType for $type {
            const EXPECTS: &'static str = "a whole number";
            type NotNull = Self;
            #[inline]
            fn read(row: &dyn Row, column: usize) -> Option<Self> {
                Self::try_from(row.int(column)?).ok()
            }
            fn load(value: ValueRef<'_>) -> Result<Self, Mismatch> {
                match value {
                    ValueRef::Int(number) => Self::try_from(number).ok(),
                    // PostgreSQL's sum of whole numbers is a decimal one.
                    ValueRef::Decimal(number) => number.parse().ok(),
                    _ => None,
                }
                .ok_or_else(|| Mismatch::new(Self::EXPECTS, value))
            }
            fn dump(&self) -> Value {
                Value::Int(i64::from(*self))
            }
            fn cast(param: &Param) -> Result<Self, CastError> {
                match param {
                    Param::Int(number) => Self::try_from(*number).map_err(|_| CastError),
                    Param::Text(text) => text.parse().map_err(|_| CastError),
                    _ => Err(CastError),
                }
            }
        }
        impl Numeric for $type {
            type Sum = i64;
            const CAST: crate::query::Cast = crate::query::Cast::Integer;
        }
    )*};
}
integers!(i16, i32, i64, u8, u16, u32);

macro_rules! floats {
    ($($type:ty),*) => {$(
        impl FieldType for $type {
            const EXPECTS: &'static str = "a number";
            type NotNull = Self;
            fn load(value: ValueRef<'_>) -> Result<Self, Mismatch> {
                match value {
                    ValueRef::Float(number) => Ok(number as Self),
                    // SQLite keeps 2.0 as 2 in a column that was not declared REAL.
                    ValueRef::Int(number) => Ok(number as Self),
                    ValueRef::Decimal(number) => number.parse().map_err(|_| Mismatch::new(Self::EXPECTS, value)),
                    _ => Err(Mismatch::new(Self::EXPECTS, value)),
                }
            }
            fn dump(&self) -> Value {
                Value::Float(f64::from(*self))
            }
            fn cast(param: &Param) -> Result<Self, CastError> {
                match param {
                    Param::Int(number) => Ok(*number as Self),
                    Param::Float(number) => Ok(*number as Self),
                    Param::Text(text) if is_number(text) => text.parse().map_err(|_| CastError),
                    _ => Err(CastError),
                }
                // What overflows is no number of a user.
                .and_then(|number: Self| if number.is_finite() { Ok(number) } else { Err(CastError) })
            }
        }
        impl Numeric for $type {
            type Sum = f64;
            const CAST: crate::query::Cast = crate::query::Cast::Float;
        }
    )*};
}
floats!(f32, f64);

impl FieldType for bool {
    const EXPECTS: &'static str = "a boolean";
    type NotNull = Self;
    fn load(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Bool(value) => Ok(value),
            ValueRef::Int(0) => Ok(false),
            ValueRef::Int(1) => Ok(true),
            _ => Err(Mismatch::new(Self::EXPECTS, value)),
        }
    }
    fn dump(&self) -> Value {
        Value::Bool(*self)
    }
    fn cast(param: &Param) -> Result<Self, CastError> {
        match param {
            Param::Bool(value) => Ok(*value),
            Param::Text(text) => match &**text {
                "true" | "1" => Ok(true),
                "false" | "0" => Ok(false),
                // What a browser sends for a checkbox without a value.
                "on" => Ok(true),
                _ => Err(CastError),
            },
            _ => Err(CastError),
        }
    }
}

impl FieldType for String {
    const EXPECTS: &'static str = "a text";
    type NotNull = Self;
    #[inline]
    fn read(row: &dyn Row, column: usize) -> Option<Self> {
        Some(row.text(column)?.to_owned())
    }
    fn load(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Text(text) | ValueRef::Decimal(text) => Ok(text.to_owned()),
            _ => Err(Mismatch::new(Self::EXPECTS, value)),
        }
    }
    fn dump(&self) -> Value {
        Value::Text(self.clone())
    }
    fn cast(param: &Param) -> Result<Self, CastError> {
        match param {
            Param::Text(text) if !text.contains('\0') => Ok(text.clone()),
            _ => Err(CastError),
        }
    }
    fn blank() -> Option<Self> {
        Some(Self::new())
    }
}

impl FieldType for Vec<u8> {
    const EXPECTS: &'static str = "bytes";
    type NotNull = Self;
    fn load(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Blob(bytes) => Ok(bytes.to_owned()),
            _ => Err(Mismatch::new(Self::EXPECTS, value)),
        }
    }
    fn dump(&self) -> Value {
        Value::Blob(self.clone())
    }
    fn cast(param: &Param) -> Result<Self, CastError> {
        param.as_text().map(|text| text.as_bytes().to_owned()).ok_or(CastError)
    }
}

macro_rules! times {
    ($($type:ty, $variant:ident, $expects:literal, $parse:path, $typed:path, $parts:path, $exact:expr $(, $also:ident $convert:expr)?;)*) => {$(
        impl FieldType for $type {
            const EXPECTS: &'static str = $expects;
            type NotNull = Self;
            fn load(value: ValueRef<'_>) -> Result<Self, Mismatch> {
                match value {
                    ValueRef::$variant(value) => Some(value),
                    ValueRef::Text(text) => $parse(text),
                    $(ValueRef::$also(value) => Some($convert(value)),)?
                    _ => None,
                }
                .ok_or_else(|| Mismatch::new(Self::EXPECTS, value))
            }
            fn dump(&self) -> Value {
                Value::$variant($exact(*self))
            }
            fn cast(param: &Param) -> Result<Self, CastError> {
                let value = match param {
                    Param::Text(text) => $typed(text),
                    Param::Map(map) => $parts(map),
                    _ => None,
                };
                value.map($exact).ok_or(CastError)
            }
            fn is_unfilled(param: &Param) -> bool {
                time::is_unfilled(param)
            }
        }
    )*};
}
times! {
    DateTime<Utc>, DateTime, "a moment such as `2026-11-21T12:00:00Z`", time::parse_datetime, time::parse_datetime, time::datetime_of_parts, to_micros, NaiveDateTime from_utc;
    NaiveDateTime, NaiveDateTime, "a date and time such as `2026-11-21T12:00:00`", time::parse_naive, time::parse_naive, time::naive_of_parts, to_micros;
    NaiveDate, Date, "a date such as `2026-11-21`", time::parse_date, time::cast_date, time::date_of_parts, std::convert::identity;
    NaiveTime, Time, "a time such as `12:00:00`", time::parse_time, time::parse_time, time::time_of_parts, to_micros;
}

/// A column that keeps no zone keeps UTC: MySQL's DATETIME, and PostgreSQL's `timestamp` as Ecto uses it.
fn from_utc(value: NaiveDateTime) -> DateTime<Utc> {
    value.and_utc()
}

/// Databases keep microseconds: what lies beyond is cut off, so that a value equals itself when it is read
/// back.
pub(crate) fn to_micros<T: Timelike + Copy>(value: T) -> T {
    value.with_nanosecond(value.nanosecond() / 1_000 * 1_000).unwrap_or(value)
}

impl<T: FieldType> FieldType for Option<T> {
    const EXPECTS: &'static str = T::EXPECTS;
    type NotNull = T::NotNull;
    #[inline]
    fn read(row: &dyn Row, column: usize) -> Option<Self> {
        Some(Some(T::read(row, column)?))
    }
    fn load(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Null => Ok(None),
            value => T::load(value).map(Some),
        }
    }
    fn dump(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::dump)
    }
    fn cast(param: &Param) -> Result<Self, CastError> {
        if T::is_unfilled(param) {
            return Ok(None);
        }
        T::cast(param).map(Some)
    }
    fn blank() -> Option<Self> {
        Some(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Param {
        Param::Text(text.into())
    }

    #[test]
    fn numbers_at_the_edge_are_cast_and_past_it_refused() {
        assert_eq!(i64::cast(&text("-9223372036854775808")), Ok(i64::MIN));
        assert_eq!(i64::cast(&text("9223372036854775807")), Ok(i64::MAX));
        assert_eq!((i64::cast(&text("+1")), i64::cast(&text("-0"))), (Ok(1), Ok(0)));
        for wrong in ["9223372036854775808", "1.0", " 1", "1 ", " 12 ", "1_000", "0x1", "", "1e3"] {
            assert_eq!(i64::cast(&text(wrong)), Err(CastError), "{wrong}");
        }
        assert_eq!(u8::cast(&Param::Int(256)), Err(CastError));
        assert_eq!(i64::cast(&Param::Float(1.0)), Err(CastError));
    }

    #[test]
    fn a_float_of_a_user_is_finite() {
        assert_eq!(f64::cast(&text("1.5")), Ok(1.5));
        assert_eq!(f64::cast(&Param::Int(2)), Ok(2.0));
        for wrong in ["inf", "NaN", "1e400", "one", ".5", "5.", " 12 "] {
            assert_eq!(f64::cast(&text(wrong)), Err(CastError), "{wrong}");
        }
        assert_eq!(f32::cast(&text("1e39")), Err(CastError));
    }

    #[test]
    fn a_text_is_a_text_without_nul() {
        assert_eq!(String::cast(&text("a\0b")), Err(CastError));
        assert_eq!(String::cast(&Param::Int(5)), Err(CastError));
        assert_eq!(String::cast(&Param::List(vec![])), Err(CastError));
    }

    #[test]
    fn a_mismatch_never_shows_the_value() {
        let error = NaiveDate::load(ValueRef::Text("secret")).unwrap_err().to_string();
        assert_eq!(error, "expected a date such as `2026-11-21`, found a text");
        assert_eq!(
            i16::load(ValueRef::Int(70_000)).unwrap_err().to_string(),
            "expected a whole number, found a whole number that is out of range or malformed"
        );
    }
}
