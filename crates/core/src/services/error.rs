//! [`ServicesError`]: every mistake in what an app registered.

use std::fmt;

/// Why services can not be built: every mistake in them, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicesError {
    mistakes: Vec<String>,
}

impl ServicesError {
    pub(crate) fn new(mistakes: Vec<String>) -> Self {
        Self { mistakes }
    }

    /// The mistakes, each with who needs what, where it stands and how to mend it.
    #[must_use]
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }
}

impl fmt::Display for ServicesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.mistakes.len();
        write!(f, "the services have {count} {}:", if count == 1 { "mistake" } else { "mistakes" })?;
        for mistake in &self.mistakes {
            write!(f, "\n  - {mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ServicesError {}
