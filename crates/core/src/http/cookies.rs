//! Cookies: reading `Cookie`, writing `Set-Cookie` (RFC 6265bis).

use std::fmt;
use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, header};

/// The value of a cookie in a request's headers; the first if the client sends several of that name. A cookie
/// that is not UTF-8 is passed over, and hides no other.
///
/// ```
/// use zzz_core::http::{Request, cookies};
/// let request = Request::get("/").with_header("cookie", "a=1; theme=dark");
/// assert_eq!(cookies::get(request.headers(), "theme"), Some("dark"));
/// ```
#[must_use]
pub fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// When a cookie is sent with requests that other sites cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// Never.
    Strict,
    /// With navigation by a link (the default here).
    Lax,
    /// Always; browsers demand `Secure` with it.
    None,
}

/// A cookie to set. Unless changed: for the whole site (`Path=/`), out of reach of scripts (`HttpOnly`),
/// `SameSite=Lax`, and gone when the browser closes.
#[derive(Debug, Clone)]
pub struct SetCookie {
    name: String,
    value: String,
    path: &'static str,
    max_age: Option<Duration>,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
}

impl SetCookie {
    /// A cookie of this name and value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            path: "/",
            max_age: None,
            secure: false,
            http_only: true,
            same_site: SameSite::Lax,
        }
    }

    /// Takes the cookie of this name away.
    pub fn removal(name: impl Into<String>) -> Self {
        Self::new(name, "").max_age(Duration::ZERO)
    }

    /// How long it is kept.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Whether it is sent over encrypted connections only.
    #[must_use]
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Whether scripts can not read it.
    #[must_use]
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// When it is sent with requests that other sites cause.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// The value of the `Set-Cookie` header.
    ///
    /// # Errors
    /// If the name or the value has characters that no cookie may have (RFC 6265, section 4.1.1), or both
    /// together are longer than the 4,096 bytes that browsers keep.
    pub fn to_header(&self) -> crate::Result<HeaderValue> {
        let refused =
            |why: &str| crate::Error::internal(format!("the cookie `{}` {why}", self.name.escape_debug()));
        if self.name.is_empty() || !self.name.bytes().all(is_token) {
            return Err(refused("has a name that no cookie may have"));
        }
        if !self.value.bytes().all(is_cookie_octet) {
            return Err(refused(
                "has a value with characters that no cookie may have; encode it, as base64 does",
            ));
        }
        if self.name.len() + self.value.len() > 4096 {
            return Err(refused("is longer than the 4096 bytes that browsers keep"));
        }
        Ok(HeaderValue::try_from(self.to_string())?)
    }
}

impl fmt::Display for SetCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}; Path={}", self.name, self.value, self.path)?;
        if let Some(age) = self.max_age {
            write!(f, "; Max-Age={}", age.as_secs())?;
        }
        f.write_str(if self.http_only { "; HttpOnly" } else { "" })?;
        f.write_str(if self.secure { "; Secure" } else { "" })?;
        f.write_str("; SameSite=")?;
        fmt::Debug::fmt(&self.same_site, f)
    }
}

/// A character of a token (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A character of a cookie's value: visible ASCII without quote, comma, semicolon and backslash.
fn is_cookie_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_browsers_take() {
        let cookie = SetCookie::new("theme", "dark").max_age(Duration::from_secs(60)).secure(true);
        assert_eq!(
            cookie.to_header().unwrap(),
            "theme=dark; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax"
        );
        let gone = SetCookie::removal("theme").http_only(false).same_site(SameSite::Strict);
        assert_eq!(gone.to_header().unwrap(), "theme=; Path=/; Max-Age=0; SameSite=Strict");
    }

    #[test]
    fn refuses_what_would_break_out_of_a_cookie() {
        for (name, value) in
            [("", "x"), ("a b", "x"), ("a", "x; Domain=evil"), ("a", "x\r\ny"), ("a", "ü"), ("a;", "x")]
        {
            assert!(SetCookie::new(name, value).to_header().is_err(), "{name:?} {value:?}");
        }
        assert!(SetCookie::new("a", "x".repeat(4095)).to_header().is_ok());
        assert!(SetCookie::new("a", "x".repeat(4096)).to_header().is_err());
    }

    #[test]
    fn finds_a_cookie_among_others() {
        let mut headers = HeaderMap::new();
        headers.append("cookie", "ab=1; a=2;a=3".parse().unwrap());
        headers.append("cookie", "b=x=y".parse().unwrap());
        assert_eq!(
            (get(&headers, "a"), get(&headers, "b"), get(&headers, "c")),
            (Some("2"), Some("x=y"), None)
        );
    }

    #[test]
    fn a_cookie_that_is_not_ascii_hides_no_other() {
        let mut headers = HeaderMap::new();
        let line = ["a=1; name=Zoë; broken=".as_bytes(), b"\xff\xfe; b=2"].concat();
        headers.append("cookie", HeaderValue::from_bytes(&line).unwrap());
        let found = ["a", "name", "broken", "b"].map(|name| get(&headers, name));
        assert_eq!(found, [Some("1"), Some("Zoë"), None, Some("2")]);
    }
}
