//! [`Response`], [`IntoResponse`] and the usual answers: [`Html`], [`Redirect`], JSON.

use std::borrow::Cow;
use std::convert::Infallible;

use ::http::{HeaderName, HeaderValue, StatusCode, header};
use bytes::Bytes;

use super::cookies::SetCookie;
use super::extract::Json;
use super::{Body, problem, spare_headers};
use crate::{Error, Rejection, Result};

/// A response, as the `http` crate has it, with our [`Body`].
pub type Response = ::http::Response<Body>;

/// What a handler may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no response",
    label = "a handler can not return this",
    note = "return a Response, &str, String, Html, Json, Redirect, a StatusCode, (StatusCode, one of these), (SetCookie, one of these), or a Result of these with zzz's Error"
)]
pub trait IntoResponse {
    /// Turns the value into a response.
    fn into_response(self) -> Response;

    /// Turns the value into a response in the place where it is wanted, whatever was there. What
    /// [`into_response`](Self::into_response) returns is moved there; a type whose response is made there saves that.
    fn put_in(self, place: &mut Option<Response>)
    where
        Self: Sized,
    {
        *place = Some(self.into_response());
    }
}

/// A response of status 200 with this content type. Inlined, since a response is moved whenever it is returned.
#[inline(always)]
pub(crate) fn typed(content_type: HeaderValue, body: Body) -> Response {
    let mut response = Response::new(body);
    put_type(&mut response, content_type);
    response
}

/// As [`typed`], in its place.
#[inline(always)]
fn put_typed(place: &mut Option<Response>, content_type: HeaderValue, body: Body) {
    *place = Some(Response::new(body));
    if let Some(response) = place {
        put_type(response, content_type);
    }
}

#[inline(always)]
fn put_type(response: &mut Response, content_type: HeaderValue) {
    spare_headers::take(response.headers_mut());
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
}

// Checked as they compile: `from_static` at run time looks at every character.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(crate) const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

macro_rules! into_response {
    ($($type:ty => $content_type:expr),* $(,)?) => {$(
        impl IntoResponse for $type {
            fn into_response(self) -> Response {
                typed($content_type, self.into())
            }

            fn put_in(self, place: &mut Option<Response>) {
                put_typed(place, $content_type, self.into());
            }
        }
    )*};
}
into_response!(&'static str => TEXT, String => TEXT, Bytes => BYTES, Vec<u8> => BYTES, &'static [u8] => BYTES);

impl IntoResponse for Cow<'static, str> {
    fn into_response(self) -> Response {
        match self {
            Cow::Borrowed(text) => text.into_response(),
            Cow::Owned(text) => text.into_response(),
        }
    }
}

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

impl IntoResponse for Body {
    fn into_response(self) -> Response {
        Response::new(self)
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Response {
        Response::new(Body::empty())
    }
}

impl IntoResponse for Infallible {
    fn into_response(self) -> Response {
        match self {}
    }
}

impl IntoResponse for StatusCode {
    /// An empty body; the endpoint puts an error page into an empty 4xx or 5xx.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self;
        response
    }
}

/// Sets the status, unless the response is that of an error: a failure must not look like a success.
fn with_status(mut response: Response, status: StatusCode) -> Response {
    if response.extensions().get::<problem::ErrorInfo>().is_none() {
        *response.status_mut() = status;
    }
    response
}

impl<R: IntoResponse> IntoResponse for (StatusCode, R) {
    fn into_response(self) -> Response {
        with_status(self.1.into_response(), self.0)
    }
}

/// Sets headers; a value that no header may hold (with CR, LF or other control characters) makes it a 500.
fn with_headers<const N: usize>(mut response: Response, headers: [(HeaderName, String); N]) -> Response {
    for (name, value) in headers {
        match HeaderValue::try_from(value) {
            Ok(value) => response.headers_mut().insert(name, value),
            Err(_) => {
                let why = "has a line break or another control character; encode it";
                return Error::internal(format!("the value of header `{name}` {why}")).into_response();
            }
        };
    }
    response
}

impl<const N: usize, R: IntoResponse> IntoResponse for ([(HeaderName, String); N], R) {
    fn into_response(self) -> Response {
        with_headers(self.1.into_response(), self.0)
    }
}

