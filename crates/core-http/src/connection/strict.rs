//! What hyper lets through and HTTP does not allow: hosts, methods, targets, transfer codings.
//!
//! A request that two readers may understand in two ways is refused with 400, and its connection closes, so that
//! nothing that hides in it is ever dispatched (RFC 9112, 11.2).

use std::cell::OnceCell;

use http::header::{CONNECTION, EXPECT, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};
use zzz_core::http::Request;

/// The first host of a connection that was found valid. Its requests have the same nearly always, and comparing is
/// cheaper than checking.
#[derive(Default)]
pub(super) struct Hosts(OnceCell<Box<[u8]>>);

impl Hosts {
    #[inline]
    fn is_valid(&self, host: &[u8]) -> bool {
        self.0.get().is_some_and(|known| **known == *host) || self.is_valid_new(host)
    }

    #[cold]
    fn is_valid_new(&self, host: &[u8]) -> bool {
        let valid = is_valid_host(host);
        if valid {
            let _ = self.0.set(host.into());
        }
        valid
    }
}

/// Checks a request of HTTP/1. One that is in order has a `Host` header that says whom it is for, also if its
/// target is in absolute form, where the header does not count (RFC 9112, 3.2.2).
///
/// # Errors
/// The status to refuse it with.
#[inline]
pub(super) fn http1(
    request: &mut Request,
    max_target: usize,
    chunked: bool,
    hosts: &Hosts,
) -> Result<(), StatusCode> {
    let parts = request.http();
    if chunked {
        only_chunked(parts)?;
    }
    if is_refused(&parts.method) {
        return Err(StatusCode::NOT_IMPLEMENTED);
    }
    let host = single_host(&parts.headers)?;
    match host {
        Some(host) if hosts.is_valid(host.as_bytes()) => {}
        // Only HTTP/1.1 made it an obligation.
        None if parts.version == Version::HTTP_10 => {}
        _ => return Err(StatusCode::BAD_REQUEST),
    }
    match origin_form(&parts.uri) {
        Some(target) if target.len() <= max_target => Ok(()),
        _ => other_form(request.http_mut(), max_target),
    }
}

/// A request of HTTP/2 is malformed.
#[cfg(feature = "http2")]
#[derive(Debug)]
pub(super) struct Malformed;

/// How long the values of a head are that is not malformed in a way that the machine does not see (RFC 9113, 8.2.1 and
/// 8.3.1): values do not begin or end with white space, and the scheme is one of HTTP.
#[cfg(feature = "http2")]
pub(super) fn well_formed(parts: &Parts) -> Result<u64, Malformed> {
    let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    let mut length = 0;
    let mut padded = |value: &HeaderValue| {
        length += value.len() as u64;
        is_space(value.as_bytes().first()) || is_space(value.as_bytes().last())
    };
    let foreign = match parts.uri.scheme_str() {
        Some(scheme) => !matches!(scheme, "http" | "https"),
        // Without an authority the machine does not pass it on; and CONNECT, which has none, is refused anyway.
        None => parts.uri.authority().is_some() && parts.method != Method::CONNECT,
    };
    if foreign || parts.headers.values().any(&mut padded) { Err(Malformed) } else { Ok(length) }
}

/// Checks a request of HTTP/2. One that is in order has a `Host` header, also if it came with `:authority` alone.
///
/// # Errors
/// The status to refuse it with.
#[cfg(feature = "http2")]
pub(super) fn http2(parts: &mut Parts, max_target: usize) -> Result<(), StatusCode> {
    if target_length(&parts.uri) > max_target {
        return Err(StatusCode::URI_TOO_LONG);
    }
    if is_refused(&parts.method) {
        return Err(StatusCode::NOT_IMPLEMENTED);
    }
    let host = single_host(&parts.headers)?;
    match (parts.uri.authority(), host) {
        (None, None) => return Err(StatusCode::BAD_REQUEST),
        // Two that differ are malformed (RFC 9113, 8.3.1).
        (Some(authority), Some(host))
            if !authority.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes()) =>
        {
            return Err(StatusCode::BAD_REQUEST);
        }
        (_, Some(host)) if !is_valid_host(host.as_bytes()) => return Err(StatusCode::BAD_REQUEST),
        (Some(authority), None) => {
            let host = header_of(authority)?;
            parts.headers.insert(HOST, host);
        }
        _ => {}
    }
    check_path(parts)
}

