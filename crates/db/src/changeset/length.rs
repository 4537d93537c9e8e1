//! `validate_length`: of texts in characters, of lists in items, of bytes in bytes.

use std::ops::{Range, RangeFrom, RangeInclusive, RangeTo, RangeToInclusive};

use zzz_core::Param;

use super::validate::validate;
use super::{Changeset, FieldError, Validation};
use crate::schema::FieldOf;
use crate::{FieldType, Schema, Value};

/// What a length counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Unicode scalar values of a text: what `str::chars` gives.
    Characters,
    /// Grapheme clusters of a text: what a reader takes for one character, an emoji of several scalars
    /// included. What Ecto counts unless told otherwise.
    #[cfg(feature = "graphemes")]
    Graphemes,
    /// Bytes, of a text in UTF-8.
    Bytes,
    /// Items of a list.
    Items,
}

impl Unit {
    fn messages(self) -> [&'static str; 3] {
        match self {
            Self::Characters => [
                "should be %{count} character(s)",
                "should be at least %{count} character(s)",
                "should be at most %{count} character(s)",
            ],
            #[cfg(feature = "graphemes")]
            Self::Graphemes => Self::Characters.messages(),
            Self::Bytes => [
                "should be %{count} byte(s)",
                "should be at least %{count} byte(s)",
                "should be at most %{count} byte(s)",
            ],
            Self::Items => [
                "should have %{count} item(s)",
                "should have at least %{count} item(s)",
                "should have at most %{count} item(s)",
            ],
        }
    }

    fn count(self, value: &Value) -> Option<usize> {
        match (self, value) {
            (Self::Characters, Value::Text(text)) => Some(text.chars().count()),
            #[cfg(feature = "graphemes")]
            (Self::Graphemes, Value::Text(text)) => {
                Some(unicode_segmentation::UnicodeSegmentation::graphemes(&**text, true).count())
            }
            (Self::Bytes, Value::Text(text)) => Some(text.len()),
            (Self::Bytes, Value::Blob(bytes)) => Some(bytes.len()),
            _ => None,
        }
    }
}

/// How long something may be: a range such as `2..=100`, `..=2000`, `3..`, or a number for exactly so long.
///
/// ```
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "users")]
/// # struct User { id: i64, name: String, country: String, password: String }
/// use zzz_db::Changeset;
/// use zzz_db::changeset::Length;
///
/// let changeset = Changeset::new(User::default())
///     .put_change(User::country, "Germany")
///     .validate_length(User::name, 2..=100)
///     .validate_length(User::country, 2)
///     .validate_length(User::password, Length::bytes(..=72));
/// assert_eq!(changeset.errors()[0].to_string(), "should be 2 character(s)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// `None` is the type's own.
    unit: Option<Unit>,
    min: Option<usize>,
    max: Option<usize>,
}

impl Length {
    fn new(min: Option<usize>, max: Option<usize>) -> Self {
        Self { unit: None, min, max }
    }

    /// So many bytes; of a text in UTF-8.
    #[must_use]
    pub fn bytes(length: impl Into<Self>) -> Self {
        Self { unit: Some(Unit::Bytes), ..length.into() }
    }

    /// So many grapheme clusters, as Ecto counts.
    #[cfg(feature = "graphemes")]
    #[must_use]
    pub fn graphemes(length: impl Into<Self>) -> Self {
        Self { unit: Some(Unit::Graphemes), ..length.into() }
    }
}

impl From<usize> for Length {
    fn from(length: usize) -> Self {
        Self::new(Some(length), Some(length))
    }
}
impl From<RangeInclusive<usize>> for Length {
    fn from(range: RangeInclusive<usize>) -> Self {
        Self::new(Some(*range.start()), Some(*range.end()))
    }
}
impl From<Range<usize>> for Length {
    fn from(range: Range<usize>) -> Self {
        Self::new(Some(range.start), Some(range.end.saturating_sub(1)))
    }
}
impl From<RangeFrom<usize>> for Length {
    fn from(range: RangeFrom<usize>) -> Self {
        Self::new(Some(range.start), None)
    }
}
impl From<RangeTo<usize>> for Length {
    fn from(range: RangeTo<usize>) -> Self {
        Self::new(None, Some(range.end.saturating_sub(1)))
    }
}
impl From<RangeToInclusive<usize>> for Length {
    fn from(range: RangeToInclusive<usize>) -> Self {
        Self::new(None, Some(range.end))
    }
}

/// Types whose values have a length: their fields have `validate_length`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no length",
    label = "not a text, a list or bytes",
    note = "`validate_length` works on fields of type String, Vec<u8>, Json<Vec<T>>, or an Option of one; of a number use `validate_number`"
)]
pub trait Measured: FieldType {
    /// What is counted unless something else is asked for.
    const UNIT: Unit;

    /// How many items a list has.
    #[doc(hidden)]
    fn items(&self) -> Option<usize> {
        None
    }
}

impl Measured for String {
    const UNIT: Unit = Unit::Characters;
}
impl Measured for Vec<u8> {
    const UNIT: Unit = Unit::Bytes;
}
#[cfg(feature = "json")]
impl<T> Measured for crate::Json<Vec<T>>
where
    Self: FieldType,
{
    const UNIT: Unit = Unit::Items;
    fn items(&self) -> Option<usize> {
        Some(self.0.len())
    }
}
impl<T: Measured> Measured for Option<T> {
    const UNIT: Unit = T::UNIT;
    fn items(&self) -> Option<usize> {
        self.as_ref().and_then(T::items)
    }
}

impl<S: Schema> Changeset<S> {
    /// How long a text, a list or bytes may be: a [range, a number](Length), or [`Length::bytes`].
    ///
    /// Of a text the characters count, which are Unicode scalar values. (Ecto counts grapheme clusters: there,
    /// an emoji of several scalars is one. With the feature `graphemes`, [`Length::graphemes`] does.)
    #[must_use]
    pub fn validate_length<F>(mut self, field: F, length: impl Into<Length>) -> Self
    where
        F: FieldOf<S>,
        F::Type: Measured,
    {
        let Length { unit, min, max } = length.into();
        let unit = unit.unwrap_or(F::Type::UNIT);
        let validation = Validation::Length { unit, min, max };
        validate(&mut self.core, &self.data, field.field().index, validation, &mut |value| {
            let items = || F::Type::load(value.as_ref()).ok().and_then(|value| value.items());
            wrong(unit, unit.count(value).or_else(items)?, min, max)
        });
        self
    }
}

fn wrong(unit: Unit, count: usize, min: Option<usize>, max: Option<usize>) -> Option<FieldError> {
    let [exactly, at_least, at_most] = unit.messages();
    let error = |key: &'static str, message: &'static str, bound: usize| {
        Some(FieldError::of(key, message).with("count", Param::Int(i64::try_from(bound).unwrap_or(i64::MAX))))
    };
    match (min, max) {
        (Some(min), Some(max)) if max == min && count != max => error("length.is", exactly, max),
        (_, Some(max)) if count > max => error("length.max", at_most, max),
        (Some(min), _) if count < min => error("length.min", at_least, min),
        _ => None,
    }
}
