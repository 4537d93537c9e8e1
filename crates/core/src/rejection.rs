//! [`Rejection`]: what of a request an extractor does not take, and why.

use std::borrow::Cow;
use std::fmt;

use crate::field_path::FieldPath;
use crate::{Error, FieldErrors};

/// The part of a request that something is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A parameter of the route.
    Path,
    /// The query string.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// A form, urlencoded or with files.
    Form,
    /// A JSON body.
    Json,
}

impl Place {
    /// `path`, `query`, `header`, `cookie` or `body`, as OpenAPI calls them.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Form | Self::Json => "body",
        }
    }

    /// What one of its values is called.
    const fn of_a_value(self) -> &'static str {
        match self {
            Self::Path => "path parameter",
            Self::Query => "query parameter",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Form | Self::Json => "field",
        }
    }

    /// What all of it is called.
    const fn of_the_whole(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query string",
            Self::Header => "head",
            Self::Cookie => "cookie header",
            Self::Form => "form",
            Self::Json => "JSON body",
        }
    }

    /// What a value that does not fit is answered with: 422 for a body, whose syntax was understood (RFC 9110, section
    /// 15.5.21), and 400 for the rest.
    const fn status(self) -> u16 {
        match self {
            Self::Form | Self::Json => 422,
            _ => 400,
        }
    }

    fn name(self, field: &FieldPath) -> String {
        match self {
            Self::Json => field.dotted(),
            _ => field.bracketed(),
        }
    }
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is not there.
    Missing,
    /// It is nothing that is known; with the known name that is nearest, if one is near.
    Unknown {
        /// The name that was probably meant.
        nearest: Option<String>,
    },
    /// It is something else than what is expected.
    Unexpected {
        /// What is expected: `a whole number`.
        expected: Cow<'static, str>,
        /// What came: `` `many` ``.
        given: String,
    },
    /// It is nothing that could be read; in words that follow its name: `is not valid UTF-8`.
    Malformed(Cow<'static, str>),
    /// Something else, in the words of the type that refused it.
    Other(String),
}

impl fmt::Display for Fault {
    /// As a message beside the field.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Unknown { nearest: None } => f.write_str("is not known here"),
            Self::Unknown { nearest: Some(nearest) } => {
                write!(f, "is not known here; did you mean `{nearest}`?")
            }
            Self::Unexpected { expected, given } => write!(f, "expected {expected}, not {given}"),
            Self::Malformed(message) => f.write_str(message),
            Self::Other(message) => f.write_str(message),
        }
    }
}

/// What of a request an extractor does not take: a status and a message for the client, and where it is about one value,
/// which one, what was expected and what came.
///
/// An extractor of your own returns one with `?` or `.into()`. JSON clients find all of it in the problem document, as
/// `errors` and as `rejection`; an HTML page shows the message. A handler that takes `Result<T, Rejection>` gets it
/// instead of the client.
///
/// ```
/// use zzz_core::{Error, FieldPath, Fault, Place, Rejection};
///
/// let rejection = Rejection::unexpected(Place::Query, "page", "a whole number", "many");
/// assert_eq!(rejection.status(), 400);
/// assert_eq!(rejection.to_string(), "The query parameter `page` does not fit: expected a whole number, not `many`.");
/// assert_eq!(rejection.field(), Some(&FieldPath::from("page")));
///
/// let error = Error::from(rejection);
/// assert_eq!(error.fields().get("page"), ["expected a whole number, not `many`"]);
///
/// let rejection = Rejection::new(401, "Send the token that your account page shows.");
/// assert_eq!(rejection.fault(), None);
/// ```
pub struct Rejection {
    inner: Box<Inner>,
}

struct Inner {
    status: u16,
    message: Cow<'static, str>,
    about: Option<About>,
    /// The error that it was made from, with its headers and cause.
    error: Option<Error>,
}

struct About {
    place: Place,
    field: FieldPath,
    fault: Fault,
}

