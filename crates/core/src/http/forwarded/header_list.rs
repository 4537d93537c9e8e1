//! The lists that proxies write, read from their end.
//!
//! Each proxy adds to the end, so that what stands there is as trustworthy as our neighbour, and what stands before may
//! be anything: also a quote that is never closed. Whoever reads from the beginning lets a client choose where the first
//! item ends that a proxy has written.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use ::http::HeaderValue;
use ::http::header::GetAll;

/// The items of all lines of a header, the last one first; empty ones are passed over. One that is not UTF-8 is an item
/// as well, and nothing that could be read.
pub(super) fn rev_items<'a>(lines: GetAll<'a, HeaderValue>) -> impl Iterator<Item = &'a str> {
    lines
        .into_iter()
        .rev()
        .flat_map(|line| rsplit(line.as_bytes(), b','))
        .map(|item| std::str::from_utf8(item).map_or("\u{fffd}", str::trim))
        .filter(|item| !item.is_empty())
}

/// The parts of a line between separators that stand in no quotes, the last one first.
fn rsplit(line: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let mut quoted = false;
        for (at, byte) in line.iter().enumerate().rev() {
            if *byte == b'"' && !is_escaped(&line[..at]) {
                quoted = !quoted;
            } else if *byte == separator && !quoted {
                rest = Some(&line[..at]);
                return Some(&line[at + 1..]);
            }
        }
        rest = None;
        Some(line)
    })
}

/// Whether a backslash, that is not one itself, stands at the end.
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// An element of `Forwarded`, as far as it matters (RFC 7239, section 4).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) node: Option<Cow<'a, str>>,
    pub(super) proto: Option<Cow<'a, str>>,
    pub(super) host: Option<Cow<'a, str>>,
}

impl<'a> Element<'a> {
    /// `for=192.0.2.43;proto=https`; `None` if it breaks the grammar, or says something twice.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut element = Self::default();
        for pair in rsplit(text.as_bytes(), b';') {
            let pair = std::str::from_utf8(pair).ok()?.trim();
            if pair.is_empty() {
                continue;
            }
            let (name, value) = pair.split_once('=')?;
            let value = unquoted(value)?;
            let slot = match name.to_ascii_lowercase().as_str() {
                "for" => &mut element.node,
                "proto" => &mut element.proto,
                "host" => &mut element.host,
                name if is_token(name) => continue,
                _ => return None,
            };
            if slot.replace(value).is_some() {
                return None;
            }
        }
        Some(element)
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// A token, or what stands in quotes.
fn unquoted(value: &str) -> Option<Cow<'_, str>> {
    let Some(rest) = value.strip_prefix('"') else { return is_token(value).then_some(Cow::Borrowed(value)) };
    let inner = rest.strip_suffix('"')?;
    if !inner.contains(['\\', '"']) {
        return Some(Cow::Borrowed(inner));
    }
    let mut text = String::new();
    let mut escaped = false;
    for c in inner.chars() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return None,
            c => {
                text.push(c);
                escaped = false;
            }
        }
    }
    (!escaped).then_some(Cow::Owned(text))
}

/// The address of a node, with or without a port: `192.0.2.43`, `192.0.2.43:47011`, `2001:db8::1`,
/// `[2001:db8::1]:47011`. `unknown` and names that hide one are none.
pub(super) fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<&str> {
        rsplit(text.as_bytes(), b',').map(|part| std::str::from_utf8(part).unwrap()).collect()
    }

    #[test]
    fn splits_from_the_end_and_not_within_quotes() {
        assert_eq!(parts("a,b"), ["b", "a"]);
        assert_eq!(parts("a=\"x,y\",b"), ["b", "a=\"x,y\""]);
        assert_eq!(parts(r#"a="x\",y",b"#), ["b", r#"a="x\",y""#]);
        assert_eq!(
            parts("a=\",for=1.2.3.4"),
            ["for=1.2.3.4", "a=\""],
            "an open quote takes nothing that follows"
        );
        assert_eq!(parts(""), [""]);
    }

    #[test]
    fn an_element_follows_the_grammar() {
        let element = Element::parse("For=\"[2001:db8::1]:47\"; Proto=https;by=_x;host=\"a\\.b\"").unwrap();
        assert_eq!(element.node.as_deref(), Some("[2001:db8::1]:47"));
        assert_eq!((element.proto.as_deref(), element.host.as_deref()), (Some("https"), Some("a.b")));
        for text in
            ["for", "for=", "for=[::1]", "for=\"", "for=\"a\"b", "for=a;for=b", "=a", "f r=a", "for=\"a\\\""]
        {
            assert_eq!(Element::parse(text), None, "{text}");
        }
        assert_eq!(Element::parse(";"), Some(Element::default()));
    }

    #[test]
    fn a_node_is_an_address_with_or_without_a_port() {
        for (text, address) in [
            ("192.0.2.43", "192.0.2.43"),
            ("192.0.2.43:47011", "192.0.2.43"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:47011", "2001:db8::1"),
            ("::ffff:192.0.2.43", "192.0.2.43"),
        ] {
            assert_eq!(node(text), Some(address.parse().unwrap()), "{text}");
        }
        for text in [
            "",
            "unknown",
            "_hidden",
            "localhost",
            "1.2.3",
            "1.2.3.4:x",
            "[1.2.3.4",
            "0x7f.1",
            "fe80::1%eth0",
        ] {
            assert_eq!(node(text), None, "{text}");
        }
    }
}
