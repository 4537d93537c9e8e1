//! What proxies, and those who would like to be some, may write. On the stable toolchain these run over random inputs and the
//! kept corpus in `__fuzz__`; `cargo bolero test` drives them with a fuzzer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use zzz_core::Services;
use zzz_core::http::forwarded::{self, AskedHost};
use zzz_core::http::{
    ClientInfo, Connection, FromRequestParts, HeaderValue, Host, OptionalFromRequestParts, Overdue,
    ProxyHeader, Request, TrustedProxies, Uri, now_or_never,
};

fn of_words(choice: &[u8], words: &[&[u8]]) -> Vec<u8> {
    choice.iter().flat_map(|at| words[usize::from(*at) % words.len()]).copied().collect()
}

/// The proxy at the other end of a connection.
struct Proxy;

impl Connection for Proxy {
    fn peer_addr(&self) -> Option<SocketAddr> {
        Some(([10, 0, 0, 1], 5000).into())
    }
    fn local_addr(&self) -> Option<SocketAddr> {
        None
    }
    fn proxy_addr(&self) -> Option<SocketAddr> {
        None
    }
    fn is_secure(&self) -> bool {
        false
    }
    fn client_certificate(&self) -> Option<&[u8]> {
        None
    }
    fn set_request_timeout(&self, _: Duration) {}
    fn overdue(&self) -> Option<Overdue> {
        None
    }
}

/// Behind a proxy that adds the client's address, nothing that the client writes before it says another.
#[test]
fn whatever_a_client_writes_the_proxys_word_counts() {
    const PARTS: &[&[u8]] = &[
        b"for=",
        b"host=",
        b"proto=",
        b"1.1.1.1",
        b"10.0.0.2",
        b"\"",
        b"\\",
        b",",
        b";",
        b"=",
        b" ",
        b"[::1]",
        b"https",
        b"evil",
        b"\xff",
        b":80",
    ];
    bolero::check!().with_type::<(bool, bool, Vec<u8>)>().for_each(|(rfc, own_line, choice)| {
        let (name, word) = if *rfc {
            ("forwarded", &b"for=203.0.113.9;proto=https;host=example.org"[..])
        } else {
            ("x-forwarded-for", &b"203.0.113.9"[..])
        };
        let mut request = Request::get("/").with_header("host", "app");
        let invented = of_words(choice, PARTS);
        let lines =
            if *own_line { vec![invented, word.to_vec()] } else { vec![[&*invented, b", ", word].concat()] };
        for line in lines {
            request.headers_mut().append(name, HeaderValue::from_bytes(&line).unwrap());
        }
        request.set_connection(Arc::new(Proxy));
        let mut services = Services::new();
        services.insert(TrustedProxies::new(["10.0.0.0/8".parse().unwrap()]));
        request.set_services(Arc::new(services));
        let info = ClientInfo::of(request.head());
        assert_eq!(info.ip().unwrap().to_string(), "203.0.113.9");
        if *rfc {
            assert_eq!((info.scheme(), info.host()), ("https", Some("example.org")));
        }
    });
}

/// What may stand in these headers, and some of what may not.
const WORDS: &[&[u8]] = &[
    b"example.org",
    b"EXAMPLE",
    b"a",
    b".",
    b"-",
    b"_",
    b":",
    b":80",
    b":443",
    b":0",
    b":99999",
    b"[",
    b"]",
    b"[::1]",
    b"[2001:DB8::0:1]",
    b"::1",
    b"127.0.0.1",
    b"10.0.0.2",
    b"203.0.113.9",
    b"%",
    b"%2f",
    b"/",
    b"\\",
    b"@",
    b"?",
    b"#",
    b"<",
    b">",
    b"\"",
    b"'",
    b" ",
    b"\t",
    b",",
    b";",
    b"=",
    b"for=",
    b"host=",
    b"proto=",
    b"https",
    b"http",
    b"unknown",
    b"\xff",
    b"\xc3\xbc",
];

