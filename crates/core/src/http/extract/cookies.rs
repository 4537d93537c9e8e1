//! [`Cookies`]: the cookies of a request.

use ::http::{HeaderMap, HeaderValue, header};

use super::FromRequestParts;
use crate::Result;
use crate::http::{Parts, cookies};

/// The cookies that a client has sent, read when they are asked for. A client may send any, and any value: what must be
/// ours has to be signed.
///
/// To set one, return a [`SetCookie`](cookies::SetCookie) with the response.
///
/// ```
/// use zzz_core::http::Cookies;
///
/// async fn theme(cookies: Cookies) -> String {
///     cookies.get("theme").unwrap_or("light").to_owned()
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cookies {
    lines: Vec<HeaderValue>,
}

impl Cookies {
    /// Those in these headers.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self { lines: headers.get_all(header::COOKIE).iter().cloned().collect() }
    }

    /// The value of a cookie, as it came; the first if there are several of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Every cookie: its name and its value. What is no cookie is passed over.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().flat_map(cookies::pairs)
    }
}

impl FromRequestParts for Cookies {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        Ok(Self::of(parts.headers()))
    }
}
