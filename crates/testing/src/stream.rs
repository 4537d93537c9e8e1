//! [`TestStream`]: a response whose body is read while it goes on.

use std::time::Duration;

use bytes::Bytes;
use zzz_core::http::{BodyStream, HeaderMap, Response};

/// How long a test waits for what should come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A response whose body is read while it goes on, such as a stream of events. Dropping it is a client that goes
/// away.
#[derive(Debug)]
pub struct TestStream {
    asked: String,
    status: u16,
    headers: HeaderMap,
    body: BodyStream,
    /// What came and was not returned yet.
    unread: String,
}

impl TestStream {
    pub(crate) fn new(asked: String, response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = BodyStream::new(body);
        Self { asked, status: parts.status.as_u16(), headers: parts.headers, body, unread: String::new() }
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first value of a header; empty if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// What comes up to `end`, with it.
    ///
    /// # Panics
    /// If the body ends or breaks off before, if it is not UTF-8, or if `end` does not come within 20 seconds.
    pub async fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self.unread.find(end) {
                let rest = self.unread.split_off(at + end.len());
                return std::mem::replace(&mut self.unread, rest);
            }
            match self.chunk().await {
                Some(chunk) => self.unread.push_str(std::str::from_utf8(&chunk).expect("a body of UTF-8")),
                None => panic!("{}: ended without {end:?}: {:?}", self.asked, self.unread),
            }
        }
    }

    /// The next event of a stream of events, without the empty line after it.
    ///
    /// # Panics
    /// As [`until`](Self::until).
    pub async fn event(&mut self) -> String {
        self.until("\n\n").await.trim_end().to_owned()
    }

    async fn chunk(&mut self) -> Option<Bytes> {
        match tokio::time::timeout(PATIENCE, self.body.chunk()).await {
            Ok(Ok(chunk)) => chunk,
            Ok(Err(error)) => panic!("{}: {error}", self.asked),
            Err(_) => {
                panic!("{}: nothing came within {PATIENCE:?}; before it: {:?}", self.asked, self.unread)
            }
        }
    }
}
