//! [`TestClient`]: sends requests to an app in the same process.

use std::collections::BTreeMap;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use zzz_core::http::urlencoded::encode;
use zzz_core::http::{Body, HeaderName, HeaderValue, Method, Request, Response, Service, Uri, header};

use crate::multipart::MultipartBody;
use crate::response::TestResponse;
use crate::stream::TestStream;

/// Sends requests to an app in the same process and keeps cookies like a browser. A clone is the same browser.
#[derive(Clone)]
pub struct TestClient {
    service: Arc<dyn Service>,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

impl TestClient {
    /// A client of this app, without cookies.
    pub fn new(service: impl Service) -> Self {
        Self { service: Arc::new(service), cookies: Arc::default() }
    }

    /// Another browser on the same app.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { service: Arc::clone(&self.service), cookies: Arc::default() }
    }

    /// Begins a request; it is sent when it is awaited.
    ///
    /// # Panics
    /// If `target` is no valid target of a request (RFC 9112, section 3.2): one without its first slash, or with
    /// a space that is not percent-encoded.
    #[track_caller]
    pub fn request(&self, method: Method, target: &str) -> TestRequest {
        match target.parse::<Uri>() {
            Err(error) => panic!("{method} {target:?}: no client could send this target: {error}"),
            // Without a slash it is the name of a host, which only CONNECT sends.
            Ok(uri) => assert!(
                !uri.path().is_empty() || method == Method::CONNECT,
                "{method} {target:?}: a target begins with a slash"
            ),
        }
        let request = Request::new(method, target, Body::empty()).with_header("host", "localhost");
        TestRequest { client: self.clone(), request }
    }

    /// Begins a GET request.
    ///
    /// # Panics
    /// As [`request`](Self::request).
    #[track_caller]
    pub fn get(&self, target: &str) -> TestRequest {
        self.request(Method::GET, target)
    }

    /// Begins a POST request.
    ///
    /// # Panics
    /// As [`request`](Self::request).
    #[track_caller]
    pub fn post(&self, target: &str) -> TestRequest {
        self.request(Method::POST, target)
    }

    /// Begins a PUT request.
    ///
    /// # Panics
    /// As [`request`](Self::request).
    #[track_caller]
    pub fn put(&self, target: &str) -> TestRequest {
        self.request(Method::PUT, target)
    }

    /// Begins a PATCH request.
    ///
    /// # Panics
    /// As [`request`](Self::request).
    #[track_caller]
    pub fn patch(&self, target: &str) -> TestRequest {
        self.request(Method::PATCH, target)
    }

    /// Begins a DELETE request.
    ///
    /// # Panics
    /// As [`request`](Self::request).
    #[track_caller]
    pub fn delete(&self, target: &str) -> TestRequest {
        self.request(Method::DELETE, target)
    }

    /// Follows the redirect of a response.
    ///
    /// # Panics
    /// If it is none, or does not say where to.
    #[track_caller]
    pub fn follow(&self, response: &TestResponse) -> TestRequest {
        assert!((300..400).contains(&response.status()), "status {} is no redirect", response.status());
        let location = response.header("location");
        assert!(!location.is_empty(), "status {} comes without a location", response.status());
        self.get(location)
    }

    async fn send(self, request: Request) -> TestResponse {
        let asked = asked(&request);
        let is_head = request.method() == Method::HEAD;
        TestResponse::read(asked, self.call(request).await, is_head).await
    }

    /// Sends the request with the cookies that there are, and keeps those that come back.
    async fn call(self, mut request: Request) -> Response {
        let cookies: Vec<String> = {
            let jar = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
            jar.iter().map(|(name, value)| format!("{name}={value}")).collect()
        };
        if !cookies.is_empty() {
            let value = HeaderValue::try_from(cookies.join("; ")).expect("cookies that came in a header");
            request.headers_mut().append(header::COOKIE, value);
        }
        let response = self.service.call(request).await;
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            self.keep(&String::from_utf8_lossy(cookie.as_bytes()));
        }
        response
    }

    /// Notes a `Set-Cookie`, or forgets the cookie if it says so.
    fn keep(&self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let Some((name, value)) = pair.split_once('=') else { return };
        let gone = attributes.split(';').any(|attribute| attribute.trim().eq_ignore_ascii_case("max-age=0"));
        let mut jar = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        if gone {
            jar.remove(name);
        } else {
            jar.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl std::fmt::Debug for TestClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestClient").field("cookies", &self.cookies).finish_non_exhaustive()
    }
}

/// A request that is sent when it is awaited.
#[derive(Debug)]
#[must_use = "a request is sent when it is awaited"]
pub struct TestRequest {
    client: TestClient,
    request: Request,
}

impl TestRequest {
    /// Adds a header; an earlier one of the name stays.
    ///
    /// # Panics
    /// If no header can have this name or this value.
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => self.request.headers_mut().append(name, value),
            (Err(_), _) => panic!("{name:?} is no name that a header can have"),
            (_, Err(_)) => panic!("{value:?} is no value that the header `{name}` can have"),
        };
        self
    }

    /// Asks for JSON.
    pub fn accept_json(self) -> Self {
        self.header("accept", "application/json")
    }

    /// Sets the body as it stands.
    ///
    /// # Panics
    /// If `content_type` is nothing that a header can hold.
    #[track_caller]
    pub fn body(mut self, content_type: &str, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self.header("content-type", content_type)
    }

    /// Sends the fields as an HTML form does.
    pub fn form<N: AsRef<str>, V: AsRef<str>>(self, fields: impl IntoIterator<Item = (N, V)>) -> Self {
        let pair = |(name, value): (N, V)| format!("{}={}", encode(name.as_ref()), encode(value.as_ref()));
        let pairs: Vec<String> = fields.into_iter().map(pair).collect();
        self.body("application/x-www-form-urlencoded", pairs.join("&"))
    }

    /// Sends a form with files, as an HTML form with `enctype="multipart/form-data"` does.
    pub fn multipart(self, form: MultipartBody) -> Self {
        let content_type = form.content_type();
        self.body(&content_type, form.into_bytes())
    }

    /// Sends a value as JSON.
    ///
    /// # Panics
    /// If it can not be serialized.
    #[track_caller]
    pub fn json(self, value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("a value that serializes");
        self.body("application/json", body)
    }
}

impl TestRequest {
    /// Sends it, and gives the response as soon as it begins: for a body that goes on.
    pub async fn stream(self) -> TestStream {
        let asked = asked(&self.request);
        TestStream::new(asked, self.client.call(self.request).await)
    }
}

fn asked(request: &Request) -> String {
    format!("{} {}", request.method(), request.uri())
}

impl IntoFuture for TestRequest {
    type Output = TestResponse;
    type IntoFuture = Pin<Box<dyn Future<Output = TestResponse> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.client.send(self.request))
    }
}
