//! [`Authority`]: a host and perhaps a port, from a header that anybody may have written.

use std::borrow::Cow;
use std::net::Ipv6Addr;

/// The longest name of a host (RFC 1035).
const LONGEST: usize = 253;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authority {
    /// In lower case; an IPv6 address in brackets.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

/// A host that a client asked for, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedHost<'a> {
    /// A name, or an IPv4 address: letters of either case, digits, `-`, `.` and `_`.
    Name(Cow<'a, str>),
    /// An IPv6 address.
    Address(Ipv6Addr),
}

/// Reads a name of letters, digits, `-`, `.` and `_`, or an address, with or without a port; no user, and nothing that
/// means something in a URL, in HTML or in a header.
pub(super) fn parse(text: &str) -> Option<(AskedHost<'_>, Option<u16>)> {
    let text = text.trim();
    let (host, rest) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']')?;
            (AskedHost::Address(address.parse().ok()?), rest)
        }
        None => {
            let end = text.find(':').unwrap_or(text.len());
            let (name, rest) = text.split_at(end);
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if name.is_empty() || name.len() > LONGEST || !name.bytes().all(plain) {
                return None;
            }
            (AskedHost::Name(name.into()), rest)
        }
    };
    let port = match rest {
        "" => None,
        rest => Some(port(rest.strip_prefix(':')?)?),
    };
    Some((host, port))
}

impl Authority {
    /// As [`parse`], in lower case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = parse(text)?;
        let host = match host {
            AskedHost::Name(name) => name.to_ascii_lowercase(),
            AskedHost::Address(address) => format!("[{address}]"),
        };
        Some(Self { host, port })
    }

    /// With this port, if it has none.
    pub(crate) fn or_port(self, port: Option<u16>) -> Self {
        Self { port: self.port.or(port), ..self }
    }
}

/// A port from 1 on.
pub(crate) fn port(text: &str) -> Option<u16> {
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|port| *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_addresses() {
        for (text, host, port) in [
            ("example.org", "example.org", None),
            ("EXAMPLE.org:4000", "example.org", Some(4000)),
            (" a_b-c.example ", "a_b-c.example", None),
            ("127.0.0.1:80", "127.0.0.1", Some(80)),
            ("[2001:DB8::1]:443", "[2001:db8::1]", Some(443)),
            ("[::1]", "[::1]", None),
        ] {
            assert_eq!(Authority::parse(text), Some(Authority { host: host.into(), port }), "{text}");
        }
    }

    #[test]
    fn takes_nothing_that_means_something_elsewhere() {
        for text in [
            "",
            ":80",
            "a:",
            "a:0",
            "a:65536",
            "a:+80",
            "a:80:80",
            "a@b",
            "a/b",
            "a\\b",
            "a?b",
            "a#b",
            "a b",
            "a\"b",
            "<a>",
            "a%2f",
            "a,b",
            "[::1",
            "[a]",
            "[::1]x",
            "[::1%eth0]",
            "ü.org",
            "http://a",
        ] {
            assert_eq!(Authority::parse(text), None, "{text}");
        }
        assert!(Authority::parse(&"a".repeat(253)).is_some());
        assert!(Authority::parse(&"a".repeat(254)).is_none());
    }
}
