//! Whom a request is from, in spite of whoever would like to be somebody else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::Services;
use crate::http::{ClientInfo, ClientIp, Connection, FromRequestParts, Host, Overdue, Request, now_or_never};

struct Peer {
    address: Option<SocketAddr>,
    secure: bool,
}

impl Connection for Peer {
    fn peer_addr(&self) -> Option<SocketAddr> {
        self.address
    }
    fn local_addr(&self) -> Option<SocketAddr> {
        None
    }
    fn proxy_addr(&self) -> Option<SocketAddr> {
        None
    }
    fn is_secure(&self) -> bool {
        self.secure
    }
    fn client_certificate(&self) -> Option<&[u8]> {
        None
    }
    fn set_request_timeout(&self, _: Duration) {}
    fn overdue(&self) -> Option<Overdue> {
        None
    }
}

/// A request to `app:4000` from `peer` (`unix` for a socket without addresses), with `10.0.0.0/8` and this machine
/// trusted.
fn request(peer: &str, headers: &[(&str, &str)]) -> Request {
    with(TrustedProxies::new(["10.0.0.0/8", "127.0.0.1"].map(|range| range.parse().unwrap())), peer, headers)
}

fn with(proxies: TrustedProxies, peer: &str, headers: &[(&str, &str)]) -> Request {
    let mut request = Request::get("/").with_header("host", "app:4000");
    for (name, value) in headers {
        request = request.with_header(name, value);
    }
    let address = (peer != "unix").then(|| SocketAddr::new(peer.parse().unwrap(), 5000));
    request.set_connection(Arc::new(Peer { address, secure: false }));
    let mut services = Services::new();
    services.insert(proxies);
    request.set_services(Arc::new(services));
    request
}

fn client(request: &Request) -> (String, String) {
    let info = ClientInfo::of(request.head());
    assert_eq!(super::is_secure(request.head()), info.is_secure());
    let lent = super::host(request.head()).map(|host| match host {
        AskedHost::Name(name) => name.to_ascii_lowercase(),
        AskedHost::Address(address) => format!("[{address}]"),
    });
    assert_eq!(lent.as_deref(), info.host());
    let ip = info.ip().map_or("-".to_owned(), |ip| ip.to_string());
    (ip, format!("{}://{}", info.scheme(), info.authority().unwrap_or_default()))
}

const OWN: &str = "http://app:4000";

