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
        .flat_map(pairs)
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// The cookies of one `Cookie` line. What has no name, is not UTF-8, or has spaces or control characters within, is no
/// cookie (as in Plug).
pub(crate) fn pairs(line: &HeaderValue) -> impl Iterator<Item = (&str, &str)> {
    line.as_bytes().split(|byte| *byte == b';').filter_map(|pair| {
        let (name, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
        let (name, value) = (name.trim_start_matches(' '), value.trim_matches(' '));
        let odd = |c: char| c.is_whitespace() || c.is_control();
        (!name.is_empty() && !name.contains(odd) && !value.contains(|c: char| c.is_control()))
            .then_some((name, value))
    })
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
    path: String,
    domain: Option<String>,
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
            path: "/".to_owned(),
            domain: None,
            max_age: None,
            secure: false,
            http_only: true,
            same_site: SameSite::Lax,
        }
    }

    /// Takes the cookie of this name away. Its path and domain must be those with which it was set.
    pub fn removal(name: impl Into<String>) -> Self {
        Self::new(name, "").max_age(Duration::ZERO)
    }

    /// The path below which it is sent; `/` unless changed.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The domain to which, and to whose subdomains, it is sent; without one, only to the host that has set it.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
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
    /// If the name, the value, the path or the domain has characters that no cookie may have there (RFC 6265, section
    /// 4.1.1), if name and value together are longer than the 4,096 bytes that browsers keep, or if a name that begins
    /// with `__Host-` or `__Secure-` promises what is not set (RFC 6265bis, section 4.1.3).
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
        let in_attribute = |byte: u8| (0x20..0x7f).contains(&byte) && byte != b';';
        if !self.path.starts_with('/') || !self.path.bytes().all(in_attribute) {
            return Err(refused(
                "has a path that begins with no `/`, or has characters that no cookie may have",
            ));
        }
        let in_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        if self.domain.as_ref().is_some_and(|domain| domain.is_empty() || !domain.bytes().all(in_host)) {
            return Err(refused("has a domain that is no host name"));
        }
        let prefixed = |prefix: &str| {
            self.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        if (prefixed("__Host-") || prefixed("__Secure-")) && !self.secure {
            return Err(refused("has a name that browsers take with `Secure` only"));
        }
        if prefixed("__Host-") && (self.path != "/" || self.domain.is_some()) {
            return Err(refused("has a name that browsers take with the path `/` and without a domain only"));
        }
        Ok(HeaderValue::try_from(self.to_string())?)
    }
}

impl fmt::Display for SetCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}; Path={}", self.name, self.value, self.path)?;
        if let Some(domain) = &self.domain {
            write!(f, "; Domain={domain}")?;
        }
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
    fn a_path_and_a_domain_say_where_it_is_sent() {
        let header = |cookie: SetCookie| cookie.to_header().map(|value| value.to_str().unwrap().to_owned());
        let scoped = SetCookie::new("a", "1").path("/admin").domain("example.org");
        assert_eq!(header(scoped).unwrap(), "a=1; Path=/admin; Domain=example.org; HttpOnly; SameSite=Lax");
        for path in ["", "admin", "/a;b", "/a\r\nx: y", "/ü"] {
            assert!(header(SetCookie::new("a", "1").path(path)).is_err(), "{path:?}");
        }
        for domain in ["", "a b", "a;b", "a\r\n", "ü.org", "a/b", "a:80"] {
            assert!(header(SetCookie::new("a", "1").domain(domain)).is_err(), "{domain:?}");
        }
    }

    #[test]
    fn a_name_keeps_what_its_prefix_promises() {
        let fits = |cookie: SetCookie| cookie.to_header().is_ok();
        assert!(!fits(SetCookie::new("__Secure-a", "1")));
        assert!(!fits(SetCookie::new("__host-a", "1")));
        assert!(fits(SetCookie::new("__Secure-a", "1").secure(true).path("/x")));
        assert!(fits(SetCookie::new("__Host-a", "1").secure(true)));
        assert!(!fits(SetCookie::new("__Host-a", "1").secure(true).path("/x")));
        assert!(!fits(SetCookie::new("__Host-a", "1").secure(true).domain("example.org")));
    }

    #[test]
    fn reads_what_plug_reads() {
        let all = |line: &str| -> Vec<(String, String)> {
            let line = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            pairs(&line).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(all("key1=value1, key2=value2"), [pair("key1", "value1, key2=value2")]);
        assert_eq!(all("key1=value1; key2=value2"), [pair("key1", "value1"), pair("key2", "value2")]);
        assert_eq!(all("$key1=value1"), [pair("$key1", "value1")]);
        assert_eq!(all("  key1=value1 , key2=value2  "), [pair("key1", "value1 , key2=value2")]);
        assert_eq!(all("key="), [pair("key", "")]);
        assert_eq!(all("key= "), [pair("key", "")]);
        assert_eq!(all("key1=;;key2="), [pair("key1", ""), pair("key2", "")]);
        for nothing in ["", "=", ";", "key, =, value", "key space=value", " =value", "key=\t", "\t=value"] {
            assert_eq!(all(nothing), [], "{nothing:?}");
        }
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
