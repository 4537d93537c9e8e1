//! [`Error`]: what a handler, a middleware or a start-up step fails with.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;

use crate::{FieldErrors, Rejection};

/// `Result` with zzz's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Cause = Box<dyn StdError + Send + Sync + 'static>;

/// A failure: a status, a message for the public, and a private cause.
///
/// Two audiences read it. The *client* sees the status (an HTTP status code) and the [public
/// message](Error::public_message); a cause never reaches it outside `dev`. The *log* and the dev error page
/// show the cause with its whole `source()` chain and the line on which the error was made.
///
/// `?` turns any `std::error::Error` into one of status 500, unless the chain of that error holds an
/// [`ErrorStatus`], which is how `zzz-db` answers 404, 409 or 503:
///
/// ```
/// use zzz_core::{Error, Result};
///
/// fn age(text: &str) -> Result<u8> {
///     Ok(text.parse()?)
/// }
/// let error = age("old").unwrap_err();
/// assert_eq!(error.status(), 500);
/// assert_eq!(error.public_message(), None); // the parser's words stay inside
/// assert_eq!(error.to_string(), "invalid digit found in string");
///
/// let error = Error::not_found("There is no such plan.");
/// assert_eq!((error.status(), error.public_message()), (404, Some("There is no such plan.")));
/// ```
///
/// Like `anyhow::Error`, it does not implement [`std::error::Error`] itself, which is what makes the
/// conversion from every error possible; [`Error::as_std`] gives a reference that does.
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    status: u16,
    public: Option<Cow<'static, str>>,
    cause: Option<Cause>,
    fields: FieldErrors,
    rejection: Option<Rejection>,
    headers: Vec<(&'static str, String)>,
    at: &'static Location<'static>,
}

impl Error {
    /// An error of this HTTP status with a message that the client may read.
    #[track_caller]
    #[must_use]
    pub fn new(status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self::build(status, Some(message.into()), None)
    }

    /// Status 500 with a private cause: an error, or a text for the log.
    #[track_caller]
    #[must_use]
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::build(500, None, Some(cause.into()))
    }

    /// Status 400: the request can not be understood.
    #[track_caller]
    #[must_use]
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, message)
    }

    /// Status 403: understood and refused.
    #[track_caller]
    #[must_use]
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(403, message)
    }

    /// Status 404.
    #[track_caller]
    #[must_use]
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(404, message)
    }

    /// Status 422 with a message for each field that is wrong.
    #[track_caller]
    #[must_use]
    pub fn unprocessable(fields: FieldErrors) -> Self {
        Self::new(422, "Some fields are not valid.").with_fields(fields)
    }

    #[track_caller]
    fn build(status: u16, public: Option<Cow<'static, str>>, cause: Option<Cause>) -> Self {
        let inner = Inner {
            status,
            public,
            cause,
            fields: FieldErrors::default(),
            rejection: None,
            headers: Vec::new(),
            at: Location::caller(),
        };
        Self { inner: Box::new(inner) }
    }

    /// Adds the private cause.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.cause = Some(cause.into());
        self
    }

    /// Adds messages per field; JSON clients find them as `errors` in the problem document.
    #[must_use]
    pub fn with_fields(mut self, fields: FieldErrors) -> Self {
        self.inner.fields = fields;
        self
    }

    /// Adds a response header, such as `allow` or `retry-after`.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.inner.headers.push((name, value.into()));
        self
    }

    /// The HTTP status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.inner.status
    }

    /// What the client may read; `None` if only the status' own words may be shown.
    #[must_use]
    pub fn public_message(&self) -> Option<&str> {
        self.inner.public.as_deref()
    }

    /// The private cause.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.inner.cause.as_deref()
    }

    /// Messages per field; empty for most errors.
    #[must_use]
    pub fn fields(&self) -> &FieldErrors {
        &self.inner.fields
    }

    /// What of the request was refused, if an extractor has refused it.
    #[must_use]
    pub fn rejection(&self) -> Option<&Rejection> {
        self.inner.rejection.as_ref()
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.inner.status = status;
        self
    }

    pub(crate) fn with_rejection(mut self, rejection: Rejection) -> Self {
        self.inner.rejection = Some(rejection);
        self
    }

    pub(crate) fn take_rejection(&mut self) -> Option<Rejection> {
        self.inner.rejection.take()
    }

    /// Headers that the response of this error carries.
    #[must_use]
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.inner.headers
    }

    /// The line on which the error was made, or was turned into this type by `?`.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.inner.at
    }

    /// The cause and everything in its `source()` chain, as texts, outermost first; without [`ErrorStatus`],
    /// which is a note to this type and caused nothing.
    pub fn chain(&self) -> impl Iterator<Item = String> {
        let first: Option<&(dyn StdError + 'static)> = self.inner.cause.as_deref().map(|cause| cause as _);
        std::iter::successors(first, |&error| error.source())
            .filter(|error| !error.is::<ErrorStatus>())
            .map(ToString::to_string)
    }

    /// This error as a `std::error::Error`, for code that wants one.
    #[must_use]
    pub fn as_std(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.inner
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    #[track_caller]
    fn from(cause: E) -> Self {
        Self::from_cause(Box::new(cause), Location::caller())
    }
}

impl Error {
    fn from_cause(cause: Cause, at: &'static Location<'static>) -> Self {
        let mut error = Self::build(500, None, None);
        error.inner.at = at;
        let mut link: Option<&(dyn StdError + 'static)> = Some(&*cause);
        while let Some(inner) = link {
            if let Some(found) = inner.downcast_ref::<ErrorStatus>() {
                error.inner.status = found.status;
                error.inner.public.clone_from(&found.message);
                error.inner.headers.clone_from(&found.headers);
                break;
            }
            link = inner.source();
        }
        error.inner.cause = Some(cause);
        error
    }
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.public, &self.cause) {
            (Some(message), _) => f.write_str(message),
            (None, Some(cause)) => cause.fmt(f),
            (None, None) => write!(f, "status {}", self.status),
        }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("status", &self.status)
            .field("message", &self.public)
            .field("cause", &self.cause)
            .field("fields", &self.fields)
            .field("at", &format_args!("{}", self.at))
            .finish()
    }
}

