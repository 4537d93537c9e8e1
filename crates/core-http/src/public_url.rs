//! [`PublicUrl`]: how clients reach the app.

use std::fmt;
use std::net::SocketAddr;

use http::Uri;
use http::uri::{Authority, Scheme};
use zzz_core::config::{Raw, Setting};

/// Scheme, host and port by which clients reach the app, whatever stands in between: `https://www.example.org`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    secure: bool,
    /// In lower case.
    authority: Authority,
}

impl PublicUrl {
    /// Whether its scheme is `https`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host, and the port if it has one: `www.example.org:8080`.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// For a server that listens at this address with TLS. `None` if the address stands for all of the machine's.
    pub(crate) fn of_tls(address: SocketAddr) -> Option<Self> {
        let authority = Authority::try_from(address.to_string()).ok()?;
        (!address.ip().is_unspecified()).then_some(Self { secure: true, authority })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.authority)
    }
}

impl Setting for PublicUrl {
    const EXPECTS: &'static str = "a URL of a scheme and a host such as \"https://www.example.org\"";

    /// Without user, path, query and fragment; a single `/` at the end is allowed.
    fn read(raw: &Raw) -> Option<Self> {
        let Raw::Text(text) = raw else { return None };
        let text = text.trim();
        let parts = text.parse::<Uri>().ok()?.into_parts();
        let secure = match parts.scheme? {
            scheme if scheme == Scheme::HTTPS => true,
            scheme if scheme == Scheme::HTTP => false,
            _ => return None,
        };
        let authority = parts.authority?;
        let bare =
            parts.path_and_query.is_none_or(|rest| rest.as_str() == "/") && !text.contains(['@', '?', '#']);
        let port = authority.as_str().strip_prefix(authority.host()).is_some_and(|rest| {
            rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
        });
        if !bare || !port || authority.host().is_empty() {
            return None;
        }
        let authority = Authority::try_from(authority.as_str().to_ascii_lowercase()).ok()?;
        Some(Self { secure, authority })
    }

    fn show(&self) -> Option<Raw> {
        Some(Raw::Text(self.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_scheme_host_and_port() {
        let read = |text: &str| PublicUrl::read(&Raw::Text(text.into())).map(|url| url.to_string());
        for (text, url) in [
            ("https://www.example.org", "https://www.example.org"),
            ("HTTPS://WWW.Example.org/", "https://www.example.org"),
            ("http://127.0.0.1:4000", "http://127.0.0.1:4000"),
            ("https://[::1]:4443", "https://[::1]:4443"),
        ] {
            assert_eq!(read(text).as_deref(), Some(url));
        }
        for text in [
            "",
            "www.example.org",
            "/",
            "ftp://example.org",
            "https://",
            "https://a@b",
            "https://a/b",
            "https://a?b",
            "https://a#b",
            "https://a:",
            "https://a:99999",
            "https://a b",
            "https:///path",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_that_stands_for_all_is_no_url() {
        let of = |address: &str| PublicUrl::of_tls(address.parse().unwrap()).map(|url| url.to_string());
        assert_eq!(of("127.0.0.1:4443").as_deref(), Some("https://127.0.0.1:4443"));
        assert_eq!(of("[::1]:4443").as_deref(), Some("https://[::1]:4443"));
        assert_eq!(of("0.0.0.0:4443"), None);
        assert_eq!(of("[::]:4443"), None);
    }
}