impl Rejection {
    /// A rejection of this status with a message for the client, about no single value.
    #[must_use]
    pub fn new(status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self { inner: Box::new(Inner { status, message: message.into(), about: None, error: None }) }
    }

    /// A value that is wrong: 422 for one of a body, else 400. [`FieldPath::root`] is about the whole.
    #[must_use]
    pub fn of(place: Place, field: impl Into<FieldPath>, fault: Fault) -> Self {
        let field = field.into();
        let message = match (field.is_root(), &fault) {
            (true, _) => format!("The {} does not fit: {fault}.", place.of_the_whole()),
            (false, Fault::Missing | Fault::Malformed(_)) => {
                format!("The {} `{}` {fault}.", place.of_a_value(), shown(&place.name(&field)))
            }
            (false, Fault::Unknown { .. }) => {
                let full_stop = if matches!(fault, Fault::Unknown { nearest: None }) { "." } else { "" };
                format!("The {} `{}` {fault}{full_stop}", place.of_a_value(), shown(&place.name(&field)))
            }
            (false, _) => {
                format!("The {} `{}` does not fit: {fault}.", place.of_a_value(), shown(&place.name(&field)))
            }
        };
        let mut rejection = Self::new(place.status(), message);
        rejection.inner.about = Some(About { place, field, fault });
        rejection
    }

    /// A value that is not there.
    #[must_use]
    pub fn missing(place: Place, field: impl Into<FieldPath>) -> Self {
        Self::of(place, field, Fault::Missing)
    }

    /// A text that is something else than what is expected (`a whole number`); a long one is cut in the message.
    #[must_use]
    pub fn unexpected(
        place: Place,
        field: impl Into<FieldPath>,
        expected: impl Into<Cow<'static, str>>,
        given: &str,
    ) -> Self {
        let given = format!("`{}`", shown(given));
        Self::of(place, field, Fault::Unexpected { expected: expected.into(), given })
    }

    /// With another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.inner.status = status;
        self
    }

    /// The HTTP status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.inner.status
    }

    /// What the client may read.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The part of the request that it is about, if it is about a value.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.inner.about.as_ref().map(|about| about.place)
    }

    /// The value that it is about.
    #[must_use]
    pub fn field(&self) -> Option<&FieldPath> {
        self.inner.about.as_ref().map(|about| &about.field)
    }

    /// What is wrong with the value.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.inner.about.as_ref().map(|about| &about.fault)
    }

    /// What was expected, if something else came.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        match self.fault()? {
            Fault::Unexpected { expected, .. } => Some(expected),
            _ => None,
        }
    }

    /// What came instead.
    #[must_use]
    pub fn given(&self) -> Option<&str> {
        match self.fault()? {
            Fault::Unexpected { given, .. } => Some(given),
            _ => None,
        }
    }

    /// The rejection that an error is, if it is one: whatever has a status from 400 to 499 is the client's mistake.
    ///
    /// # Errors
    /// The error itself, if it is the app's own.
    pub fn of_error(mut error: Error) -> Result<Self, Error> {
        let known = error.take_rejection();
        if known.is_none() && !(400..500).contains(&error.status()) {
            return Err(error);
        }
        let message = || error.public_message().unwrap_or("This was refused.").to_owned();
        let mut rejection = known.unwrap_or_else(|| Self::new(error.status(), message()));
        rejection.inner.status = error.status();
        rejection.inner.error = Some(error);
        Ok(rejection)
    }
}

impl From<Rejection> for Error {
    #[track_caller]
    fn from(mut rejection: Rejection) -> Self {
        if let Some(error) = rejection.inner.error.take() {
            return error.with_status(rejection.inner.status).with_rejection(rejection);
        }
        let error = Self::new(rejection.inner.status, rejection.inner.message.clone());
        let error = match &rejection.inner.about {
            Some(about) if !about.field.is_root() => {
                let name = shown(&about.place.name(&about.field));
                error.with_fields(FieldErrors::one(name, about.fault.to_string()))
            }
            _ => error,
        };
        error.with_rejection(rejection)
    }
}