impl StdError for Inner {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match (&self.public, &self.cause) {
            (Some(_), Some(cause)) => Some(&**cause),
            (None, Some(cause)) => cause.source(), // Display has printed the cause itself
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.inner, f)
    }
}

/// The HTTP status that an error of another crate stands for, put into its `source()` chain.
///
/// A crate that does not know HTTP otherwise (`zzz-db` with its feature `web`) says with it what a failure
/// means to a client: `?` finds it, wherever in the chain it is.
///
/// ```
/// use zzz_core::{Error, ErrorStatus};
///
/// #[derive(Debug)]
/// struct PoolIsFull(ErrorStatus);
/// # impl std::fmt::Display for PoolIsFull {
/// #    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("the pool is full") }
/// # }
/// impl std::error::Error for PoolIsFull {
///     fn source(&self) -> Option<&(dyn std::error::Error + 'static)> { Some(&self.0) }
/// }
///
/// let error = Error::from(PoolIsFull(ErrorStatus::new(503).retry_after(1)));
/// assert_eq!(error.status(), 503);
/// assert_eq!(error.headers(), [("retry-after", "1".to_string())]);
/// ```
#[derive(Debug)]
pub struct ErrorStatus {
    status: u16,
    message: Option<Cow<'static, str>>,
    headers: Vec<(&'static str, String)>,
    source: Option<Cause>,
}

impl ErrorStatus {
    /// This HTTP status code, with no message for the client.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, message: None, headers: Vec::new(), source: None }
    }

    /// What the client may read.
    #[must_use]
    pub fn message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// After how many seconds trying again makes sense (RFC 9110, section 10.2.3).
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.header("retry-after", seconds.to_string())
    }

    /// Adds a response header, such as `allow`.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// What comes after this link in the chain.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The HTTP status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }
}

impl fmt::Display for ErrorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered with status {}", self.status)
    }
}

impl StdError for ErrorStatus {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(Cause);
    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("could not read the file")
        }
    }
    impl StdError for Outer {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&*self.0)
        }
    }

    #[test]
    fn keeps_the_whole_chain_and_the_line_of_the_question_mark() {
        fn fails() -> Result<()> {
            Err(Outer("disk on fire".into()))?;
            Ok(())
        }
        let error = fails().unwrap_err();
        assert_eq!(error.chain().collect::<Vec<_>>(), ["could not read the file", "disk on fire"]);
        assert!(error.location().file().ends_with("error.rs"), "{}", error.location());
    }

    #[test]
    fn a_status_deep_in_the_chain_is_found() {
        let status = ErrorStatus::new(409).message("Taken.").with_source("unique index");
        let error = Error::from(Outer(Box::new(Outer(Box::new(status)))));
        assert_eq!((error.status(), error.public_message()), (409, Some("Taken.")));
    }

    #[test]
    fn a_status_is_no_cause() {
        let status = ErrorStatus::new(409).with_source("unique index");
        let chain: Vec<String> = Error::from(Outer(Box::new(status))).chain().collect();
        assert_eq!(chain, ["could not read the file", "unique index"]);
        assert_eq!(Error::from(ErrorStatus::new(503)).chain().count(), 0);
    }
}