/// The target, if it is a path with or without a query: what nearly every target of HTTP/1 is.
#[inline]
fn origin_form(uri: &Uri) -> Option<&str> {
    if uri.scheme().is_some() || uri.authority().is_some() {
        return None;
    }
    uri.path_and_query().map(http::uri::PathAndQuery::as_str).filter(|target| target.starts_with('/'))
}

/// How long a request's target was as it came.
#[cold]
pub(super) fn target_length(uri: &Uri) -> usize {
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    uri.path_and_query().map_or(0, |target| target.as_str().len()) + authority
}

#[cold]
fn other_form(parts: &mut Parts, max_target: usize) -> Result<(), StatusCode> {
    if target_length(&parts.uri) > max_target {
        return Err(StatusCode::URI_TOO_LONG);
    }
    if let Some(scheme) = parts.uri.scheme_str() {
        let authority = parts.uri.authority().ok_or(StatusCode::BAD_REQUEST)?;
        if !matches!(scheme, "http" | "https") {
            return Err(StatusCode::BAD_REQUEST);
        }
        let host = header_of(authority)?;
        parts.headers.insert(HOST, host);
    } else if parts.uri.authority().is_some() {
        // The authority form is CONNECT's.
        return Err(StatusCode::BAD_REQUEST);
    }
    check_path(parts)
}

/// A path begins with a slash; `*` stands for the server as a whole, and only OPTIONS may ask for that.
fn check_path(parts: &Parts) -> Result<(), StatusCode> {
    match parts.uri.path() {
        "*" if parts.method == Method::OPTIONS => Ok(()),
        // `http://example.org?query` has no path, and OPTIONS with `http://example.org` asks for `*`.
        "" if parts.uri.scheme().is_some() => Ok(()),
        path if path.starts_with('/') => Ok(()),
        _ => Err(StatusCode::BAD_REQUEST),
    }
}

fn header_of(authority: &Authority) -> Result<HeaderValue, StatusCode> {
    let host = authority.as_str();
    if !is_valid_host(host.as_bytes()) {
        return Err(StatusCode::BAD_REQUEST);
    }
    HeaderValue::from_str(host).map_err(|_| StatusCode::BAD_REQUEST)
}

/// No app wants its requests echoed, or to be a tunnel.
fn is_refused(method: &Method) -> bool {
    *method == Method::TRACE || *method == Method::CONNECT
}

/// hyper takes the last of several codings, and several headers (RFC 9112, 6.1: we know no coding but chunked). A
/// body of a GET is of use to nobody but smugglers (RFC 9110, 9.3.1).
#[cold]
fn only_chunked(parts: &Parts) -> Result<(), StatusCode> {
    let mut codings = parts.headers.get_all(TRANSFER_ENCODING).iter();
    let chunked = codings.next().is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    if chunked && codings.next().is_none() && !matches!(parts.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    Err(StatusCode::BAD_REQUEST)
}

/// The `Host` header; more than one is an error.
#[inline(always)]
fn single_host(headers: &HeaderMap) -> Result<Option<&HeaderValue>, StatusCode> {
    // Most clients send it first, and what is first is found without a hash; and with as many names as headers, none
    // is there twice.
    match headers.iter().next() {
        Some((name, host)) if *name == HOST && headers.len() == headers.keys_len() => Ok(Some(host)),
        _ => search_host(headers),
    }
}

fn search_host(headers: &HeaderMap) -> Result<Option<&HeaderValue>, StatusCode> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (host, None) => Ok(host),
        _ => Err(StatusCode::BAD_REQUEST),
    }
}

