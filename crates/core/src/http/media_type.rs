//! [`MediaType`]: what a request says that its body is (RFC 9110, section 8.3).

use ::http::{HeaderMap, header};

use crate::{Rejection, Result};

/// The `Content-Type` of a request, as it came.
///
/// ```
/// use zzz_core::http::{MediaType, Request};
/// let request = Request::post("/", "{}").with_header("content-type", "application/vnd.api+json; charset=UTF-8");
/// let media = MediaType::of(request.headers()).unwrap();
/// assert!(media.is("Application/VND.api+json") && media.is_json() && media.is_utf8());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaType<'a> {
    essence: &'a str,
    parameters: &'a str,
}

impl<'a> MediaType<'a> {
    /// The media type in the headers; `None` without one, or if it is not visible ASCII.
    #[must_use]
    pub fn of(headers: &'a HeaderMap) -> Option<Self> {
        let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
        Some(Self { essence: essence.trim(), parameters })
    }

    /// Without its parameters, in the case in which it came: `application/json`.
    #[must_use]
    pub fn essence(&self) -> &'a str {
        self.essence
    }

    /// Whether it is this one, in whatever case, with whatever parameters.
    #[must_use]
    pub fn is(&self, essence: &str) -> bool {
        self.essence.eq_ignore_ascii_case(essence)
    }

    /// Whether it is `application/json` or ends in `+json`.
    #[must_use]
    pub fn is_json(&self) -> bool {
        super::format::is_json(self.essence)
    }

    /// The first parameter of this name, without quotes. A value that needs more than quotes, as one with a `;` in it
    /// does, is not read as it is meant.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'a str> {
        self.parameters
            .split(';')
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(known, _)| known.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().trim_matches('"'))
    }

    /// The parameter `charset`.
    #[must_use]
    pub fn charset(&self) -> Option<&'a str> {
        self.parameter("charset")
    }

    /// Whether the body is in UTF-8, or in ASCII, which is a part of it. Nothing said counts as UTF-8.
    #[must_use]
    pub fn is_utf8(&self) -> bool {
        self.charset().is_none_or(|charset| {
            ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known))
        })
    }

    /// Refuses a text in another encoding.
    pub(crate) fn expect_utf8(&self) -> Result<()> {
        if self.is_utf8() { Ok(()) } else { Err(Rejection::new(415, "Send the body in UTF-8.").into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::http::HeaderValue;

    fn utf8(content_type: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        MediaType::of(&headers).unwrap().is_utf8()
    }

    #[test]
    fn a_charset_is_read_in_any_spelling() {
        for text in [
            "text/plain",
            "text/plain;",
            "text/plain; charset=utf-8",
            "text/plain;CHARSET=\"UTF-8\"",
            "text/plain; format=flowed ; charset = utf8",
            "text/plain; charset=us-ascii",
        ] {
            assert!(utf8(text), "{text}");
        }
        for text in ["text/plain; charset=iso-8859-1", "text/plain; charset=utf-16", "text/plain; charset="] {
            assert!(!utf8(text), "{text}");
        }
    }
}
