//! What hyper lets through and HTTP does not allow.

use tokio::io::AsyncWriteExt;
use zzz_core_http::HttpConfig;

use crate::support::*;

/// Sends this with a request behind it. The status of the answer; nothing but the first may have been dispatched, and not
/// that if it was refused.
async fn status_of(head: &str, body: &str) -> String {
    let running = start(HttpConfig::default());
    let answer = within(exchange(running.address, &format!("{head}\r\n\r\n{body}{GET}"))).await;
    let status = answer.get(9..12).unwrap_or("none").to_owned();
    assert!(answer.contains("connection: close\r\n"), "{head}: {answer}");
    assert_eq!(answer.matches("HTTP/1.").count(), 1, "{head}: {answer}");
    assert_eq!(running.requests(), usize::from(status == "200"), "{head}");
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_there_once_and_valid() {
    let duplicate = "GET / HTTP/1.1\r\nhost: x\r\nhost: x";
    let apart = "GET / HTTP/1.1\r\nhost: x\r\naccept: y\r\nhost: x";
    for head in [duplicate, apart, "GET / HTTP/1.1", "GET / HTTP/1.1\r\naccept: y"] {
        assert_eq!(status_of(head, "").await, "400", "{head}");
    }
    for host in ["", "a@b", "a/b", "a b", "a,b", "a:b", "a?b", "[::1", "a\tb", "a\\b"] {
        assert_eq!(status_of(&format!("GET / HTTP/1.1\r\nhost: {host}"), "").await, "400", "{host}");
        assert_eq!(status_of(&format!("GET / HTTP/1.0\r\nhost: {host}"), "").await, "400", "{host}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_of_an_absolute_target_wins() {
    let running = start(HttpConfig::default());
    for (target, host) in [
        ("http://example.org/host", "example.org"),
        ("http://example.org:8080/host", "example.org:8080"),
        ("https://[::1]:80/host", "[::1]:80"),
        ("/host", "other"),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nhost: other\r\nconnection: close\r\n\r\n");
        let answer = within(exchange(running.address, &request)).await;
        assert!(answer.ends_with(&format!("\r\n\r\n{host}")), "{target}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_are_of_a_form_that_their_method_may_have() {
    for target in [
        "*",
        "x",
        "x/y",
        "x:80",
        "http://",
        "ftp://x/",
        "http://a@b/",
        "http://a,b/",
        "//",
        "/\u{7f}",
        "/ x",
        "http:/x",
    ] {
        let status = status_of(&format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close"), "").await;
        let wanted = if target == "//" { "200" } else { "400" };
        assert_eq!(status, wanted, "{target}");
    }
    let empty_host = "GET http://x/ HTTP/1.1\r\nhost:";
    assert_eq!(status_of(empty_host, "").await, "400", "an empty Host with an absolute target");
    for target in ["*", "/", "http://x"] {
        let status =
            status_of(&format!("OPTIONS {target} HTTP/1.1\r\nhost: x\r\nconnection: close"), "").await;
        assert_eq!(status, "200", "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trace_and_connect_are_refused() {
    assert_eq!(status_of("TRACE / HTTP/1.1\r\nhost: x", "").await, "501");
    assert_eq!(status_of("CONNECT x:80 HTTP/1.1\r\nhost: x:80", "").await, "501");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_that_are_not_ours_are_refused() {
    for line in [
        "GET / HTTP/1.2",
        "GET / HTTP/2.0",
        "GET / HTTP/3",
        "GET / http/1.1",
        "GET / HTTP/1.1 ",
        "GET /",
        "PRI * HTTP/2.0",
    ] {
        assert_eq!(status_of(&format!("{line}\r\nhost: x"), "").await, "400", "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_one_length() {
    let post = "POST / HTTP/1.1\r\nhost: x\r\n";
    let chunked = "5\r\nhello\r\n0\r\n\r\n";
    for (fields, body) in [
        ("content-length: 5, 6", "hello"),
        ("content-length: 5\r\ncontent-length: 6", "hello"),
        ("content-length: +5", "hello"),
        ("content-length: -1", "hello"),
        ("content-length: 0x5", "hello"),
        ("content-length: 5 5", "hello"),
        ("content-length: 18446744073709551616", "hello"),
        ("transfer-encoding: chunked\r\ntransfer-encoding: chunked", chunked),
        ("transfer-encoding: gzip\r\ntransfer-encoding: chunked", chunked),
        ("transfer-encoding: identity\r\ntransfer-encoding: chunked", chunked),
        ("transfer-encoding: gzip, chunked", chunked),
        ("transfer-encoding: chunked, chunked", chunked),
        ("transfer-encoding: chunked, identity", chunked),
        ("transfer-encoding: xchunked", chunked),
        ("transfer-encoding: chunked;q=1", chunked),
        ("transfer-encoding: gzip", chunked),
        ("transfer-encoding: ,chunked", chunked),
        ("transfer-encoding: \"chunked\"", chunked),
        ("transfer-encoding:\u{b}chunked", chunked),
        ("transfer-encoding : chunked", chunked),
        ("transfer-encoding", chunked),
    ] {
        assert_eq!(status_of(&format!("{post}{fields}"), body).await, "400", "{fields}");
    }
    let old = "POST / HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked";
    assert_eq!(status_of(old, chunked).await, "400", "HTTP/1.0");
    let get = "GET / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked";
    assert_eq!(status_of(get, chunked).await, "400", "GET");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_parser_hides_is_refused_too() {
    for fields in [
        "content-length: 3\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 3",
        "transfer-encoding: chunked\r\ncontent-length: nonsense",
        "content-length: 3\r\ntransfer-encoding: chunked\r\ncontent-length: 3",
        "content-length: 3\r\ncontent-length: 3",
        "a: b\ncontent-length: 3",
        "content-length: 3\na: b",
        "transfer-encoding: chunked\na: b",
    ] {
        for body in ["0\r\n\r\n", "1\r\nx\r\n0\r\n\r\n"] {
            let head = format!("POST / HTTP/1.1\r\nhost: x\r\n{fields}");
            assert_eq!(status_of(&head, body).await, "400", "{fields}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_lf_is_refused_without_a_body_too() {
    for head in [
        "GET / HTTP/1.1\nhost: x\nconnection: close",
        "GET / HTTP/1.1\r\nhost: x\na: b",
        "HEAD / HTTP/1.1\r\nhost: x\r\na: b\nc: d",
        "OPTIONS / HTTP/1.1\r\nhost: x\na: b",
    ] {
        assert_eq!(status_of(head, "").await, "400", "{head}");
    }
    let running = start(HttpConfig::default());
    let second = "GET / HTTP/1.1\r\nhost: x\na: b\r\n\r\n";
    let answer = within(exchange(running.address, &format!("{GET}{second}{GET}"))).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 400").count(), 1, "{answer}");
    assert_eq!(running.requests(), 1);

    // In a body it is a line's end as any.
    let running = start(HttpConfig::default());
    let request = "GET /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nconnection: close\r\n\r\na\nb\n";
    let answer = within(exchange(running.address, request)).await;
    assert!(answer.ends_with("\r\n\r\na\nb\n"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_lengths_are_refused_however_the_head_comes() {
    let request =
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    for cut in [1, 2, 3, 40, 50, 79] {
        let running = start(HttpConfig::default());
        let mut stream = connect(running.address).await;
        stream.set_nodelay(true).unwrap();
        stream.write_all(&request.as_bytes()[..cut]).await.unwrap();
        // So that the server reads what was sent so far by itself.
        tokio::time::sleep(short(20)).await;
        stream.write_all(&request.as_bytes()[cut..]).await.unwrap();
        let answer = within(rest(&mut stream)).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "cut at {cut}: {answer}");
        assert_eq!(running.requests(), 0, "cut at {cut}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_have_no_odd_bytes() {
    for field in [
        "a: \0",
        "a: b\rc: d",
        "a: b\r\n c: d",
        "a: \u{1}",
        "a : b",
        "a b: c",
        ": b",
        "\u{e9}: b",
        " a: b",
        "a",
    ] {
        assert_eq!(status_of(&format!("GET / HTTP/1.1\r\nhost: x\r\n{field}"), "").await, "400", "{field:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_are_well_formed() {
    for body in [
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "10000000000000000\r\nhello\r\n0\r\n\r\n",
        "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "5;a\0\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
    ] {
        let running = start(HttpConfig::default());
        let request =
            format!("POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{body}{GET}");
        let answer = within(exchange(running.address, &request)).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{body:?}: {answer}");
        assert_eq!(running.requests(), 0, "{body:?}");
    }
}