impl<const N: usize, R: IntoResponse> IntoResponse for (StatusCode, [(HeaderName, String); N], R) {
    fn into_response(self) -> Response {
        with_status(with_headers(self.2.into_response(), self.1), self.0)
    }
}

impl<const N: usize, R: IntoResponse> IntoResponse for ([SetCookie; N], R) {
    /// Sets the cookies; one that no browser would take makes it a 500.
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        for cookie in self.0 {
            match cookie.to_header() {
                Ok(value) => response.headers_mut().append(header::SET_COOKIE, value),
                Err(error) => return error.into_response(),
            };
        }
        response
    }
}

impl<R: IntoResponse> IntoResponse for (SetCookie, R) {
    /// Sets the cookie; one that no browser would take makes it a 500.
    fn into_response(self) -> Response {
        ([self.0], self.1).into_response()
    }
}

impl<T: IntoResponse, E: IntoResponse> IntoResponse for std::result::Result<T, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into_response(),
        }
    }

    fn put_in(self, place: &mut Option<Response>) {
        match self {
            Ok(value) => value.put_in(place),
            Err(error) => error.put_in(place),
        }
    }
}

impl IntoResponse for Error {
    /// A problem document (RFC 9457). The endpoint replaces it by an HTML page for a client that wants one.
    fn into_response(self) -> Response {
        problem::response_of(self)
    }
}

impl IntoResponse for Rejection {
    /// As the error that it is: a handler that took `Result<T, Rejection>` may answer with it after all.
    fn into_response(self) -> Response {
        Error::from(self).into_response()
    }
}

impl<T: serde::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        json_response(serde_json::to_vec(&self.0))
    }

    fn put_in(self, place: &mut Option<Response>) {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => put_typed(place, JSON, bytes.into()),
            Err(error) => Error::from(error).put_in(place),
        }
    }
}

fn json_response(bytes: serde_json::Result<Vec<u8>>) -> Response {
    match bytes {
        Ok(bytes) => typed(JSON, bytes.into()),
        Err(error) => Error::from(error).into_response(),
    }
}

/// An HTML document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Html<T = String>(pub T);

impl<T: Into<Body>> IntoResponse for Html<T> {
    fn into_response(self) -> Response {
        typed(HTML, self.0.into())
    }

    fn put_in(self, place: &mut Option<Response>) {
        put_typed(place, HTML, self.0.into());
    }
}

/// A redirect: 303 See Other, as after a form (RFC 9110, section 15.4.4), unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    status: StatusCode,
    location: String,
    local: bool,
}

impl Redirect {
    /// To a path of this app. Anything that a browser could take for another site (`//evil`, `/\evil`,
    /// `https:evil`, whitespace and control characters, which browsers leave out before they look) is refused with status
    /// 500 when it is sent.
    #[must_use]
    pub fn to(path: impl Into<String>) -> Self {
        Self { status: StatusCode::SEE_OTHER, location: path.into(), local: true }
    }

    /// To any URL, also of another site: never pass what a client sent.
    #[must_use]
    pub fn external(url: impl Into<String>) -> Self {
        Self { status: StatusCode::SEE_OTHER, location: url.into(), local: false }
    }

    /// With another status: 301, 302, 303, 307 or 308; any other is refused with status 500 when it is sent.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

/// Whether a browser stays on this site when it follows `path`.
fn is_local(path: &str) -> bool {
    let odd = |c: char| c == '\\' || c.is_control() || c.is_whitespace();
    path.starts_with('/') && !path.starts_with("//") && !path.contains(odd)
}

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        if self.local && !is_local(&self.location) {
            let refused = format!(
                "`{}` is no path of this app; redirect elsewhere with Redirect::external",
                self.location.escape_debug()
            );
            return Error::internal(refused).into_response();
        }
        if !matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Error::internal(format!("{} is no status of a redirect", self.status)).into_response();
        }
        (self.status, [(header::LOCATION, ascii(self.location))], ()).into_response()
    }
}

/// With what is not ASCII percent-encoded, as browsers do it: a header has no encoding of its own.
fn ascii(url: String) -> String {
    const NONE: &percent_encoding::AsciiSet = &percent_encoding::AsciiSet::EMPTY;
    if url.is_ascii() { url } else { percent_encoding::utf8_percent_encode(&url, NONE).to_string() }
}