/// As RFC 3986 has it, in lower case: an IPv6 address in its shortest form, or a name.
fn is_host(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match address {
        Some(address) => address.parse::<Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() == address),
        None => {
            let is_plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
            (1..=253).contains(&host.len()) && host.bytes().all(is_plain)
        }
    }
}

/// Everything that is said of the client is well-formed, and said alike by whoever says it.
fn check(request: Request) {
    let info = ClientInfo::of(request.head());
    assert_eq!(forwarded::is_secure(request.head()), info.is_secure());
    assert!(info.port() > 0);
    let lent = forwarded::host(request.head()).map(|host| match host {
        AskedHost::Name(name) => name.to_ascii_lowercase(),
        AskedHost::Address(address) => format!("[{address}]"),
    });
    assert_eq!(lent.as_deref(), info.host());
    if let Some(host) = info.host() {
        assert!(is_host(host), "{host:?}");
        // It is the host of an address that is made with it, and nothing else of it.
        let uri: Uri = format!("{}://{}/path", info.scheme(), info.authority().unwrap()).parse().unwrap();
        assert_eq!((uri.host(), uri.path(), uri.query()), (Some(host), "/path", None));
        assert_eq!(uri.port_u16().unwrap_or(if info.is_secure() { 443 } else { 80 }), info.port());
    }
    let has_host = request.headers().contains_key("host");
    let (parts, _) = &mut (request.into_parts());
    let extracted = now_or_never(Host::from_request_parts(parts)).unwrap();
    let optional = now_or_never(Host::from_request_parts_if_any(parts)).unwrap();
    match (info.host(), extracted, optional) {
        (Some(host), Ok(one), Ok(Some(other))) => assert_eq!((&*one.0, &*other.0), (host, host)),
        (None, Err(error), Ok(None)) => assert_eq!((error.status(), has_host), (400, false)),
        (None, Err(error), Err(other)) => {
            assert_eq!((error.status(), other.status(), has_host), (400, 400, true));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn whoever_says_it_a_host_is_one() {
    type Lines = Vec<(u8, Vec<u8>)>;
    bolero::check!().with_type::<(u8, Lines)>().for_each(|(kind, lines)| {
        let mut request = Request::get("/");
        let mut services = Services::new();
        let trusted = if kind & 1 == 0 { "10.0.0.0/8" } else { "192.0.2.0/24" };
        services.insert(TrustedProxies::new([trusted.parse().unwrap()]));
        for (name, choice) in lines {
            let value = of_words(choice, WORDS);
            match usize::from(name % 8) {
                0 => {
                    let target = format!("http://{}/", String::from_utf8_lossy(&value));
                    let uri = target.parse().ok().filter(|uri: &Uri| uri.authority().is_some());
                    if let Some(uri) = uri {
                        let (mut parts, ()) = http::Request::new(()).into_parts();
                        parts.uri = uri;
                        parts.headers = request.headers().clone();
                        request = Request::from_http(parts, zzz_core::http::Body::empty());
                    }
                }
                at => {
                    let header = ProxyHeader::ALL.get(at - 1).map_or("host", |header| header.name());
                    if let Ok(value) = HeaderValue::from_bytes(&value) {
                        request.headers_mut().append(header, value);
                    }
                }
            }
        }
        if kind & 2 == 0 {
            request.set_connection(Arc::new(Proxy));
        }
        request.set_services(Arc::new(services));
        check(request);
    });
}

#[test]
fn any_bytes_for_a_host() {
    bolero::check!().for_each(|input: &[u8]| {
        for header in ProxyHeader::ALL.map(ProxyHeader::name).into_iter().chain(["host"]) {
            let Ok(value) = HeaderValue::from_bytes(input) else { return };
            let mut request = Request::get("/");
            request.headers_mut().insert(header, value);
            request.set_connection(Arc::new(Proxy));
            let mut services = Services::new();
            services.insert(TrustedProxies::new(["10.0.0.0/8".parse().unwrap()]));
            request.set_services(Arc::new(services));
            check(request);
        }
    });
}
