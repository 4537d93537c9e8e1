//! [`TemplateError`]: what is wrong in a template, and where.

use std::fmt;

/// What is wrong in a template: its name, the line, the reason and the lines around it.
#[derive(Debug)]
pub struct TemplateError {
    source: minijinja::Error,
}

impl TemplateError {
    /// The template's name, if the error is in one.
    #[must_use]
    pub fn template(&self) -> Option<&str> {
        self.source.name()
    }

    /// The line in it, from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.source.line()
    }

    /// The lines around the error, drawn for a terminal; empty if they are not known.
    #[must_use]
    pub fn excerpt(&self) -> String {
        self.source.display_debug_info().to_string()
    }
}

impl From<minijinja::Error> for TemplateError {
    fn from(source: minijinja::Error) -> Self {
        Self { source }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.source.name(), self.source.line()) {
            (Some(name), Some(line)) => write!(f, "templates/{name}:{line}: ")?,
            (Some(name), None) => write!(f, "templates/{name}: ")?,
            _ => {}
        }
        write!(f, "{}", self.source.kind())?;
        match self.source.detail() {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for TemplateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.source)
    }
}
