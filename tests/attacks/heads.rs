//! Reliability rows 7, 9, 10 and 12: heads that are too large, `Expect`, responses without a body, and headers
//! that pretend to come from a proxy.

use std::time::Duration;

use crate::harness::flow::{self, Transport, over_all};
use crate::harness::h1;
use crate::harness::target::Target;
use crate::harness::wire::Wire;
use crate::harness::witness::Witness;

/// A head of these headers gets one of these statuses, over every transport, and the app does not see it.
fn is_answered(what: &str, path: &str, headers: &[(&str, &str)], statuses: &[u16], dispatched: u64) {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    over_all(|transport| {
        let before = target.board().dispatched;
        let answer = flow::ask(transport, &target, ("POST", path), headers, b"abc");
        let status = answer.status.unwrap_or(0);
        assert!(statuses.contains(&status), "{what} over {transport:?}: {status}, not {statuses:?}");
        assert_eq!(target.board().dispatched - before, dispatched, "{what} over {transport:?}");
    });
    witness.check(&mut target);
}

#[test]
fn row_7_more_headers_than_allowed_are_431() {
    let names: Vec<String> = (0..120).map(|number| format!("x-{number}")).collect();
    let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "y")).collect();
    is_answered("120 headers", "/echo", &headers, &[431], 0);
    let many: Vec<(&str, &str)> = vec![("x", "y"); 5000];
    is_answered("5,000 headers of one name", "/echo", &many, &[431], 0);
    // 95 and what every transport adds are within the limit.
    is_answered("95 headers", "/echo", &headers[..95], &[200], 1);
}

#[test]
fn row_7_a_head_that_is_too_large_is_431() {
    let value = "v".repeat(70 << 10);
    is_answered("one header of 70 KiB", "/echo", &[("x", &value)], &[431], 0);
    let value = "v".repeat(1 << 20);
    // Over HTTP/2 the connection ends before so many frames of one head have come.
    is_answered("one header of 1 MiB", "/echo", &[("x", &value)], &[431, 0], 0);
    let value = "v".repeat(7 << 10);
    is_answered("ten headers of 7 KiB", "/echo", &[("x", value.as_str()); 10], &[431], 0);
    is_answered("eight headers of 7 KiB", "/echo", &[("x", value.as_str()); 8], &[200], 1);
}

#[test]
fn row_7_a_target_that_is_too_long_is_414() {
    let path = format!("/{}", "p".repeat(9 << 10));
    is_answered("a path of 9 KiB", &path, &[], &[414], 0);
    let query = format!("/echo?{}", "q".repeat(9 << 10));
    is_answered("a query of 9 KiB", &query, &[], &[414], 0);
    let path = format!("/{}", "p".repeat(66 << 10));
    is_answered("a path of 66 KiB", &path, &[], &[414, 431], 0);
    let query = format!("/echo?{}", "q".repeat(7 << 10));
    is_answered("a query of 7 KiB", &query, &[], &[200], 1);
}

#[test]
fn row_7_long_lists_in_a_header_cost_little() {
    let target = Target::start(&[]);
    let cookies = (0..7_000).map(|n| format!("c{n}=v")).collect::<Vec<_>>().join("; ")[..60 << 10].to_owned();
    let encodings = "gzip;q=0.5, ".repeat(5_200)[..60 << 10].to_owned();
    let types = "a/b;q=0.1, ".repeat(5_700)[..60 << 10].to_owned();
    let forwarded = "for=1.2.3.4, ".repeat(5_000)[..60 << 10].to_owned();
    const REQUESTS: u32 = 20;
    for (name, value) in [
        ("cookie", cookies.as_str()),
        ("accept-encoding", encodings.as_str()),
        ("accept", types.as_str()),
        ("x-forwarded-for", forwarded.as_str()),
        ("forwarded", forwarded.as_str()),
        ("if-none-match", cookies.as_str()),
        ("range", "bytes=0-1,"),
    ] {
        let before = target.cpu();
        for _ in 0..REQUESTS {
            let answer = flow::ask(Transport::H1Length, &target, ("POST", "/nowhere"), &[(name, value)], b"");
            assert!(matches!(answer.status, Some(404 | 431)), "{name}: {:?}", answer.status);
        }
        let each = (target.cpu() - before) / REQUESTS;
        assert!(each < Duration::from_millis(50), "`{name}` of 60 KiB takes {each:?} of CPU");
    }
}

