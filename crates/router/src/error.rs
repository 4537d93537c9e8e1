//! [`RouterError`]: every mistake in a table of routes.

use std::fmt;

/// Why a router can not be built: every mistake in it, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterError {
    mistakes: Vec<String>,
}

impl RouterError {
    pub(crate) fn new(mistakes: Vec<String>) -> Self {
        Self { mistakes }
    }

    /// The mistakes, each with the routes it is about and how to mend it.
    #[must_use]
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }
}

impl fmt::Display for RouterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.mistakes.len();
        write!(f, "the routes have {count} {}:", if count == 1 { "mistake" } else { "mistakes" })?;
        for mistake in &self.mistakes {
            write!(f, "\n  - {mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RouterError {}
