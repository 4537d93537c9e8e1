//! [`Representation`]: one version of a file, and the response it is sent in.

use zzz_core::http::{Body, HeaderMap, HeaderValue, IntoResponse, Response, StatusCode, header};
use zzz_core::{Error, Result};

use super::conditions::{Conditions, Verdict};
use super::encoding::Coding;
use super::validators::Validators;

/// One version of a file, in one encoding.
#[derive(Debug, Clone)]
pub(crate) struct Representation {
    pub(crate) length: u64,
    pub(crate) content_type: HeaderValue,
    pub(crate) coding: Coding,
    pub(crate) about: Validators,
    pub(crate) cache_control: HeaderValue,
    pub(crate) disposition: Option<HeaderValue>,
    /// Whether it was chosen by `Accept-Encoding`, or could have been.
    pub(crate) varies: bool,
}

impl Representation {
    /// The response to a request under these conditions. `body` makes the bytes from the first number on, as many
    /// as the second.
    ///
    /// # Errors
    /// 412 and 416; and what `body` fails with.
    pub(crate) fn respond(
        &self,
        asked: &Conditions,
        body: impl FnOnce(u64, u64) -> Result<Body>,
    ) -> Result<Response> {
        let (status, first, length) = match asked.weigh(&self.about, self.length) {
            Verdict::Whole => (StatusCode::OK, 0, self.length),
            Verdict::Part { first, last } => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
            Verdict::NotModified => {
                let mut response = StatusCode::NOT_MODIFIED.into_response();
                self.identify(response.headers_mut());
                return Ok(response);
            }
            Verdict::Failed => {
                return Err(Error::new(412, "The file is not the version that the request is about."));
            }
            Verdict::Unsatisfiable => {
                return Err(Error::new(416, "The file has no such bytes.")
                    .with_header("content-range", format!("bytes */{}", self.length)));
            }
        };
        let body = if asked.is_head || length == 0 { Body::empty() } else { body(first, length)? };
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        self.identify(headers);
        headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(modified) = self.about.modified.and_then(|modified| modified.header()) {
            headers.insert(header::LAST_MODIFIED, modified);
        }
        if self.coding != Coding::Identity {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(self.coding.name()));
        }
        if let Some(disposition) = &self.disposition {
            headers.insert(header::CONTENT_DISPOSITION, disposition.clone());
        }
        if status == StatusCode::PARTIAL_CONTENT {
            let range = format!("bytes {first}-{}/{}", first + length - 1, self.length);
            headers.insert(header::CONTENT_RANGE, HeaderValue::try_from(range)?);
        }
        Ok(response)
    }

    /// What a cache needs to know also when it has the content (RFC 9110, section 15.4.5).
    fn identify(&self, headers: &mut HeaderMap) {
        headers.insert(header::ETAG, self.about.etag.header());
        headers.insert(header::CACHE_CONTROL, self.cache_control.clone());
        if self.varies {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
    }
}
