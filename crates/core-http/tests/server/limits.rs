//! Limits of heads, bodies and connections.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zzz_core::config::ByteSize;
use zzz_core_http::HttpConfig;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_head_and_body_hold() {
    let config = HttpConfig { body_limit: ByteSize(10), max_target: ByteSize(50), ..HttpConfig::default() };
    let running = start(config);
    let long = "x".repeat(60);
    let big = "y".repeat(70_000);
    let many = "a: b\r\n".repeat(101);
    for (request, status) in [
        (format!("GET /{long} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"), "414"),
        (format!("GET / HTTP/1.1\r\nhost: x\r\na: {big}\r\n\r\n"), "431"),
        (format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n"), "431"),
        ("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 11\r\n\r\n".into(), "413"),
        (
            "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n6\r\n123456\r\n6\r\n123456\r\n".into(),
            "413",
        ),
        ("GET / HTTP/9.1\r\nhost: x\r\n\r\n".into(), "400"),
    ] {
        let mut stream = connect(running.address).await;
        // The server may close before it has read all of it.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut start = [0; 12];
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_exact(&mut start)).await;
        assert!(read.is_ok_and(|read| read.is_ok()), "no answer to {request:.60}");
        assert_eq!(std::str::from_utf8(&start).unwrap(), format!("HTTP/1.1 {status}"), "{:.60}", request);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_wait_for_room() {
    let running = start(HttpConfig { max_connections: 1, ..HttpConfig::default() });
    let mut first = connect(running.address).await;
    first.write_all(GET.as_bytes()).await.unwrap();
    assert!(response(&mut first).await.ends_with("ok"));
    let mut second = connect(running.address).await;
    second.write_all(GET.as_bytes()).await.unwrap();
    let mut byte = [0];
    let early = tokio::time::timeout(short(100), second.read(&mut byte)).await;
    assert!(early.is_err(), "served beyond the limit");
    drop(first);
    assert!(within(response(&mut second)).await.ends_with("ok"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_follows_a_body_that_was_too_large_is_dispatched() {
    let running = start(HttpConfig { body_limit: ByteSize(10), ..HttpConfig::default() });
    let request = format!("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 11\r\n\r\n12345678901{GET}");
    let answer = within(exchange(running.address, &request)).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    assert_eq!(running.requests(), 1);
}