#[test]
fn nobody_can_pretend_to_be_somebody_else() {
    let xff = "x-forwarded-for";
    let proto = "x-forwarded-proto";
    let host = "x-forwarded-host";
    for (attack, peer, headers, ip, url) in [
        // Straight to us.
        ("without a proxy", "203.0.113.9", &[(xff, "1.1.1.1")][..], "203.0.113.9", OWN),
        (
            "without a proxy, all headers",
            "203.0.113.9",
            &[(xff, "1.1.1.1"), (proto, "https"), (host, "bank")],
            "203.0.113.9",
            OWN,
        ),
        (
            "without a proxy, Forwarded",
            "203.0.113.9",
            &[("forwarded", "for=1.1.1.1;proto=https;host=bank")],
            "203.0.113.9",
            OWN,
        ),
        ("a neighbour of the proxies", "11.0.0.1", &[(xff, "1.1.1.1")], "11.0.0.1", OWN),
        // Through one proxy, which adds the address that it saw.
        ("an honest client", "10.0.0.1", &[(xff, "203.0.113.9")], "203.0.113.9", OWN),
        ("an entry of one's own before it", "10.0.0.1", &[(xff, "1.1.1.1, 203.0.113.9")], "203.0.113.9", OWN),
        (
            "a line of one's own before it",
            "10.0.0.1",
            &[(xff, "1.1.1.1"), (xff, "203.0.113.9")],
            "203.0.113.9",
            OWN,
        ),
        ("a trusted address before it", "10.0.0.1", &[(xff, "10.9.9.9, 203.0.113.9")], "203.0.113.9", OWN),
        ("this machine before it", "10.0.0.1", &[(xff, "127.0.0.1, 203.0.113.9")], "203.0.113.9", OWN),
        ("rubbish before it", "10.0.0.1", &[(xff, "\", <b>, 203.0.113.9")], "203.0.113.9", OWN),
        ("bytes before it, in one line", "10.0.0.1", &[(xff, "ü, 203.0.113.9")], "203.0.113.9", OWN),
        ("bytes before it", "10.0.0.1", &[(xff, "ü"), (xff, "203.0.113.9")], "203.0.113.9", OWN),
        ("commas before it", "10.0.0.1", &[(xff, ",,1.1.1.1,,, 203.0.113.9 ,")], "203.0.113.9", OWN),
        ("a port with it", "10.0.0.1", &[(xff, "203.0.113.9:4711")], "203.0.113.9", OWN),
        ("IPv6", "10.0.0.1", &[(xff, "2001:db8::9")], "2001:db8::9", OWN),
        ("IPv4 within IPv6", "::ffff:10.0.0.1", &[(xff, "1.1.1.1, ::ffff:203.0.113.9")], "203.0.113.9", OWN),
        (
            "a trusted address within IPv6",
            "10.0.0.1",
            &[(xff, "203.0.113.9, ::ffff:10.0.0.2")],
            "203.0.113.9",
            OWN,
        ),
        // Through two.
        ("two proxies", "10.0.0.1", &[(xff, "1.1.1.1, 203.0.113.9, 10.0.0.2")], "203.0.113.9", OWN),
        ("all of ours", "10.0.0.1", &[(xff, "10.0.0.3, 10.0.0.2")], "10.0.0.3", OWN),
        // What no proxy of ours would write.
        ("no address where one must be", "10.0.0.1", &[(xff, "203.0.113.9, unknown")], "10.0.0.1", OWN),
        ("a name instead of an address", "10.0.0.1", &[(xff, "localhost")], "10.0.0.1", OWN),
        ("an empty list", "10.0.0.1", &[(xff, "")], "10.0.0.1", OWN),
        // The rest of them.
        (
            "the scheme",
            "10.0.0.1",
            &[(xff, "203.0.113.9"), (proto, "https")],
            "203.0.113.9",
            "https://app:4000",
        ),
        (
            "a scheme of one's own before it",
            "10.0.0.1",
            &[(xff, "1.1.1.1, 203.0.113.9"), (proto, "http, https")],
            "203.0.113.9",
            "https://app:4000",
        ),
        (
            "each proxy's scheme",
            "10.0.0.1",
            &[(xff, "203.0.113.9, 10.0.0.2"), (proto, "https, http")],
            "203.0.113.9",
            "https://app:4000",
        ),
        (
            "one scheme for two",
            "10.0.0.1",
            &[(xff, "203.0.113.9, 10.0.0.2"), (proto, "https")],
            "203.0.113.9",
            "https://app:4000",
        ),
        ("a WebSocket's scheme", "10.0.0.1", &[(proto, "WSS")], "10.0.0.1", "https://app:4000"),
        ("no scheme", "10.0.0.1", &[(proto, "javascript")], "10.0.0.1", OWN),
        (
            "the host",
            "10.0.0.1",
            &[(proto, "https"), (host, "Example.ORG")],
            "10.0.0.1",
            "https://example.org",
        ),
        (
            "a host of one's own before it",
            "10.0.0.1",
            &[(host, "evil, example.org")],
            "10.0.0.1",
            "http://example.org",
        ),
        ("no host", "10.0.0.1", &[(host, "evil/@x")], "10.0.0.1", OWN),
        (
            "the port",
            "10.0.0.1",
            &[(host, "example.org"), ("x-forwarded-port", "8080")],
            "10.0.0.1",
            "http://example.org:8080",
        ),
        (
            "the host's own port",
            "10.0.0.1",
            &[(host, "example.org:81"), ("x-forwarded-port", "8080")],
            "10.0.0.1",
            "http://example.org:81",
        ),
        (
            "the port alone",
            "10.0.0.1",
            &[(proto, "https"), ("x-forwarded-port", "443")],
            "10.0.0.1",
            "https://app",
        ),
        ("no port", "10.0.0.1", &[("x-forwarded-port", "99999")], "10.0.0.1", OWN),
        // RFC 7239
        (
            "Forwarded",
            "10.0.0.1",
            &[("forwarded", "for=203.0.113.9;proto=https;host=example.org")],
            "203.0.113.9",
            "https://example.org",
        ),
        (
            "an element of one's own",
            "10.0.0.1",
            &[("forwarded", "for=1.1.1.1;host=evil, for=203.0.113.9")],
            "203.0.113.9",
            OWN,
        ),
        (
            "a line of one's own",
            "10.0.0.1",
            &[("forwarded", "for=1.1.1.1"), ("forwarded", "for=203.0.113.9")],
            "203.0.113.9",
            OWN,
        ),
        (
            "a quote that never ends",
            "10.0.0.1",
            &[("forwarded", "for=\", for=203.0.113.9;proto=https")],
            "203.0.113.9",
            "https://app:4000",
        ),
        (
            "a quote and a comma",
            "10.0.0.1",
            &[("forwarded", "for=\"1.1.1.1, for=203.0.113.9\"")],
            "10.0.0.1",
            OWN,
        ),
        (
            "the element of the outer proxy",
            "10.0.0.1",
            &[("forwarded", "for=203.0.113.9;proto=https;host=a, for=10.0.0.2;proto=http;host=b")],
            "203.0.113.9",
            "https://a",
        ),
        (
            "an address in brackets",
            "10.0.0.1",
            &[("forwarded", "For=\"[2001:db8::9]:4711\"")],
            "2001:db8::9",
            OWN,
        ),
        (
            "a client that hides",
            "10.0.0.1",
            &[("forwarded", "for=1.1.1.1, for=_hidden;proto=https")],
            "10.0.0.1",
            "https://app:4000",
        ),
        ("an address twice", "10.0.0.1", &[("forwarded", "for=203.0.113.9;for=1.1.1.1")], "10.0.0.1", OWN),
        (
            "Forwarded beside X-Forwarded-For",
            "10.0.0.1",
            &[("forwarded", "for=1.1.1.1;host=evil"), (xff, "203.0.113.9")],
            "203.0.113.9",
            OWN,
        ),
        // A unix socket: the other end is a process of this machine, which is trusted here.
        ("a unix socket", "unix", &[(xff, "1.1.1.1, 203.0.113.9")], "203.0.113.9", OWN),
        ("a unix socket without a word", "unix", &[], "-", OWN),
    ] {
        assert_eq!(client(&request(peer, headers)), (ip.to_owned(), url.to_owned()), "{attack}");
    }
}

