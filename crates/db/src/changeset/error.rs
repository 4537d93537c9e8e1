//! [`FieldError`]: what is wrong with a field, as a message that can be translated.

use std::borrow::Cow;
use std::fmt;

/// What is wrong with a field: a message in Ecto's words with places such as `%{count}`, the values for
/// those places, and the name of the validation. Its `Display` is the English text; a translation looks the
/// [message](Self::message) up and fills in the [params](Self::params).
///
/// ```
/// use zzz_db::FieldError;
/// let error = FieldError::new("should be at least %{count} character(s)").with("count", 2);
/// assert_eq!(error.to_string(), "should be at least 2 character(s)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    field: &'static str,
    message: Cow<'static, str>,
    validation: &'static str,
    params: Vec<(&'static str, String)>,
}

impl FieldError {
    /// An error with this message.
    #[must_use]
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { field: "", message: message.into(), validation: "custom", params: Vec::new() }
    }

    /// Fills a place of the message.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name, value.to_string()));
        self
    }

    /// Names the validation that found it.
    #[must_use]
    pub(crate) fn of(mut self, validation: &'static str) -> Self {
        self.validation = validation;
        self
    }

    pub(crate) fn on(mut self, field: &'static str) -> Self {
        self.field = field;
        self
    }

    /// The field's name.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// The message with its places: the key of a translation.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The validation that found it: `required`, `length`, `format`, `inclusion`, `number`, `cast`, `unique`,
    /// `foreign_key`, `check`, or `custom`.
    #[must_use]
    pub fn validation(&self) -> &'static str {
        self.validation
    }

    /// The values for the message's places.
    #[must_use]
    pub fn params(&self) -> &[(&'static str, String)] {
        &self.params
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One pass: a value that looks like a place is not filled in again.
        let mut rest = &*self.message;
        while let Some((before, after)) = rest.split_once("%{") {
            f.write_str(before)?;
            let known = after
                .split_once('}')
                .and_then(|(name, tail)| Some((self.params.iter().find(|(known, _)| *known == name)?, tail)));
            match known {
                Some(((_, value), tail)) => {
                    f.write_str(value)?;
                    rest = tail;
                }
                None => {
                    f.write_str("%{")?;
                    rest = after;
                }
            }
        }
        f.write_str(rest)
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
        let error = FieldError::new("%{a} and %{b} and %{c} and 5%{").with("a", "%{b}").with("b", "2");
        assert_eq!(error.to_string(), "%{b} and 2 and %{c} and 5%{");
    }
}
