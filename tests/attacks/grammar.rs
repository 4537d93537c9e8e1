//! Reliability rows 4, 5 and 14: what RFC 9110 and 9112 call invalid in a request line or a header is refused.

use crate::harness::h1::{self, NoReply};
use crate::harness::target::Target;
use crate::harness::wire::Wire;
use crate::refusals::{Refusal, Refused, are_refused};

fn refusals(rows: &[(&str, &[u8])], statuses: &'static [u16]) -> Vec<Refusal<'static>> {
    rows.iter()
        .map(|(name, bytes)| Refusal {
            name: (*name).to_owned(),
            bytes: bytes.to_vec(),
            statuses,
            refused: Refused::BeforeTheApp,
        })
        .collect()
}

#[test]
fn row_4_a_host_that_is_missing_double_or_no_host_is_refused() {
    let mut hosts: Vec<Refusal<'_>> = [
        "a@b",
        "a/b",
        "a b",
        "a,b",
        "a?b",
        "a#b",
        "a\\b",
        "a:b",
        "a:80:80",
        "a:99999",
        "a:-1",
        "a: 80",
        ":80",
        "[::1",
        "::1",
        "[::1]x",
        "[zz]",
        "a\"b",
        "a<b",
        "a|b",
        "a^b",
        "a`b",
        "a{b",
        "user:pw@a",
        "http://a",
        "a%",
        "a%zz",
        "\u{e9}.example",
        "a\tb",
    ]
    .iter()
    .map(|host| Refusal {
        name: format!("host: {host}"),
        bytes: format!("GET /echo HTTP/1.1\r\nhost: {host}\r\n\r\n").into_bytes(),
        statuses: &[400],
        refused: Refused::BeforeTheApp,
    })
    .collect();
    hosts.extend(refusals(
        &[
            ("no host", b"GET /echo HTTP/1.1\r\n\r\n"),
            ("no host, but others", b"GET /echo HTTP/1.1\r\naccept: */*\r\n\r\n"),
            ("two hosts", b"GET /echo HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n"),
            ("the same host twice", b"GET /echo HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n"),
            ("two hosts, in two cases", b"GET /echo HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n"),
            ("an empty host", b"GET /echo HTTP/1.1\r\nhost:\r\n\r\n"),
            ("no host beside an absolute target", b"GET http://a/echo HTTP/1.1\r\n\r\n"),
            ("an empty host beside an absolute target", b"GET http://a/echo HTTP/1.1\r\nhost:\r\n\r\n"),
            ("a bad host beside an absolute target", b"GET http://a/echo HTTP/1.1\r\nhost: b@c\r\n\r\n"),
            (
                "two hosts beside an absolute target",
                b"GET http://a/echo HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n",
            ),
            ("user info in an absolute target", b"GET http://u:p@a/echo HTTP/1.1\r\nhost: a\r\n\r\n"),
            ("an absolute target without authority", b"GET http:///echo HTTP/1.1\r\nhost: a\r\n\r\n"),
            ("two hosts on HTTP/1.0", b"GET /echo HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n"),
            ("a bad host on HTTP/1.0", b"GET /echo HTTP/1.0\r\nhost: a@b\r\n\r\n"),
        ],
        &[400],
    ));
    are_refused(&hosts);
}

