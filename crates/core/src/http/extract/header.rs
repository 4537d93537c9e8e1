//! [`TypedHeader`]: a header as a type, and the types that are here already.

use std::borrow::Cow;
use std::fmt;

use ::http::HeaderMap;

use super::{FromRequestParts, OptionalFromRequestParts};
use crate::http::Parts;
use crate::{Error, Fault, Place, Rejection, Result};

/// A type that is written in a header.
///
/// ```
/// use zzz_core::http::{FromHeader, TypedHeader};
///
/// struct ApiVersion(u8);
///
/// impl FromHeader for ApiVersion {
///     const NAME: &'static str = "x-api-version";
///     const EXPECTS: &'static str = "a version from 1 to 3";
///     fn parse(text: &str) -> Option<Self> {
///         text.parse().ok().filter(|version| (1..=3).contains(version)).map(Self)
///     }
/// }
///
/// async fn version(TypedHeader(version): TypedHeader<ApiVersion>) -> String {
///     version.0.to_string()
/// }
/// # use zzz_core::http::{HandlerExt, Request, now_or_never};
/// let call = |request: Request| now_or_never(version.erase().call(request)).unwrap();
/// assert_eq!(call(Request::get("/").with_header("x-api-version", "2")).status(), 200);
/// let response = call(Request::get("/").with_header("x-api-version", "9"));
/// assert_eq!(response.status(), 400);
/// let problem = response.into_body().full_bytes().unwrap();
/// assert!(String::from_utf8_lossy(&problem).contains("expected a version from 1 to 3, not `9`"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no header",
    label = "can not be read from a header",
    note = "use Bearer, UserAgent or AcceptLanguage, or implement `FromHeader`; `HeaderMap` has every header as it came"
)]
pub trait FromHeader: Sized {
    /// The header's name, in lower case.
    const NAME: &'static str;
    /// What its value must be, for the message: `a whole number`.
    const EXPECTS: &'static str;
    /// Whether it is a list, of which a client may send several lines; they are read as one with commas between them
    /// (RFC 9110, section 5.3). Of any other header more than one line is a mistake.
    const LIST: bool = false;
    /// Whether its value must not be shown in a message.
    const SECRET: bool = false;

    /// Reads the value; `None` if it is not what is expected.
    fn parse(text: &str) -> Option<Self>;

    /// How a request without it, or with a wrong one, is answered; 400 unless said otherwise.
    #[must_use]
    fn refuse(rejection: Rejection) -> Error {
        rejection.into()
    }
}

/// A header as a type.
///
/// A header that is missing, that is not what is expected, or that is there twice is answered with 400, or whatever the
/// header's own type says. `Option<TypedHeader<T>>` is `None` for one that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypedHeader<T>(pub T);

impl<T: FromHeader> FromRequestParts for TypedHeader<T> {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        Self::of(parts)?.ok_or_else(|| T::refuse(Rejection::missing(Place::Header, T::NAME)))
    }
}

impl<T: FromHeader> OptionalFromRequestParts for TypedHeader<T> {
    async fn from_request_parts_if_any(parts: &mut Parts) -> Result<Option<Self>> {
        Self::of(parts)
    }
}

impl<T: FromHeader> TypedHeader<T> {
    fn of(parts: &Parts) -> Result<Option<Self>> {
        let refused = |given: &str| {
            let given = if T::SECRET { "another value".to_owned() } else { given.to_owned() };
            let fault = Fault::Unexpected { expected: T::EXPECTS.into(), given };
            T::refuse(Rejection::of(Place::Header, T::NAME, fault))
        };
        let Some(text) = text(parts.headers(), T::NAME, T::LIST).map_err(refused)? else { return Ok(None) };
        match T::parse(&text) {
            Some(value) => Ok(Some(Self(value))),
            None => Err(refused(&format!("`{}`", crate::rejection::shown(&text)))),
        }
    }
}

/// The value of a header, or what came instead of one.
fn text<'a>(headers: &'a HeaderMap, name: &str, list: bool) -> Result<Option<Cow<'a, str>>, &'static str> {
    let mut lines = headers.get_all(name).iter().map(|line| std::str::from_utf8(line.as_bytes()));
    let Some(first) = lines.next() else { return Ok(None) };
    let mut text = Cow::Borrowed(first.map_err(|_| "bytes that are not UTF-8")?);
    for line in lines {
        if !list {
            return Err("several lines of it");
        }
        text.to_mut().push_str(", ");
        text.to_mut().push_str(line.map_err(|_| "bytes that are not UTF-8")?);
    }
    Ok(Some(text))
}

/// The token of `Authorization: Bearer ...` (RFC 6750). Without one the answer is 401, with `WWW-Authenticate: Bearer`.
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(String);

impl Bearer {
    /// The token. Compare it in constant time, or look up its hash: a comparison that ends at the first difference tells
    /// how much of a guess was right.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.0
    }
}

impl FromHeader for Bearer {
    const NAME: &'static str = "authorization";
    const EXPECTS: &'static str = "`Bearer` and a token";
    const SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        let (scheme, token) = text.split_once(' ')?;
        let token = token.trim_matches(' ');
        // token68 of RFC 9110, section 11.2
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        let fits = !token.is_empty() && token.trim_end_matches('=').bytes().all(plain);
        (scheme.eq_ignore_ascii_case("bearer") && fits).then(|| Self(token.to_owned()))
    }

    fn refuse(rejection: Rejection) -> Error {
        Error::from(rejection.with_status(401)).with_header("www-authenticate", "Bearer")
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(***)")
    }
}

