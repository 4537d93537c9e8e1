//! [`MultipartError`]: why an upload could not be read or stored.

use std::borrow::Cow;
use std::fmt;
use std::io;

use zzz_core::ErrorStatus;
use zzz_core::config::ByteSize;
use zzz_core::http::BodyError;

/// Why an upload could not be read or stored. `?` turns it into a [`zzz_core::Error`] of its [`status`](Self::status).
pub struct MultipartError {
    // In a box, since every result of every chunk is as large as this.
    inner: Box<Inner>,
}

struct Inner {
    kind: Kind,
    /// The name of the part that it is about.
    part: Option<String>,
    status: ErrorStatus,
}

#[derive(Debug)]
enum Kind {
    WrongMediaType,
    Malformed(Cow<'static, str>),
    Incomplete,
    TooLarge(String),
    Body(BodyError),
    NotText(String),
    Exists,
    StorageFull(io::Error),
    Storage(io::Error),
}

impl MultipartError {
    fn of(kind: Kind, status: u16) -> Self {
        let known = ErrorStatus::new(status);
        let status = match kind.public() {
            Some(message) => known.message(message),
            None => known,
        };
        Self { inner: Box::new(Inner { kind, part: None, status }) }
    }

    fn about(mut self, part: &str) -> Self {
        self.inner.part = Some(part.to_owned());
        self
    }

    pub(crate) fn wrong_media_type() -> Self {
        Self::of(Kind::WrongMediaType, 415)
    }

    /// The body breaks a rule; `what` ends a sentence that begins with `The multipart body is malformed:`.
    pub(crate) fn malformed(what: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Kind::Malformed(what.into()), 400)
    }

    pub(crate) fn incomplete() -> Self {
        Self::of(Kind::Incomplete, 400)
    }

    /// More of something than there may be.
    pub(crate) fn too_many(what: &str, limit: usize) -> Self {
        Self::of(Kind::TooLarge(format!("The form has more than {limit} {what}.")), 413)
    }

    /// A part that is larger than it may be.
    pub(crate) fn part_too_large(name: &str, limit: u64) -> Self {
        let message =
            format!("The part `{}` is larger than the {} allowed here.", shown(name), ByteSize(limit));
        Self::of(Kind::TooLarge(message), 413).about(name)
    }

    /// The texts of a form are larger together than they may be.
    pub(crate) fn texts_too_large(limit: u64) -> Self {
        let message =
            format!("The texts of the form are larger than the {} allowed for them.", ByteSize(limit));
        Self::of(Kind::TooLarge(message), 413)
    }

    /// A part that is no text; `why` ends a sentence that begins with its name.
    pub(crate) fn not_text(name: &str, why: &'static str, status: u16) -> Self {
        Self::of(Kind::NotText(format!("The part `{}` {why}.", shown(name))), status).about(name)
    }

    /// A file could not be written, moved or read.
    pub(crate) fn storage(cause: io::Error) -> Self {
        use io::ErrorKind::{AlreadyExists, FileTooLarge, QuotaExceeded, StorageFull};
        match cause.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::of(Kind::StorageFull(cause), 507),
            AlreadyExists => Self::of(Kind::Exists, 500),
            _ => Self::of(Kind::Storage(cause), 500),
        }
    }

    /// Whether the request is no `multipart/form-data` at all (415).
    #[must_use]
    pub fn is_wrong_media_type(&self) -> bool {
        matches!(self.inner.kind, Kind::WrongMediaType)
    }

    /// Whether the body breaks a rule of RFC 7578 or RFC 2046 (400).
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        matches!(self.inner.kind, Kind::Malformed(_))
    }

    /// Whether the body ended, or the client broke off, before the last boundary (400).
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        match &self.inner.kind {
            Kind::Incomplete => true,
            Kind::Body(error) => !error.is_too_large(),
            _ => false,
        }
    }

    /// Whether the body, a part, or the number of parts is over its limit (413).
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        match &self.inner.kind {
            Kind::TooLarge(_) => true,
            Kind::Body(error) => error.is_too_large(),
            _ => false,
        }
    }

    /// Whether there is a file at the path already that an upload should be saved to (500).
    #[must_use]
    pub fn is_exists(&self) -> bool {
        matches!(self.inner.kind, Kind::Exists)
    }

    /// Whether there is no room on the disk, or a quota is used up (507).
    #[must_use]
    pub fn is_storage_full(&self) -> bool {
        matches!(self.inner.kind, Kind::StorageFull(_))
    }

    /// The name of the part that it is about, if it is about one.
    #[must_use]
    pub fn part(&self) -> Option<&str> {
        self.inner.part.as_deref()
    }

    /// The HTTP status that it is answered with.
    #[must_use]
    pub fn status(&self) -> u16 {
        match &self.inner.kind {
            Kind::Body(error) if error.is_too_large() => 413,
            Kind::Body(_) => 400,
            _ => self.inner.status.status(),
        }
    }
}