#[test]
fn row_4_hosts_of_every_kind_are_served() {
    let target = Target::start(&[]);
    for host in
        ["localhost", "LOCALHOST:4000", "a.example", "127.0.0.1:80", "[::1]", "[::1]:80", "a_b", "a-b.c:0"]
    {
        let mut wire = Wire::connect(target.plain);
        wire.send(format!("GET /head HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes());
        assert_eq!(h1::reply(&mut wire, false).unwrap().status, 200, "{host}");
    }
    let mut old = Wire::connect(target.plain);
    old.send(b"GET /head HTTP/1.0\r\n\r\n");
    assert_eq!(h1::reply(&mut old, false).unwrap().status, 200, "HTTP/1.0 needs none");
}

#[test]
fn row_4_the_authority_of_an_absolute_target_wins_over_host() {
    let target = Target::start(&[]);
    let mut wire = Wire::connect(target.plain);
    wire.send(b"GET http://right.example:81/head?q=1 HTTP/1.1\r\nhost: wrong.example\r\n\r\n");
    let reply = h1::reply(&mut wire, false).unwrap();
    let seen: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!((reply.status, &seen["path"]), (200, &"/head".into()));
    let host = seen["headers"].as_array().unwrap().iter().find(|header| header[0] == "host").unwrap();
    assert_eq!(host[1], "right.example:81", "the app reads the host that counts: {seen}");
}

#[test]
fn row_5_bytes_that_no_head_may_hold_are_refused() {
    let mut rows: Vec<Refusal<'_>> = Vec::new();
    for byte in (0..=0x1f_u8).filter(|byte| !b"\t\n\r".contains(byte)).chain([0x7f]) {
        let with = |before: &str, after: &str| [before.as_bytes(), &[byte], after.as_bytes()].concat();
        let places = [
            ("a value", with("GET /echo HTTP/1.1\r\nhost: localhost\r\nx: a", "b\r\n\r\n")),
            ("a name", with("GET /echo HTTP/1.1\r\nhost: localhost\r\nx", "y: z\r\n\r\n")),
            ("a target", with("GET /echo", " HTTP/1.1\r\nhost: localhost\r\n\r\n")),
            ("a method", with("GE", "T /echo HTTP/1.1\r\nhost: localhost\r\n\r\n")),
        ];
        rows.extend(places.into_iter().map(|(place, bytes)| Refusal {
            name: format!("{byte:#04x} within {place}"),
            bytes,
            statuses: &[400],
            refused: Refused::BeforeTheApp,
        }));
    }
    for name in [
        "x y", "x(", "x)", "x<", "x>", "x@", "x,", "x;", "x\\", "x\"", "x/", "x[", "x]", "x?", "x=", "x{",
        "\u{e9}",
    ] {
        rows.push(Refusal {
            name: format!("the name {name}"),
            bytes: format!("GET /echo HTTP/1.1\r\nhost: localhost\r\n{name}: z\r\n\r\n").into_bytes(),
            statuses: &[400],
            refused: Refused::BeforeTheApp,
        });
    }
    rows.extend(refusals(
        &[
            ("CR alone within a value", b"GET /echo HTTP/1.1\r\nhost: localhost\r\nx: a\rb\r\n\r\n"),
            ("CR alone after a value", b"GET /echo HTTP/1.1\r\nhost: localhost\r\nx: a\ry: b\r\n\r\n"),
            ("CR alone after the request line", b"GET /echo HTTP/1.1\rhost: localhost\r\n\r\n"),
            ("a folded value", b"GET /echo HTTP/1.1\r\nhost: localhost\r\nx: a\r\n b\r\n\r\n"),
            ("a value folded with a tab", b"GET /echo HTTP/1.1\r\nhost: localhost\r\nx: a\r\n\tb\r\n\r\n"),
            ("a space before the first header", b"GET /echo HTTP/1.1\r\n host: localhost\r\n\r\n"),
            ("a space before the colon", b"GET /echo HTTP/1.1\r\nhost : localhost\r\n\r\n"),
            ("no colon", b"GET /echo HTTP/1.1\r\nhost: localhost\r\nx\r\n\r\n"),
            ("no name", b"GET /echo HTTP/1.1\r\nhost: localhost\r\n: z\r\n\r\n"),
            ("two spaces before the target", b"GET  /echo HTTP/1.1\r\nhost: localhost\r\n\r\n"),
            ("two spaces after the target", b"GET /echo  HTTP/1.1\r\nhost: localhost\r\n\r\n"),
            ("a tab for a space", b"GET\t/echo\tHTTP/1.1\r\nhost: localhost\r\n\r\n"),
            ("a space after the version", b"GET /echo HTTP/1.1 \r\nhost: localhost\r\n\r\n"),
            ("a space before the method", b" GET /echo HTTP/1.1\r\nhost: localhost\r\n\r\n"),
            ("a space within the target", b"GET /ec ho HTTP/1.1\r\nhost: localhost\r\n\r\n"),
            ("no target", b"GET HTTP/1.1\r\nhost: localhost\r\n\r\n"),
            ("a target without its slash", b"GET echo HTTP/1.1\r\nhost: localhost\r\n\r\n"),
            ("a target of another scheme", b"GET ftp://localhost/echo HTTP/1.1\r\nhost: localhost\r\n\r\n"),
            ("* as a GET's target", b"GET * HTTP/1.1\r\nhost: localhost\r\n\r\n"),
            ("no text at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
        ],
        &[400],
    ));
    are_refused(&rows);
}

#[test]
fn row_5_lines_that_end_in_lf_alone_are_refused_where_a_body_may_follow() {
    are_refused(&refusals(
        &[
            ("all lines", b"POST /echo HTTP/1.1\nhost: localhost\ncontent-length: 3\n\nabc"),
            ("the request line", b"POST /echo HTTP/1.1\nhost: localhost\r\ncontent-length: 3\r\n\r\nabc"),
            ("a header", b"POST /echo HTTP/1.1\r\nhost: localhost\nx: y\r\ncontent-length: 3\r\n\r\nabc"),
            ("a header before a length", b"PUT /echo HTTP/1.1\r\nhost: localhost\r\nx: y\ncontent-length: 3\r\n\r\nabc"),
            ("a length", b"POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\n\r\nabc"),
            ("the end of the head", b"POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\nabc"),
            ("a coding", b"POST /echo HTTP/1.1\r\nhost: localhost\r\nx: y\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        ],
        &[400],
    ));
}

/// Heads of GET are not looked at twice, since every request would pay for it; hyper takes LF for the end of a line
/// (RFC 9112, section 2.2, allows it), and both requests are what they seem to be.
#[test]
fn row_5_a_get_whose_lines_end_in_lf_alone_is_one_request() {
    let target = Target::start(&[]);
    for head in [
        "GET /exact/first HTTP/1.1\nhost: localhost\n\n",
        "GET /exact/first HTTP/1.1\r\nhost: localhost\r\n\n",
    ] {
        let mut wire = Wire::connect(target.plain);
        wire.send(
            format!("{head}GET /exact/second HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                .as_bytes(),
        );
        let first = h1::reply(&mut wire, false).unwrap();
        if first.status == 200 {
            assert_eq!(first.text(), "first");
            assert_eq!(h1::reply(&mut wire, false).unwrap().text(), "second");
        }
        assert_eq!(wire.rest(), b"");
    }
}

#[test]
fn row_14_versions_that_are_not_spoken_are_refused() {
    are_refused(&refusals(
        &[
            ("1.2", b"GET /echo HTTP/1.2\r\nhost: localhost\r\n\r\n"),
            ("2.0 on a connection of 1.1", b"GET /echo HTTP/2.0\r\nhost: localhost\r\n\r\n"),
            ("3.0", b"GET /echo HTTP/3.0\r\nhost: localhost\r\n\r\n"),
            ("0.9 with headers", b"GET /echo HTTP/0.9\r\nhost: localhost\r\n\r\n"),
            ("no version", b"GET /echo\r\n\r\n"),
            ("1.10", b"GET /echo HTTP/1.10\r\nhost: localhost\r\n\r\n"),
            ("01.1", b"GET /echo HTTP/01.1\r\nhost: localhost\r\n\r\n"),
            ("1", b"GET /echo HTTP/1\r\nhost: localhost\r\n\r\n"),
            ("in lower case", b"GET /echo http/1.1\r\nhost: localhost\r\n\r\n"),
            ("of another protocol", b"GET /echo RTSP/1.0\r\nhost: localhost\r\n\r\n"),
        ],
        &[400, 505],
    ));
}

#[test]
fn row_14_methods_that_no_route_has_are_refused() {
    let target = Target::start(&[]);
    let status_and_allow = |method: &str, path: &str| {
        let mut wire = Wire::connect(target.plain);
        wire.send(format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes());
        let reply = h1::reply(&mut wire, false).unwrap_or_else(|why| panic!("{method}: {why:?}"));
        (reply.status, reply.header("allow").map(str::to_owned))
    };
    for method in ["BREW", "get", "Get", "PROPFIND", "DELETE"] {
        let (status, allow) = status_and_allow(method, "/exact/a");
        assert!(matches!(status, 405 | 501), "{method}: {status}");
        assert!(
            status == 501 || allow.as_deref().is_some_and(|allow| allow.contains("GET")),
            "{method}: {allow:?}"
        );
    }
    // `/echo` takes every method: these two are refused all the same.
    let before = target.board().committed;
    for (method, path) in
        [("TRACE", "/echo"), ("TRACE", "/exact/a"), ("CONNECT", "/echo"), ("CONNECT", "localhost:80")]
    {
        let mut wire = Wire::connect(target.plain);
        wire.send(format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes());
        match h1::reply(&mut wire, false) {
            Ok(reply) => {
                assert!(matches!(reply.status, 400 | 404 | 405 | 501), "{method} {path}: {}", reply.status)
            }
            Err(NoReply::Cut(_)) => {}
            Err(other) => panic!("{method} {path}: {other:?}"),
        }
    }
    assert_eq!(target.board().committed, before, "no handler did its work");
}