/// What the client calls itself (RFC 9110, section 10.1.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAgent(pub String);

impl FromHeader for UserAgent {
    const NAME: &'static str = "user-agent";
    const EXPECTS: &'static str = "the client's name";

    fn parse(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }
}

/// The languages that a client would read, the best first (RFC 9110, section 12.5.4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AcceptLanguage {
    ranges: Vec<String>,
}

impl AcceptLanguage {
    /// Language ranges such as `de-CH`, `en` or `*`, the best first; without those that the client refuses.
    pub fn ranges(&self) -> impl Iterator<Item = &str> {
        self.ranges.iter().map(String::as_str)
    }
}

impl FromHeader for AcceptLanguage {
    const NAME: &'static str = "accept-language";
    const EXPECTS: &'static str = "languages such as `de-CH, en;q=0.8`";
    const LIST: bool = true;

    fn parse(text: &str) -> Option<Self> {
        let mut ranked = Vec::new();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (range, parameters) = item.split_once(';').unwrap_or((item, ""));
            let range = range.trim();
            let subtag = |part: &str| {
                (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            };
            // A wish that can not be read is none; a page in another language is better than no page.
            if range == "*" || range.split('-').all(subtag) {
                ranked.push((crate::http::format::quality(parameters), range.to_owned()));
            }
        }
        ranked.retain(|(quality, _)| *quality > 0.0);
        // Stable: of two that are wanted as much, the one that is named first.
        ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        Some(Self { ranges: ranked.into_iter().map(|(_, range)| range).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HeaderValue, Request, now_or_never};

    fn read<T: FromHeader>(lines: &[&str]) -> Result<Option<T>> {
        let mut request = Request::get("/");
        for line in lines {
            request.headers_mut().append(T::NAME, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let found = now_or_never(Option::<TypedHeader<T>>::from_request_parts(&mut request)).unwrap();
        found.map(|found| found.map(|TypedHeader(value)| value))
    }

    #[test]
    fn a_token_is_read_and_never_shown() {
        let token =
            |line: &str| read::<Bearer>(&[line]).ok().flatten().map(|bearer| bearer.token().to_owned());
        assert_eq!(token("Bearer abc.DEF-1_~+/=="), Some("abc.DEF-1_~+/==".into()));
        assert_eq!(token("bearer  abc"), Some("abc".into()));
        for line in ["Bearer", "Bearer ", "Basic abc", "Bearer a b", "Bearer a=b", "abc", "", "Bearer ü"] {
            let error = read::<Bearer>(&[line]).unwrap_err();
            assert_eq!(error.status(), 401, "{line}");
            assert_eq!(error.headers(), [("www-authenticate", "Bearer".to_owned())]);
            assert_eq!(
                error.to_string(),
                "The header `authorization` does not fit: expected `Bearer` and a token, not another value."
            );
        }
        assert_eq!(format!("{:?}", read::<Bearer>(&["Bearer hunter2"]).unwrap().unwrap()), "Bearer(***)");
    }

    #[test]
    fn a_header_that_is_missing_is_named() {
        let error = now_or_never(TypedHeader::<Bearer>::from_request_parts(&mut Request::get("/")))
            .unwrap()
            .unwrap_err();
        assert_eq!((error.status(), &*error.to_string()), (401, "The header `authorization` is missing."));
        let error = now_or_never(TypedHeader::<UserAgent>::from_request_parts(&mut Request::get("/")))
            .unwrap()
            .unwrap_err();
        assert_eq!((error.status(), &*error.to_string()), (400, "The header `user-agent` is missing."));
        assert_eq!(read::<UserAgent>(&[]).unwrap(), None);
    }

    #[test]
    fn a_header_that_is_there_twice_is_refused_unless_it_is_a_list() {
        let error = read::<UserAgent>(&["a", "b"]).unwrap_err();
        let message =
            "The header `user-agent` does not fit: expected the client's name, not several lines of it.";
        assert_eq!((error.status(), &*error.to_string()), (400, message));
        let languages = read::<AcceptLanguage>(&["en;q=0.5", "de"]).unwrap().unwrap();
        assert_eq!(languages.ranges().collect::<Vec<_>>(), ["de", "en"]);
    }

    #[test]
    fn languages_come_in_the_order_in_which_they_are_wanted() {
        for (line, ranges) in [
            ("da, en-GB;q=0.8, en;q=0.7", &["da", "en-GB", "en"][..]),
            ("en;q=0.1, de-CH-1996, fr;q=0, *;q=0.05", &["de-CH-1996", "en", "*"]),
            ("", &[]),
            (" , de ,", &["de"]),
        ] {
            let languages = read::<AcceptLanguage>(&[line]).unwrap().unwrap();
            assert_eq!(languages.ranges().collect::<Vec<_>>(), ranges, "{line}");
        }
        for line in ["de_CH, it", "../../etc/passwd, it", "abcdefghi, it;q=0.1", "it, <b>", "-, it"] {
            let languages = read::<AcceptLanguage>(&[line]).unwrap().unwrap();
            assert_eq!(languages.ranges().collect::<Vec<_>>(), ["it"], "{line}");
        }
    }
}