/// A redirect to a path of this app, as a handler returns it: `redirect("/posts")`.
///
/// # Errors
/// Never; it is a `Result` so that a handler can end with it.
pub fn redirect(path: impl Into<String>) -> Result<Response> {
    Ok(Redirect::to(path).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_on_this_site() {
        let status = |path: &str| Redirect::to(path).into_response().status().as_u16();
        for path in ["/", "/posts/1?x=y#z", "/%09/evil"] {
            assert_eq!(status(path), 303, "{path}");
        }
        for path in [
            "//evil",
            "/\\evil",
            "https:evil",
            "https://evil",
            "javascript:x",
            "/\t/evil",
            "",
            "posts",
            "/a\r\nx: y",
            "/\n/evil",
            "\t//evil",
            "/a\0b",
            "/a\x1b[2J",
            "/a b",
            "/\u{a0}/evil",
            "/\u{2028}",
        ] {
            assert_eq!(status(path), 500, "{path}");
        }
        assert_eq!(
            Redirect::external("https://example.org/").into_response().headers()["location"],
            "https://example.org/"
        );
    }

    #[test]
    fn a_redirect_has_the_status_of_one_and_a_location_in_ascii() {
        let redirect = |status: u16| Redirect::to("/größe?q=ü").status(StatusCode::from_u16(status).unwrap());
        for status in [301, 302, 303, 307, 308] {
            let response = redirect(status).into_response();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["location"], "/gr%C3%B6%C3%9Fe?q=%C3%BC");
        }
        for status in [200, 304, 404] {
            assert_eq!(redirect(status).into_response().status(), 500, "{status}");
        }
    }

    #[test]
    fn what_is_reflected_breaks_out_of_no_header() {
        for evil in ["a\r\nset-cookie: x=y", "a\nb", "a\rb", "a\0b", "a\x1b[2Jb", "a\x7fb"] {
            for response in [
                ([(header::ETAG, evil.to_owned())], "text").into_response(),
                Redirect::external(format!("https://example.org/{evil}")).into_response(),
                Redirect::to(format!("/{evil}")).into_response(),
                (SetCookie::new("a", evil), "text").into_response(),
                (SetCookie::new(evil, "a"), "text").into_response(),
                ([SetCookie::new("fine", "1"), SetCookie::new("a", "1").path(format!("/{evil}"))], "")
                    .into_response(),
            ] {
                assert_eq!(response.status(), 500, "{evil:?}");
                let names: Vec<_> = response.headers().keys().map(|name| name.as_str()).collect();
                assert_eq!(names, ["content-type", "cache-control"], "{evil:?}");
                let body = response.into_body().full_bytes().unwrap();
                assert!(!String::from_utf8_lossy(&body).contains("x=y"), "the value is for the log");
            }
            let response = Error::new(503, "Busy.").with_header("retry-after", evil).into_response();
            assert!(!response.headers().contains_key("retry-after"), "{evil:?}");
        }
    }

    #[test]
    fn cookies_are_set_beside_a_response() {
        let response = ([SetCookie::new("a", "1"), SetCookie::new("b", "2")], "text").into_response();
        let set: Vec<_> =
            response.headers().get_all("set-cookie").iter().map(|value| &value.as_bytes()[..4]).collect();
        assert_eq!((response.status().as_u16(), set), (200, vec![&b"a=1;"[..], b"b=2;"]));
    }

    #[test]
    fn a_failure_keeps_its_status() {
        let missing = || Err::<(), _>(Error::not_found("Gone."));
        assert_eq!((StatusCode::CREATED, missing()).into_response().status(), 404);
        let etag = [(header::ETAG, "x".to_owned())];
        assert_eq!((StatusCode::CREATED, etag, missing()).into_response().status(), 404);
        assert_eq!((StatusCode::CREATED, "made").into_response().status(), 201);
        let unserializable = Json(std::collections::HashMap::from([(vec![1], 2)]));
        assert_eq!((StatusCode::CREATED, unserializable).into_response().status(), 500);
    }

    #[test]
    fn a_header_can_not_be_smuggled_into() {
        let response = ([(header::ETAG, "x\r\nset-cookie: a=b".to_owned())], "text").into_response();
        assert_eq!(response.status(), 500);
        assert!(response.headers().get("etag").is_none());
    }
}
