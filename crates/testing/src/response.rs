//! [`TestResponse`]: what came back.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use zzz_core::http::{HeaderMap, Response};

/// A response with its body read.
#[derive(Debug, Clone)]
pub struct TestResponse {
    asked: String,
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl TestResponse {
    pub(crate) async fn read(asked: String, response: Response, without_body: bool) -> Self {
        let (parts, body) = response.into_parts();
        let body =
            if without_body { Bytes::new() } else { body.read().await.expect("the body of a response") };
        Self { asked, status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first value of a header; empty if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text.
    ///
    /// # Panics
    /// If it is not UTF-8.
    #[must_use]
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body of UTF-8")
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is no JSON of this type.
    #[must_use]
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => self.fail(&format!("JSON ({error})")),
        }
    }

    /// Checks the status.
    ///
    /// # Panics
    /// If it is another one.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        if self.status != status {
            self.fail(&format!("status {status}"));
        }
        self
    }

    /// Checks that it is a redirect (303) to `location`.
    ///
    /// # Panics
    /// If it is not.
    #[track_caller]
    pub fn assert_redirect(&self, location: &str) -> &Self {
        if self.status != 303 || self.header("location") != location {
            self.fail(&format!("a redirect to {location}"));
        }
        self
    }

    /// Checks that the body contains `part`.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn assert_contains(&self, part: &str) -> &Self {
        if !self.text().contains(part) {
            self.fail(&format!("a body with `{part}`"));
        }
        self
    }

    /// Checks that the body does not contain `part`.
    ///
    /// # Panics
    /// If it does.
    #[track_caller]
    pub fn refute_contains(&self, part: &str) -> &Self {
        if self.text().contains(part) {
            self.fail(&format!("no `{part}` in the body"));
        }
        self
    }

    #[track_caller]
    fn fail(&self, expected: &str) -> ! {
        let Self { asked, status, headers, body } = self;
        panic!(
            "{asked}: expected {expected}, got status {status}\n{headers:#?}\n\n{}",
            String::from_utf8_lossy(body)
        );
    }
}