impl Kind {
    /// What the client may read.
    fn public(&self) -> Option<String> {
        Some(match self {
            Self::WrongMediaType => "Send the form as multipart/form-data.".into(),
            Self::Malformed(what) => format!("The multipart body is malformed: {what}."),
            Self::Incomplete => "The body ended before its last boundary.".into(),
            Self::TooLarge(message) | Self::NotText(message) => message.clone(),
            Self::StorageFull(_) => "There is no room to store this upload; try again later.".into(),
            Self::Body(_) | Self::Exists | Self::Storage(_) => return None,
        })
    }
}

/// A name as it is shown in a message.
fn shown(name: &str) -> String {
    name.chars().take(60).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

impl From<BodyError> for MultipartError {
    fn from(error: BodyError) -> Self {
        // The status is in the chain of the body's own error.
        Self::of(Kind::Body(error), 400)
    }
}

impl fmt::Display for MultipartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner.kind {
            Kind::WrongMediaType => f.write_str("the body is not multipart/form-data"),
            Kind::Malformed(what) => write!(f, "the multipart body is malformed: {what}"),
            Kind::Incomplete => f.write_str("the multipart body ended before its last boundary"),
            Kind::TooLarge(message) | Kind::NotText(message) => f.write_str(message),
            Kind::Body(error) => error.fmt(f),
            Kind::Exists => f.write_str("there is a file at the path that the upload should be saved to"),
            Kind::StorageFull(error) => write!(f, "there is no room to store the upload: {error}"),
            Kind::Storage(error) => write!(f, "the upload could not be stored: {error}"),
        }
    }
}

impl fmt::Debug for MultipartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MultipartError({self})")
    }
}

impl std::error::Error for MultipartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.inner.kind {
            Kind::Body(error) => Some(error),
            _ => Some(&self.inner.status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::Error;

    #[test]
    fn a_full_disk_is_507_and_any_other_failure_of_it_500_without_a_word() {
        let full = MultipartError::storage(io::ErrorKind::StorageFull.into());
        assert!(full.is_storage_full());
        let answer = Error::from(full);
        let message = "There is no room to store this upload; try again later.";
        assert_eq!((answer.status(), answer.public_message()), (507, Some(message)));
        let answer = Error::from(MultipartError::storage(io::ErrorKind::PermissionDenied.into()));
        assert_eq!((answer.status(), answer.public_message()), (500, None));
    }

    #[test]
    fn a_name_from_outside_is_shown_short_and_without_control_characters() {
        let error = MultipartError::part_too_large(&format!("a\u{1b}{}", "b".repeat(500)), 5 << 20);
        let shown = format!("a\u{fffd}{}", "b".repeat(58));
        assert_eq!(
            Error::from(error).public_message().unwrap(),
            format!("The part `{shown}` is larger than the 5MiB allowed here.")
        );
    }
}