#[test]
fn row_8_pipelined_requests_are_answered_in_order() {
    let target = Target::start(&[]);
    let mut wire = Wire::connect(target.plain);
    let get = |name: &str| format!("GET /exact/{name} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let post = "POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nthird";
    wire.send(format!("{}{}{post}{}", get("first"), get("second"), get("fourth")).as_bytes());
    for expected in ["first", "second", "third", "fourth"] {
        assert_eq!(h1::reply(&mut wire, false).unwrap().text(), expected);
    }
}

#[test]
fn row_8_nothing_behind_an_error_is_dispatched() {
    let big = "v".repeat(70 << 10);
    let long = format!("/{}", "p".repeat(9 << 10));
    let errors = [
        ("400", "GET /echo HTTP/1.1\r\nhost: a\r\nbad header: x\r\n\r\n".to_owned(), &[400_u16][..]),
        (
            "413 by length",
            "POST /sink HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999\r\n\r\n".to_owned(),
            &[413],
        ),
        ("431", format!("GET /echo HTTP/1.1\r\nhost: a\r\nx: {big}\r\n\r\n"), &[431]),
        ("414", format!("GET {long} HTTP/1.1\r\nhost: a\r\n\r\n"), &[414]),
    ];
    for (name, request, statuses) in errors {
        let target = Target::start(&[]);
        let mut wire = Wire::connect(target.plain);
        wire.send(request.as_bytes());
        wire.send(crate::refusals::SMUGGLED);
        let reply = h1::reply(&mut wire, false).unwrap_or_else(|why| panic!("{name}: {why:?}"));
        assert!(statuses.contains(&reply.status), "{name}: {}", reply.status);
        assert!(reply.says_close(), "{name}: {reply:?}");
        assert_eq!(wire.rest(), b"", "{name}: nothing more comes");
        assert!(!target.log().iter().any(|line| line.contains("smuggled")), "{name}: {:?}", target.log());
    }
}

#[test]
fn row_9_what_else_is_expected_with_a_body_is_417() {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    over_all(|transport| {
        let before = target.board();
        for expected in ["200-ok", "100-continue, 200-ok"] {
            let answer = flow::ask(transport, &target, ("POST", "/echo"), &[("expect", expected)], b"abc");
            assert_eq!(answer.status, Some(417), "{transport:?}: {expected}");
        }
        assert_eq!(target.board().dispatched, before.dispatched, "{transport:?}");
    });
    witness.check(&mut target);
}

#[test]
fn row_9_expect_continue_is_answered_before_the_body_and_only_when_it_is_wanted() {
    let target = Target::start(&[]);
    let ask = |path: &str, length: usize| {
        let mut wire = Wire::connect(target.plain);
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        );
        wire.send(head.as_bytes());
        wire
    };
    let mut wire = ask("/echo", 5);
    assert_eq!(h1::any_reply(&mut wire, false, crate::harness::PATIENCE).unwrap().status, 100);
    wire.send(b"abcde");
    assert_eq!(h1::reply(&mut wire, false).unwrap().text(), "abcde");

    // What is too large is refused instead of being asked for.
    let mut wire = ask("/sink", 3 << 20);
    let reply = h1::any_reply(&mut wire, false, crate::harness::PATIENCE).unwrap();
    assert_eq!(reply.status, 413, "{reply:?}");
    assert_eq!(wire.rest(), b"");

    // A handler that does not want the body answers without it, and then the connection can not go on.
    let mut wire = ask("/ignore", 5);
    let reply = h1::any_reply(&mut wire, false, crate::harness::PATIENCE).unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(wire.rest(), b"");

    // An old client does not know 100.
    let mut wire = Wire::connect(target.plain);
    wire.send(b"POST /echo HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\nabcde");
    assert_eq!(h1::any_reply(&mut wire, false, crate::harness::PATIENCE).unwrap().status, 200);
}

#[test]
fn row_10_responses_without_a_body_have_none() {
    let target = Target::start(&[]);
    let mut wire = Wire::connect(target.plain);
    let mut ask = |request: &str, to_head: bool| {
        wire.send(format!("{request} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes());
        h1::reply(&mut wire, to_head).unwrap_or_else(|why| panic!("{request}: {why:?}"))
    };
    // The strict reader fails on the next response if a byte too much came with the last.
    for path in ["/exact/name", "/stream?chunks=5&size=100", "/nowhere", "/echo"] {
        let got = ask(&format!("GET {path}"), false);
        let headed = ask(&format!("HEAD {path}"), true);
        assert_eq!(headed.status, got.status, "{path}");
        assert_eq!(headed.header("content-type"), got.header("content-type"), "{path}");
        assert!(
            headed.header("content-length").is_none_or(|n| Some(n) == got.header("content-length")),
            "{path}"
        );
    }
    assert_eq!(ask("GET /status/204", false).body, b"");
    assert_eq!(ask("GET /status/304", false).body, b"");
    assert_eq!(ask("GET /exact/last", false).text(), "last");
}

#[test]
fn row_10_a_stream_for_an_old_client_ends_with_the_connection() {
    let target = Target::start(&[]);
    let mut wire = Wire::connect(target.plain);
    wire.send(b"GET /stream?chunks=5&size=100 HTTP/1.0\r\n\r\n");
    let all = wire.rest();
    let text = String::from_utf8(all).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("transfer-encoding"), "HTTP/1.0 knows no chunks: {head}");
    assert_eq!(body, "x".repeat(500));
}

#[test]
fn row_12_nobody_but_a_trusted_proxy_says_where_a_request_comes_from() {
    let target = Target::start(&[]);
    let claims = [
        ("x-forwarded-for", "6.6.6.6"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("x-real-ip", "6.6.6.6"),
        ("forwarded", "for=6.6.6.6;proto=https;host=evil.example"),
        ("x_forwarded_for", "6.6.6.6"),
        ("X_Forwarded_Proto", "https"),
    ];
    over_all(|transport| {
        let answer = flow::ask(transport, &target, ("POST", "/head"), &claims.map(lower), b"");
        let seen: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(seen["peer"].as_str().unwrap().starts_with("127.0.0.1"), "{transport:?}: {seen}");
        assert_eq!(seen["secure"], transport.is_tls(), "{transport:?}: {seen}");
        // A name with underscores stays what it is, or is gone.
        let names: Vec<&str> =
            seen["headers"].as_array().unwrap().iter().map(|header| header[0].as_str().unwrap()).collect();
        let doubled = names.iter().filter(|name| **name == "x-forwarded-for").count();
        assert!(doubled <= 1, "{transport:?}: {names:?}");
    });
}

/// HTTP/2 has no capitals in names.
fn lower((name, value): (&'static str, &'static str)) -> (&'static str, &'static str) {
    (if name == "X_Forwarded_Proto" { "x_forwarded_proto" } else { name }, value)
}
