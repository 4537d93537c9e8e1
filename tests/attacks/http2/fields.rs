//! Row 30: what a request's head must be like: sections 8.2, 8.3 and 8.1.1.

use super::case::Expected::{Answered, StreamError, Unseen};
use super::case::{Case, PROTOCOL, bytes, case, run};
use crate::harness::h2::{data, headers};
use crate::harness::hpack::{encode, literal};

/// A request for `/echo` with these headers after its pseudo headers.
fn with(section: &'static str, name: &'static str, more: &[(&str, &str)], good: bool) -> Case {
    let pseudo = [(":method", "POST"), (":scheme", "http"), (":authority", "localhost"), (":path", "/echo")];
    let block = encode(&[&pseudo[..], more].concat());
    let expected = if good { Answered(200) } else { StreamError(PROTOCOL) };
    case(section, name, bytes(&[headers(1, block, true)]), expected)
}

/// A request of exactly these headers.
fn exactly(section: &'static str, name: &'static str, all: &[(&str, &str)], good: bool) -> Case {
    let expected = if good { Answered(200) } else { StreamError(PROTOCOL) };
    case(section, name, bytes(&[headers(1, encode(all), true)]), expected)
}

#[test]
fn row_30_names_and_values_are_checked() {
    let pseudo = encode(&crate::harness::h2::head("POST", "/echo"));
    let raw = |name: &'static str, header: &[u8], value: &[u8]| {
        let block = [pseudo.clone(), literal(header, value)].concat();
        case("8.2.1", name, bytes(&[headers(1, block, true)]), StreamError(PROTOCOL))
    };
    run(&[
        raw("a name in capitals", b"X-Name", b"v"),
        raw("one capital at the end", b"x-namE", b"v"),
        raw("an empty name", b"", b"v"),
        raw("a space in a name", b"x name", b"v"),
        raw("a colon in a name", b"x:name", b"v"),
        raw("CR in a name", b"x\rname", b"v"),
        raw("LF in a name", b"x\nname", b"v"),
        raw("NUL in a name", b"x\0name", b"v"),
        raw("DEL in a name", b"x\x7fname", b"v"),
        raw("a byte above ASCII in a name", b"x\xe9", b"v"),
        raw("CR in a value", b"x", b"a\rb"),
        raw("LF in a value", b"x", b"a\nb"),
        raw("a header smuggled into a value", b"x", b"a\r\nhost: evil"),
        raw("NUL in a value", b"x", b"a\0b"),
        raw("NUL alone as a value", b"x", b"\0"),
        raw("LF at the end of a value", b"x", b"a\n"),
        raw("a space before a value", b"x", b" a"),
        raw("a space after a value", b"x", b"a "),
        raw("a tab before a value", b"x", b"\ta"),
        raw("LF in a cookie", b"cookie", b"a=b\nc"),
        with("8.2.1", "an empty value", &[("x", "")], true),
        with("8.2.1", "a value with a space and a tab within", &[("x", "a \tb")], true),
        with("8.2.3", "a cookie in pieces", &[("cookie", "a=b"), ("cookie", "c=d")], true),
    ]);
}

#[test]
fn row_30_headers_about_a_connection_have_no_place() {
    run(&[
        with("8.2.2", "connection: close", &[("connection", "close")], false),
        with("8.2.2", "connection: keep-alive", &[("connection", "keep-alive")], false),
        with("8.2.2", "connection: x-name", &[("connection", "x-name"), ("x-name", "v")], false),
        with("8.2.2", "keep-alive", &[("keep-alive", "timeout=5")], false),
        with("8.2.2", "proxy-connection", &[("proxy-connection", "keep-alive")], false),
        with("8.2.2", "transfer-encoding", &[("transfer-encoding", "chunked")], false),
        with("8.2.2", "upgrade", &[("upgrade", "websocket")], false),
        with("8.2.2", "te: gzip", &[("te", "gzip")], false),
        with("8.2.2", "te: trailers, gzip", &[("te", "trailers, gzip")], false),
        with("8.2.2", "te: trailers", &[("te", "trailers")], true),
    ]);
}

