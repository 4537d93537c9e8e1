//! [`RouterError`]: every mistake in a table of routes.

use std::fmt;

use zzz_core::services::Requirement;

/// Why a router can not be built: every mistake in it, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterError {
    mistakes: Vec<String>,
    requirements: Vec<Requirement>,
}

impl RouterError {
    pub(crate) fn new(mistakes: Vec<String>) -> Self {
        Self { mistakes, requirements: Vec::new() }
    }

    /// With what the routes that could be read need.
    pub(crate) fn needing(mut self, requirements: Vec<Requirement>) -> Self {
        self.requirements.extend(requirements);
        self
    }

    /// With further mistakes.
    pub(crate) fn and(mut self, mistakes: &[String]) -> Self {
        self.mistakes.extend_from_slice(mistakes);
        self
    }

    /// The services that the routes need which could be read, so that those which are missing can be told with the
    /// mistakes and not after them.
    #[must_use]
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
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
        if let [mistake] = &*self.mistakes {
            return write!(f, "the routes have a mistake: {mistake}");
        }
        write!(f, "the routes have {count} mistakes:")?;
        for mistake in &self.mistakes {
            write!(f, "\n  - {mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RouterError {}