/// The message.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("status", &self.inner.status)
            .field("message", &self.inner.message)
            .field("place", &self.place())
            .field("field", &self.field().map(FieldPath::dotted))
            .finish_non_exhaustive()
    }
}

/// As the member `rejection` of a problem document.
impl serde::Serialize for Rejection {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        if let Some(about) = &self.inner.about {
            map.serialize_entry("in", about.place.as_str())?;
            match about.place {
                Place::Json => map.serialize_entry("pointer", &about.field.pointer())?,
                _ => map.serialize_entry("name", &shown(&about.place.name(&about.field)))?,
            }
        }
        if let (Some(expected), Some(given)) = (self.expected(), self.given()) {
            map.serialize_entry("expected", expected)?;
            map.serialize_entry("given", given)?;
        }
        map.end()
    }
}

/// A text from outside as it is shown in a message: short, and without characters that move a terminal's cursor.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(SHOWN).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The most characters of a text from outside that a message shows.
const SHOWN: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_where_and_how_to_mend_it() {
        let unknown = |nearest: Option<&str>| Fault::Unknown { nearest: nearest.map(str::to_owned) };
        let tags = || FieldPath::from("post").field("tags").item(2);
        for (rejection, status, message) in [
            (Rejection::missing(Place::Query, "page"), 400, "The query parameter `page` is missing."),
            (Rejection::missing(Place::Json, tags()), 422, "The field `post.tags[2]` is missing."),
            (
                Rejection::of(Place::Form, tags(), unknown(Some("title"))),
                422,
                "The field `post[tags][2]` is not known here; did you mean `title`?",
            ),
            (
                Rejection::of(Place::Query, "x", unknown(None)),
                400,
                "The query parameter `x` is not known here.",
            ),
            (
                Rejection::unexpected(Place::Header, "x-count", "a whole number", "a\x1b[2J"),
                400,
                "The header `x-count` does not fit: expected a whole number, not `a\u{fffd}[2J`.",
            ),
            (
                Rejection::of(Place::Json, FieldPath::root(), Fault::Other("too odd".into())),
                422,
                "The JSON body does not fit: too odd.",
            ),
        ] {
            assert_eq!((rejection.status(), rejection.message()), (status, message));
        }
    }

    #[test]
    fn it_survives_the_way_through_an_error() {
        let error = Error::from(Rejection::missing(Place::Query, "page").with_status(404));
        assert_eq!((error.status(), error.fields().get("page")), (404, &["is missing".to_owned()][..]));
        let back = Rejection::of_error(error).unwrap();
        assert_eq!((back.status(), back.fault()), (404, Some(&Fault::Missing)));
    }

    #[test]
    fn any_mistake_of_a_client_is_one_and_keeps_what_it_carried() {
        let busy = Error::new(429, "Slower.").with_header("retry-after", "1").with_cause("bucket empty");
        let rejection = Rejection::of_error(busy).unwrap();
        assert_eq!((rejection.status(), rejection.message(), rejection.place()), (429, "Slower.", None));
        let error = Error::from(rejection);
        assert_eq!((error.status(), error.public_message()), (429, Some("Slower.")));
        assert_eq!(error.headers(), [("retry-after", "1".to_owned())]);
        assert_eq!(error.chain().collect::<Vec<_>>(), ["bucket empty"]);
        assert_eq!(Rejection::of_error(Error::internal("ours")).unwrap_err().status(), 500);

        let who = Error::from(Rejection::new(401, "Who?")).with_header("www-authenticate", "Bearer");
        let other = Error::from(Rejection::of_error(who).unwrap().with_status(403));
        assert_eq!((other.status(), other.headers()[0].0), (403, "www-authenticate"));
    }
}
