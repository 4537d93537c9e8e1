//! How an error looks to a client: problem documents (RFC 9457), and the [`ErrorPage`] that a renderer draws.

use std::fmt;
use std::sync::Arc;

use ::http::{HeaderName, HeaderValue, Method, StatusCode, header};

use super::response::{PROBLEM, typed};
use super::{Format, RequestId, Response, RouteInfo};
use crate::Error;

/// The error behind a response, found in its extensions by whoever draws error pages or logs.
#[derive(Debug, Clone)]
pub struct ErrorInfo(pub Arc<Error>);

/// What an error page may tell.
pub struct ErrorPage<'a> {
    /// The status of the response.
    pub status: StatusCode,
    /// The error, if the response came from one.
    pub error: Option<&'a Error>,
    /// What the client wants.
    pub format: Format,
    /// The request's id.
    pub id: &'a RequestId,
    /// The request's method.
    pub method: &'a Method,
    /// The request's path, percent-encoded as it came.
    pub path: &'a str,
    /// The route that matched.
    pub route: Option<&'a RouteInfo>,
}

/// Draws error pages; an app's endpoint has one.
pub trait ErrorRenderer: Send + Sync + 'static {
    /// The whole response for this error; its status is set by the caller.
    fn render(&self, page: &ErrorPage<'_>) -> Response;
}

impl ErrorPage<'_> {
    /// The status' own words: `Not Found`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.status.canonical_reason().unwrap_or("Error")
    }

    /// What the client may read.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.error.and_then(Error::public_message)
    }

    /// The problem document of this page, with what only a developer may see as the member `dev`.
    #[must_use]
    pub fn problem(&self, dev: Option<serde_json::Value>) -> Response {
        document(self.status, self.error, Some(self.id), dev)
    }
}

impl fmt::Debug for ErrorPage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ErrorPage({} {} {})", self.status, self.method, self.path)
    }
}

/// The response of an error that nobody has drawn a page for yet.
pub(crate) fn response_of(error: Error) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = document(status, Some(&error), None, None);
    for (name, value) in error.headers() {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(*name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response.extensions_mut().insert(ErrorInfo(Arc::new(error)));
    response
}

fn document(
    status: StatusCode,
    error: Option<&Error>,
    id: Option<&RequestId>,
    dev: Option<serde_json::Value>,
) -> Response {
    let mut members = serde_json::Map::new();
    members.insert("type".into(), "about:blank".into());
    members.insert("title".into(), status.canonical_reason().unwrap_or("Error").into());
    members.insert("status".into(), status.as_u16().into());
    if let Some(detail) = error.and_then(Error::public_message) {
        members.insert("detail".into(), detail.into());
    }
    if let Some(id) = id {
        members.insert("request_id".into(), id.to_string().into());
    }
    if let Some(fields) = error.map(Error::fields).filter(|fields| !fields.is_empty()) {
        members.insert("errors".into(), serde_json::to_value(fields).unwrap_or_default());
    }
    // A rejection that is about no value says nothing more than the detail.
    if let Some(rejection) = error.and_then(Error::rejection).filter(|rejection| rejection.place().is_some())
    {
        members.insert("rejection".into(), serde_json::to_value(rejection).unwrap_or_default());
    }
    if let Some(dev) = dev {
        members.insert("dev".into(), dev);
    }
    let mut response = typed(PROBLEM, serde_json::Value::Object(members).to_string().into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;
    use crate::{FieldErrors, FieldPath, Place, Rejection};

    fn request_id() -> RequestId {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", HeaderValue::from_static("0123456789abcdefghij"));
        RequestId::of(&headers)
    }

    /// The problem document of a page for this error, as the endpoint asks for it.
    fn problem(error: &Error) -> Response {
        let id = request_id();
        let page = ErrorPage {
            status: StatusCode::from_u16(error.status()).unwrap(),
            error: Some(error),
            format: Format::Json,
            id: &id,
            method: &Method::POST,
            path: "/posts",
            route: None,
        };
        page.problem(None)
    }

    fn text(response: Response) -> String {
        String::from_utf8(response.into_body().full_bytes().unwrap().to_vec()).unwrap()
    }

    #[test]
    fn a_problem_names_the_fields_and_the_request() {
        let mut fields = FieldErrors::default();
        fields.add("title", "can't be blank");
        fields.add("body", "is too long");
        fields.add("title", "is \"odd\"");
        let response = problem(&Error::unprocessable(fields).with_cause("hunter2"));
        assert_eq!(response.status(), 422);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(
            text(response),
            r#"{"detail":"Some fields are not valid.","errors":{"body":["is too long"],"title":["can't be blank","is \"odd\""]},"request_id":"0123456789abcdefghij","status":422,"title":"Unprocessable Entity","type":"about:blank"}"#
        );
    }

    #[test]
    fn a_problem_says_which_value_was_rejected_and_why() {
        let tags = FieldPath::from("post").field("tags").item(2);
        let rejection = Rejection::unexpected(Place::Json, tags, "a whole number", "x");
        assert_eq!(
            text(problem(&rejection.into())),
            r##"{"detail":"The field `post.tags[2]` does not fit: expected a whole number, not `x`.","errors":{"post.tags[2]":["expected a whole number, not `x`"]},"rejection":{"expected":"a whole number","given":"`x`","in":"body","pointer":"/post/tags/2"},"request_id":"0123456789abcdefghij","status":422,"title":"Unprocessable Entity","type":"about:blank"}"##
        );
        assert_eq!(
            text(problem(&Rejection::missing(Place::Query, "page").into())),
            r#"{"detail":"The query parameter `page` is missing.","errors":{"page":["is missing"]},"rejection":{"in":"query","name":"page"},"request_id":"0123456789abcdefghij","status":400,"title":"Bad Request","type":"about:blank"}"#
        );
        assert!(!text(problem(&Rejection::new(401, "Who are you?").into())).contains("rejection"));
    }

    #[test]
    fn a_problem_keeps_the_cause_to_itself() {
        let response = problem(&Error::internal("hunter2"));
        assert_eq!(
            text(response),
            r#"{"request_id":"0123456789abcdefghij","status":500,"title":"Internal Server Error","type":"about:blank"}"#
        );
    }

    #[test]
    fn an_error_alone_is_a_problem_with_its_headers_and_carries_the_error() {
        let response = response_of(Error::new(503, "Busy.").with_header("retry-after", "1"));
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(response.extensions().get::<ErrorInfo>().unwrap().0.status(), 503);
        assert_eq!(
            text(response),
            r#"{"detail":"Busy.","status":503,"title":"Service Unavailable","type":"about:blank"}"#
        );
    }

    #[test]
    fn a_status_that_is_none_is_500() {
        let response = response_of(Error::new(99, "What?"));
        assert_eq!(response.status(), 500);
    }
}
