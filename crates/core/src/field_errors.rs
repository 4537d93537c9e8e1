//! [`FieldErrors`]: what is wrong with which field.

use std::borrow::Cow;

/// Messages per field, in the order in which they were found.
///
/// ```
/// use zzz_core::FieldErrors;
/// let mut errors = FieldErrors::default();
/// errors.add("title", "can't be blank");
/// errors.add("title", "should be at least 2 characters");
/// assert_eq!(errors.get("title").len(), 2);
/// assert!(errors.get("body").is_empty());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors {
    entries: Vec<(Cow<'static, str>, Vec<String>)>,
}

impl FieldErrors {
    /// One message for one field.
    #[must_use]
    pub fn one(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    /// Adds a message to a field.
    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, message: impl Into<String>) {
        let field = field.into();
        match self.entries.iter_mut().find(|(name, _)| *name == field) {
            Some((_, messages)) => messages.push(message.into()),
            None => self.entries.push((field, vec![message.into()])),
        }
    }

    /// The messages of a field; none is an empty slice.
    #[must_use]
    pub fn get(&self, field: &str) -> &[String] {
        self.entries.iter().find(|(name, _)| name == field).map_or(&[], |(_, messages)| messages)
    }

    /// Whether there is no message at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every field that has messages, with them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.entries.iter().map(|(name, messages)| (&**name, &**messages))
    }
}

impl serde::Serialize for FieldErrors {
    /// As `{"field": ["message"]}`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}