#[test]
fn row_30_pseudo_headers_are_complete_single_and_first() {
    let (method, scheme) = ((":method", "GET"), (":scheme", "http"));
    let (authority, path) = ((":authority", "localhost"), (":path", "/echo"));
    let all = [method, scheme, authority, path];
    run(&[
        exactly("8.3.1", "all of them", &all, true),
        exactly("8.3.1", "in another order", &[path, authority, scheme, method], true),
        exactly("8.3.1", "host in place of :authority", &[method, scheme, path, ("host", "localhost")], true),
        exactly("8.3.1", "no :method", &all[1..], false),
        exactly("8.3.1", "no :scheme", &[method, authority, path], false),
        exactly("8.3.1", "no :path", &all[..3], false),
        exactly("8.3.1", "neither :authority nor host", &[method, scheme, path], false),
        exactly("8.3.1", "an empty :path", &[method, scheme, authority, (":path", "")], false),
        exactly("8.3.1", "a :path without its slash", &[method, scheme, authority, (":path", "echo")], false),
        exactly("8.3.1", "a :path with a space", &[method, scheme, authority, (":path", "/ec ho")], false),
        exactly(
            "8.3.1",
            "a :path with CR LF",
            &[method, scheme, authority, (":path", "/echo\r\nx: y")],
            false,
        ),
        exactly("8.3.1", "a :path with NUL", &[method, scheme, authority, (":path", "/echo\0")], false),
        exactly(
            "8.3.1",
            "a :path that is a URL",
            &[method, scheme, authority, (":path", "http://localhost/echo")],
            false,
        ),
        Case {
            expected: Unseen,
            ..exactly(
                "8.3.1",
                "a fragment in :path",
                &[method, scheme, authority, (":path", "/echo#x")],
                false,
            )
        },
        exactly("8.3.1", "* with GET", &[method, scheme, authority, (":path", "*")], false),
        exactly("8.3.1", "an empty :method", &[(":method", ""), scheme, authority, path], false),
        exactly("8.3.1", "a :method with a space", &[(":method", "GET x"), scheme, authority, path], false),
        exactly(
            "8.3.1",
            "a :method with CR LF",
            &[(":method", "GET\r\nx: y"), scheme, authority, path],
            false,
        ),
        exactly("8.3.1", "an empty :scheme", &[method, (":scheme", ""), authority, path], false),
        exactly("8.3.1", "a :scheme with a space", &[method, (":scheme", "ht tp"), authority, path], false),
        exactly("8.3.1", "another :scheme", &[method, (":scheme", "ftp"), authority, path], false),
        exactly("8.3.1", "an empty :authority", &[method, scheme, (":authority", ""), path], false),
        exactly(
            "8.3.1",
            "user info in :authority",
            &[method, scheme, (":authority", "u:p@localhost"), path],
            false,
        ),
        exactly("8.3.1", "a slash in :authority", &[method, scheme, (":authority", "a/b"), path], false),
        exactly("8.3.1", "a space in :authority", &[method, scheme, (":authority", "a b"), path], false),
        exactly("8.3.1", "a comma in :authority", &[method, scheme, (":authority", "a,b"), path], false),
        exactly("8.3.1", "LF in :authority", &[method, scheme, (":authority", "a\nb"), path], false),
        exactly(
            "8.3.1",
            ":authority and another host",
            &[&all[..], &[("host", "evil.example")]].concat(),
            false,
        ),
        exactly(
            "8.3.1",
            ":authority and the same host",
            &[&all[..], &[("host", "localhost")]].concat(),
            true,
        ),
        exactly(
            "8.3.1",
            "two hosts",
            &[&all[..], &[("host", "localhost"), ("host", "evil")]].concat(),
            false,
        ),
        exactly("8.3", "two :methods", &[method, method, scheme, authority, path], false),
        exactly("8.3", "two :schemes", &[method, scheme, scheme, authority, path], false),
        exactly("8.3", "two :paths", &[method, scheme, authority, path, (":path", "/other")], false),
        exactly("8.3", "two :authorities", &[method, scheme, authority, authority, path], false),
        exactly("8.3", "a :method after a header", &[scheme, authority, path, ("x", "y"), method], false),
        exactly("8.3", "a :path after a header", &[method, scheme, authority, ("x", "y"), path], false),
        exactly("8.3", "an unknown one", &[&all[..], &[(":unknown", "v")]].concat(), false),
        exactly("8.3", "one of responses", &[&all[..], &[(":status", "200")]].concat(), false),
        exactly(
            "8.3",
            ":protocol without CONNECT",
            &[&all[..], &[(":protocol", "websocket")]].concat(),
            false,
        ),
    ]);
}

#[test]
fn row_30_a_length_is_that_of_the_data() {
    let post = |values: &[&str], end: bool| {
        let mut all = crate::harness::h2::head("POST", "/echo").to_vec();
        all.extend(values.iter().map(|value| ("content-length", *value)));
        headers(1, encode(&all), end)
    };
    let wrong = StreamError(PROTOCOL);
    run(&[
        case("8.1.1", "less than it says", bytes(&[post(&["5"], false), data(1, *b"abc", true)]), wrong),
        case("8.1.1", "more than it says", bytes(&[post(&["2"], false), data(1, *b"abc", true)]), wrong),
        case(
            "8.1.1",
            "less in two pieces",
            bytes(&[post(&["7"], false), data(1, *b"abc", false), data(1, *b"def", true)]),
            wrong,
        ),
        case(
            "8.1.1",
            "more in two pieces",
            bytes(&[post(&["5"], false), data(1, *b"abc", false), data(1, *b"def", true)]),
            wrong,
        ),
        case("8.1.1", "nothing at all", bytes(&[post(&["5"], true)]), wrong),
        case("8.1.1", "something and 0", bytes(&[post(&["0"], false), data(1, *b"abc", true)]), wrong),
        case("8.1.1", "two lengths", bytes(&[post(&["3", "4"], false), data(1, *b"abc", true)]), wrong),
        case("8.1.1", "a list of lengths", bytes(&[post(&["3, 4"], false), data(1, *b"abc", true)]), wrong),
        case("8.1.1", "a sign", bytes(&[post(&["+3"], false), data(1, *b"abc", true)]), wrong),
        case("8.1.1", "no number", bytes(&[post(&["three"], false), data(1, *b"abc", true)]), wrong),
        case(
            "8.1.1",
            "more than 64 bits",
            bytes(&[post(&["18446744073709551619"], false), data(1, *b"abc", true)]),
            wrong,
        ),
        case(
            "8.1.1",
            "as it says",
            bytes(&[post(&["6"], false), data(1, *b"abc", false), data(1, *b"def", true)]),
            Answered(200),
        ),
        case("8.1.1", "nothing, as it says", bytes(&[post(&["0"], true)]), Answered(200)),
    ]);
}
