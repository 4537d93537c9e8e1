//! [`ConfigError`]: what is wrong with the configuration; [`Origin`]: where it stands.

use std::fmt;
use std::sync::Arc;

use super::{Key, Raw};
use crate::text::nearest;

/// Where a value was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: the declared default.
    Default,
    /// A file, and the line in it.
    File(Arc<str>, usize),
    /// The environment variable of this name.
    Variable(String),
    /// Set by the program that runs the app, such as a test.
    Program,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{path}:{line}"),
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::Program => f.write_str("the program"),
        }
    }
}

/// What is wrong with the configuration: every mistake, each with its place and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    message: String,
}

impl ConfigError {
    /// A mistake in the user's words.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    pub(super) fn wrong_value(section: &str, key: &Key, raw: &Raw, origin: &Origin) -> Self {
        let value = if key.secret { "a value that is hidden here".to_owned() } else { raw.to_string() };
        Self::new(format!("{origin}: `{}` in [{section}] must be {}, not {value}", key.name, key.allowed()))
    }

    pub(super) fn unknown_key(section: &str, key: &str, known: &[Key], origin: &Origin) -> Self {
        let hint = match nearest(key, known.iter().map(|key| key.name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it knows {}", list(known.iter().map(|key| key.name))),
        };
        Self::new(format!("{origin}: [{section}] has no key `{key}`; {hint}"))
    }

    pub(super) fn all(errors: Vec<Self>) -> Self {
        let lines: Vec<_> = errors.into_iter().map(|error| error.message).collect();
        Self::new(lines.join("\n"))
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

pub(super) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