/// Whether this is a name or an address with or without a port (RFC 3986, 3.2.2). Of the characters that the grammar
/// allows in names, those that no name on the internet has are refused: `a,b` is two hosts to some readers.
fn is_valid_host(host: &[u8]) -> bool {
    let (name, port) = match host.iter().rposition(|byte| *byte == b':' || *byte == b']') {
        Some(at) if host[at] == b':' => (&host[..at], &host[at + 1..]),
        _ => (host, &host[..0]),
    };
    is_valid_port(port) && (is_valid_name(name) || is_valid_address(name))
}

/// None, or a number that is a port.
fn is_valid_port(port: &[u8]) -> bool {
    let digits = port.iter().all(u8::is_ascii_digit);
    port.is_empty() || digits && std::str::from_utf8(port).is_ok_and(|port| port.parse::<u16>().is_ok())
}

fn is_valid_name(name: &[u8]) -> bool {
    let valid = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !name.is_empty() && name.len() <= 255 && name.iter().all(valid)
}

/// `[::1]`
fn is_valid_address(name: &[u8]) -> bool {
    let address = name.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    address
        .and_then(|address| std::str::from_utf8(address).ok())
        .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
}

/// Whether something is expected that the server can not do (RFC 9110, 10.1.1): it knows 100-continue only, and does
/// that when somebody reads the body.
pub(super) fn expects_too_much(headers: &HeaderMap) -> bool {
    headers.get_all(EXPECT).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// Whether the client asks for another protocol: `Upgrade` counts only if `Connection` names it (RFC 9110, 7.8).
pub(super) fn asks_for_upgrade(headers: &HeaderMap) -> bool {
    let is_upgrade = |token: &str| token.trim().eq_ignore_ascii_case("upgrade");
    headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(is_upgrade))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_100_continue_can_be_expected() {
        for (values, too_much) in [
            (&[][..], false),
            (&["100-continue"], false),
            (&["100-Continue"], false),
            (&["200-ok"], true),
            (&[""], true),
            (&["100-continue, 200-ok"], true),
            (&["100-continue", "magic"], true),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(EXPECT, HeaderValue::from_static(value));
            }
            assert_eq!(expects_too_much(&headers), too_much, "{values:?}");
        }
    }

    #[test]
    fn hosts_are_names_or_addresses_with_or_without_a_port() {
        let long = "x".repeat(256);
        for (host, valid) in [
            ("example.org", true),
            ("example.org:8080", true),
            ("example.org:", true),
            ("my_service-1.internal.", true),
            ("127.0.0.1:80", true),
            ("[::1]", true),
            ("[::ffff:1.2.3.4]:443", true),
            ("", false),
            (":80", false),
            ("a@b", false),
            ("a/b", false),
            ("a b", false),
            ("a,b", false),
            ("a\tb", false),
            ("a?b", false),
            ("a#b", false),
            ("a\\b", false),
            ("a:b", false),
            ("a:65535", true),
            ("a:65536", false),
            ("a:99999", false),
            ("a:123456", false),
            ("a:+80", false),
            ("a:1:2", false),
            ("::1", false),
            ("[::1", false),
            ("[a]", false),
            ("[::1]x", false),
            ("[::1]:x", false),
            ("m\u{fc}nchen.example", false),
            (&long, false),
        ] {
            assert_eq!(is_valid_host(host.as_bytes()), valid, "{host:?}");
            let hosts = Hosts::default();
            for _ in 0..2 {
                assert_eq!(hosts.is_valid(host.as_bytes()), valid, "{host:?}, twice");
            }
            assert!(hosts.is_valid(b"other.example"), "after {host:?}");
        }
    }
}
