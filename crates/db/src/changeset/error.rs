//! [`FieldError`]: what is wrong with a field, as a message that can be translated.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};
use zzz_core::{Param, Params};

/// What is wrong with a field: a message in Ecto's words with places such as `%{count}`, the values for
/// those places, and a [key](Self::key) that says what was violated.
///
/// Its `Display` is the English text. A translation looks up the message, as gettext does, or the key, as
/// Fluent does, and fills in the [params](Self::params), whose numbers are numbers:
/// [`Changeset::traverse_errors`](super::Changeset::traverse_errors).
///
/// ```
/// use zzz_core::Param;
/// use zzz_db::FieldError;
///
/// let error = FieldError::new("should be at least %{count} character(s)").with("count", Param::Int(2));
/// assert_eq!(error.to_string(), "should be at least 2 character(s)");
/// ```
///
/// As JSON it is `{"field": "title", "key": "length.min", "message": "should be ...", "params": {"count": 2}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldError {
    field: Cow<'static, str>,
    message: Cow<'static, str>,
    key: Cow<'static, str>,
    params: Vec<(&'static str, Param)>,
}

impl FieldError {
    /// An error with this message, of the key `custom`.
    #[must_use]
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { field: "".into(), message: message.into(), key: "custom".into(), params: Vec::new() }
    }

    /// Fills a place of the message.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Param) -> Self {
        self.params.push((name, value));
        self
    }

    /// Says what was violated, for translations and clients: `spam`, `password.too_common`.
    #[must_use]
    pub fn keyed(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.key = key.into();
        self
    }

    /// An error of our own.
    pub(crate) fn of(key: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { field: "".into(), message: message.into(), key: key.into(), params: Vec::new() }
    }

    pub(crate) fn on(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = field.into();
        self
    }

    pub(crate) fn saying(&mut self, message: Cow<'static, str>) {
        self.message = message;
    }

    /// The field's name.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The message with its places: the key of a translation by messages.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What was violated.
    ///
    /// | key | of |
    /// |---|---|
    /// | `cast`, `required` | [`cast`](super::Changeset::cast), [`validate_required`](super::Changeset::validate_required) |
    /// | `length.is`, `length.min`, `length.max` | [`validate_length`](super::Changeset::validate_length) |
    /// | `number.less_than`, `number.greater_than`, `number.less_than_or_equal_to`, `number.greater_than_or_equal_to`, `number.equal_to`, `number.not_equal_to` | [`validate_number`](super::Changeset::validate_number) |
    /// | `format`, `inclusion`, `exclusion`, `subset`, `confirmation`, `acceptance` | the validation of that name |
    /// | `unsafe_unique` | [`unsafe_validate_unique`](super::Changeset::unsafe_validate_unique) |
    /// | `unique`, `foreign_key`, `assoc`, `no_assoc`, `check`, `not_null`, `exclusion_constraint` | the constraint of that name |
    /// | `stale` | [`UpdateOptions::stale_error_field`](crate::UpdateOptions::stale_error_field) |
    /// | `custom` | [`validate_change`](super::Changeset::validate_change) and [`add_error`](super::Changeset::add_error), unless the error is [`keyed`](Self::keyed) |
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The name of what found it, as in Ecto: the [key](Self::key) up to its first dot.
    #[must_use]
    pub fn validation(&self) -> &str {
        self.key.split_once('.').map_or(&*self.key, |(validation, _)| validation)
    }

    /// The values for the message's places.
    #[must_use]
    pub fn params(&self) -> &[(&'static str, Param)] {
        &self.params
    }

    /// Fills the places of a translated message: `translation` as [`message`](Self::message) has them.
    #[must_use]
    pub fn fill(&self, translation: &str) -> String {
        // One pass: a value that looks like a place is not filled in again.
        let mut text = String::with_capacity(translation.len() + 8);
        let mut rest = translation;
        while let Some((before, after)) = rest.split_once("%{") {
            text.push_str(before);
            let known = after
                .split_once('}')
                .and_then(|(name, tail)| Some((self.params.iter().find(|(known, _)| *known == name)?, tail)));
            match known {
                Some(((_, value), tail)) => {
                    text.push_str(&shown(value));
                    rest = tail;
                }
                None => {
                    text.push_str("%{");
                    rest = after;
                }
            }
        }
        text.push_str(rest);
        text
    }
}

/// A value within a message.
fn shown(value: &Param) -> Cow<'_, str> {
    match value {
        Param::Text(text) => Cow::Borrowed(text),
        Param::Null => Cow::Borrowed(""),
        Param::Bool(value) => Cow::Owned(value.to_string()),
        Param::Int(number) => Cow::Owned(number.to_string()),
        Param::Float(number) => Cow::Owned(number.to_string()),
        Param::List(items) => Cow::Owned(items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Param::Map(map) => Cow::Owned(map.iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ")),
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.params.is_empty() {
            true => f.write_str(&self.message),
            false => f.write_str(&self.fill(&self.message)),
        }
    }
}

impl Serialize for FieldError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut params = Params::new();
        for (name, value) in &self.params {
            params.insert(name, value.clone());
        }
        let mut error = serializer.serialize_struct("FieldError", 4)?;
        error.serialize_field("field", &self.field)?;
        error.serialize_field("key", &self.key)?;
        error.serialize_field("message", &self.to_string())?;
        error.serialize_field("params", &params)?;
        error.end()
    }
}

impl From<&'static str> for FieldError {
    fn from(message: &'static str) -> Self {
        Self::new(message)
    }
}

impl From<String> for FieldError {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_looks_like_a_place_stays_a_value() {
        let error = FieldError::new("%{a} and %{b} and %{c} and 5%{")
            .with("a", Param::Text("%{b}".into()))
            .with("b", Param::Int(2));
        assert_eq!(error.to_string(), "%{b} and 2 and %{c} and 5%{");
        assert_eq!(error.fill("%{b}mal %{a}"), "2mal %{b}");
    }

    #[test]
    fn the_validation_is_the_beginning_of_the_key() {
        assert_eq!(FieldError::of("length.min", "x").validation(), "length");
        assert_eq!(
            (FieldError::new("x").key(), FieldError::new("x").keyed("a.b").validation()),
            ("custom", "a")
        );
    }
}
