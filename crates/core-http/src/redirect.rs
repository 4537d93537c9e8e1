//! [`Redirect`]: what the plain port answers with if all else is served over TLS.

use http::{HeaderValue, StatusCode, header};
use zzz_core::http::{Body, BoxFuture, Request, RequestId, Response, Service, request_id};

use crate::public_url::PublicUrl;

/// Answers every request with 308 (RFC 9110, 15.4.9) to the same target at the public URL.
///
/// The request's Host has no say in it: it is the client's, or that of whoever sits in between, and would send
/// users to wherever they like. The answer has `x-request-id`, as every answer has.
#[derive(Debug)]
pub(crate) struct Redirect(PublicUrl);

impl Redirect {
    pub(crate) fn to(url: PublicUrl) -> Self {
        Self(url)
    }

    fn answer(&self, request: &Request) -> Response {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        // `OPTIONS *` is about the server as a whole.
        let target = if target.starts_with('/') { target } else { "/" };
        let mut response = Response::new(Body::empty());
        match HeaderValue::try_from(format!("{}{target}", self.0)) {
            Ok(location) => {
                *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
                response.headers_mut().insert(header::LOCATION, location);
            }
            Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
        }
        let id = RequestId::of(request.headers());
        response.headers_mut().insert(request_id::X_REQUEST_ID, id.to_header());
        response
    }
}

impl Service for Redirect {
    fn call(&self, request: Request) -> BoxFuture<Response> {
        let response = self.answer(&request);
        Box::pin(std::future::ready(response))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;
    use zzz_core::config::{Raw, Setting};

    #[test]
    fn leads_to_the_configured_host_whatever_the_client_says() {
        let url = PublicUrl::read(&Raw::Text("https://www.example.org".into())).unwrap();
        let redirect = Redirect::to(url);
        for (method, target, location) in [
            (Method::GET, "/", "https://www.example.org/"),
            (Method::POST, "/posts?page=2&q=%20", "https://www.example.org/posts?page=2&q=%20"),
            (Method::GET, "http://evil.example/posts", "https://www.example.org/posts"),
            (Method::GET, "//evil.example/", "https://www.example.org//evil.example/"),
            (Method::OPTIONS, "*", "https://www.example.org/"),
        ] {
            let request = Request::new(method, target, Body::empty())
                .with_header("host", "evil.example")
                .with_header("x-request-id", "0123456789abcdef0123");
            let response = redirect.answer(&request);
            assert_eq!(response.status(), 308);
            assert_eq!(response.headers()[header::LOCATION], location);
            assert_eq!(response.headers()["x-request-id"], "0123456789abcdef0123");
        }
    }
}