#[test]
fn without_trusted_proxies_the_connection_counts() {
    let headers = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-proto", "https")];
    let nobody = with(TrustedProxies::default(), "127.0.0.1", &headers);
    assert_eq!(client(&nobody), ("127.0.0.1".into(), OWN.into()));
    assert_eq!(client(&with(TrustedProxies::default(), "unix", &headers)), ("-".into(), OWN.into()));
    let no_connection =
        Request::get("/").with_header("host", "app").with_header("x-forwarded-for", "1.1.1.1");
    assert_eq!(client(&no_connection), ("-".into(), "http://app".into()));
}

#[test]
fn a_header_that_the_proxies_do_not_write_is_not_read() {
    let proxies = || TrustedProxies::new(["10.0.0.0/8".parse().unwrap()]);
    let headers = [
        ("x-forwarded-for", "1.1.1.1"),
        ("x-forwarded-host", "evil"),
        ("forwarded", "for=203.0.113.9;proto=https"),
    ];
    let url = |proxies: TrustedProxies| client(&with(proxies, "10.0.0.1", &headers));
    let of = |ip: &str, url: &str| (ip.to_owned(), url.to_owned());
    assert_eq!(url(proxies()), of("1.1.1.1", "http://evil"));
    assert_eq!(url(proxies().reading(&[ProxyHeader::For])), of("1.1.1.1", OWN));
    assert_eq!(url(proxies().reading(&[ProxyHeader::Forwarded])), of("203.0.113.9", "https://app:4000"));
    assert_eq!(url(proxies().reading(&[])), of("10.0.0.1", OWN));
}

#[test]
fn a_setting_names_a_header() {
    for header in ProxyHeader::ALL {
        assert_eq!(ProxyHeader::read(&header.show().unwrap()), Some(header));
    }
    assert_eq!(ProxyHeader::read(&Raw::Text("x-real-ip".into())), None);
}

#[test]
fn the_target_says_the_host_where_it_has_one() {
    let request = Request::get("http://Example.org:81/x").with_header("host", "other");
    assert_eq!(client(&request).1, "http://example.org:81");
}

#[test]
fn a_host_that_is_missing_or_none_is_refused() {
    let host = |mut request: Request| now_or_never(Host::from_request_parts(&mut request)).unwrap();
    let optional =
        |mut request: Request| now_or_never(Option::<Host>::from_request_parts(&mut request)).unwrap();
    let asked = |host: &str| Request::get("/").with_header("host", host);
    assert_eq!(host(asked("Example.org:4000")).unwrap().0, "example.org");
    let missing = host(Request::get("/")).unwrap_err();
    assert_eq!((missing.status(), &*missing.to_string()), (400, "The header `host` is missing."));
    assert_eq!(optional(Request::get("/")).unwrap(), None);
    let odd = optional(asked("a b")).unwrap_err();
    let message = "The header `host` does not fit: expected the name of a host, not `a b`.";
    assert_eq!((odd.status(), &*odd.to_string()), (400, message));
}

#[test]
fn an_address_that_is_not_known_is_the_apps_mistake() {
    let mut request = request("unix", &[]);
    assert_eq!(now_or_never(ClientIp::from_request_parts(&mut request)).unwrap().unwrap_err().status(), 500);
    assert_eq!(now_or_never(Option::<ClientIp>::from_request_parts(&mut request)).unwrap().unwrap(), None);
}
