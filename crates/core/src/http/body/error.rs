//! [`BodyError`]: why a body could not be read.

use std::error::Error as StdError;
use std::fmt;

use super::BoxError;
use crate::ErrorStatus;

/// Why a body could not be read.
///
/// As an [`Error`](crate::Error) it has the status 413 if there was more than the limit, the status of an
/// [`ErrorStatus`] if its source gave one, and else 400.
pub struct BodyError {
    reason: Reason,
    status: ErrorStatus,
}

enum Reason {
    TooLarge(u64),
    Broken(BoxError),
    /// The source says itself, somewhere in its chain, which status it is.
    Own(BoxError),
}

impl BodyError {
    pub(super) fn too_large(limit: u64) -> Self {
        let message = format!("The body is larger than the {} allowed here.", crate::config::ByteSize(limit));
        Self { reason: Reason::TooLarge(limit), status: ErrorStatus::new(413).message(message) }
    }

    pub(super) fn broken(cause: impl Into<BoxError>) -> Self {
        let cause = cause.into();
        let first: &(dyn StdError + 'static) = &*cause;
        let own = std::iter::successors(Some(first), |&error| error.source())
            .any(|error| error.is::<ErrorStatus>());
        let reason = if own { Reason::Own(cause) } else { Reason::Broken(cause) };
        Self { reason, status: ErrorStatus::new(400).message("The body ended before it was complete.") }
    }

    /// For a body around another, which says the same.
    pub(super) fn into_cause(self) -> BoxError {
        match self.reason {
            Reason::Broken(cause) | Reason::Own(cause) => cause,
            Reason::TooLarge(_) => Box::new(self),
        }
    }

    /// Whether there was more than the limit.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        matches!(self.reason, Reason::TooLarge(_))
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::TooLarge(limit) => write!(f, "the body is larger than {limit} bytes"),
            Reason::Broken(cause) | Reason::Own(cause) => write!(f, "the body could not be read: {cause}"),
        }
    }
}

impl fmt::Debug for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BodyError({self})")
    }
}

impl StdError for BodyError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.reason {
            Reason::Own(cause) => Some(&**cause),
            _ => Some(&self.status),
        }
    }
}
