//! Every phase that waits on the peer has a deadline.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zzz_core::config::ByteSize;
use zzz_core_http::HttpConfig;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn closes_a_client_that_says_nothing() {
    let running = start(HttpConfig { header_timeout: short(200), ..HttpConfig::default() });
    let mut silent = connect(running.address).await;
    assert_eq!(within(rest(&mut silent)).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_a_trickling_client_with_408_and_a_good_one_as_always() {
    let running = start(HttpConfig { header_timeout: short(300), ..HttpConfig::default() });
    let (mut reader, mut writer) = connect(running.address).await.into_split();
    let trickle = tokio::spawn(async move {
        for byte in GET.bytes().cycle() {
            if byte != b'\r' && byte != b'\n' && writer.write_all(&[byte]).await.is_err() {
                return;
            }
            // The pace is what is tested: each byte comes well before the deadline, the head never does.
            tokio::time::sleep(short(20)).await;
        }
    });
    let mut answer = Vec::new();
    let end = within(reader.read_to_end(&mut answer)).await;
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n"), "{answer}");
    assert!(end.is_ok(), "the answer was followed by {end:?}");
    trickle.abort();
    let mut good = connect(running.address).await;
    good.write_all(GET.as_bytes()).await.unwrap();
    assert!(response(&mut good).await.ends_with("ok"));
}

#[tokio::test(flavor = "multi_thread")]
async fn closes_a_kept_connection_that_is_idle_and_one_that_begins_and_stalls() {
    let config =
        HttpConfig { keep_alive_timeout: short(200), header_timeout: short(400), ..HttpConfig::default() };
    let running = start(config);
    let mut idle = connect(running.address).await;
    idle.write_all(GET.as_bytes()).await.unwrap();
    assert!(response(&mut idle).await.ends_with("ok"));
    assert_eq!(within(rest(&mut idle)).await, "");

    let mut stalls = connect(running.address).await;
    stalls.write_all(format!("{GET}GET /next HT").as_bytes()).await.unwrap();
    assert!(response(&mut stalls).await.ends_with("ok"));
    assert!(within(rest(&mut stalls)).await.starts_with("HTTP/1.1 408"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_takes_too_long_is_answered_for() {
    let running = start(HttpConfig { request_timeout: short(200), ..HttpConfig::default() });
    let answer = within(exchange(running.address, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_is_idle_after_a_chunked_body() {
    let config =
        HttpConfig { header_timeout: short(200), keep_alive_timeout: short(1500), ..HttpConfig::default() };
    let running = start(config);
    let mut stream = connect(running.address).await;
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
    tokio::task::yield_now().await;
    stream.write_all(b"3\r\none\r\n0\r\n\r\n").await.unwrap();
    assert!(response(&mut stream).await.ends_with("one"));
    assert_eq!(within(rest(&mut stream)).await, "", "closed as idle, not as a head that stalls");
}

/// A body that comes at a byte every 20 ms.
async fn trickle(stream: &mut (impl AsyncWriteExt + Unpin), piece: &[u8]) {
    while stream.write_all(piece).await.is_ok() {
        // The pace is what is tested.
        tokio::time::sleep(short(20)).await;
    }
}

fn strict_body() -> HttpConfig {
    HttpConfig { body_min_rate: ByteSize(1000), body_grace: short(200), ..HttpConfig::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_too_slowly_is_answered_with_408_and_its_handler_dropped() {
    let running = start(strict_body());
    for (head, piece) in
        [("content-length: 100000", "x".as_bytes()), ("transfer-encoding: chunked", b"1\r\nx\r\n")]
    {
        let (mut reader, mut writer) = connect(running.address).await.into_split();
        writer
            .write_all(format!("POST /echo HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let trickle = tokio::spawn(async move { trickle(&mut writer, piece).await });
        let mut answer = Vec::new();
        let end = within(reader.read_to_end(&mut answer)).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n"),
            "{head}: {answer}"
        );
        assert!(end.is_ok(), "{head}: {end:?}");
        within(running.app.dropped.notified()).await;
        trickle.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_keeps_the_rate_may_take_longer_than_the_grace() {
    let running = start(strict_body());
    let mut stream = connect(running.address).await;
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2000\r\n\r\n").await.unwrap();
    for _ in 0..20 {
        stream.write_all(&[b'x'; 100]).await.unwrap();
        // Five times the rate, for twice the grace.
        tokio::time::sleep(short(20)).await;
    }
    assert!(within(response(&mut stream)).await.ends_with("xxx"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_nobody_waits_for_may_take_its_time() {
    let running = start(strict_body());
    let mut stream = connect(running.address).await;
    stream.write_all(b"POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n").await.unwrap();
    within(running.app.entered.notified()).await;
    // Longer than the grace: that nothing happens is what is tested.
    tokio::time::sleep(short(500)).await;
    running.app.go.notify_one();
    stream.write_all(b"one").await.unwrap();
    assert!(within(response(&mut stream)).await.ends_with("one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_nothing_of_its_response_is_cut() {
    let running = start(HttpConfig { write_stall_timeout: short(200), ..HttpConfig::default() });
    let mut stream = connect(running.address).await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    within(running.app.dropped.notified()).await;
    // What it gets is what was on its way.
    within(rest(&mut stream)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_its_response_slowly_is_not_cut() {
    let running = start(HttpConfig { write_stall_timeout: short(1000), ..HttpConfig::default() });
    let mut stream = connect(running.address).await;
    stream.write_all(b"GET /long HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut part = vec![0; LONG / 15];
    for _ in 0..15 {
        within(stream.read_exact(&mut part)).await.unwrap();
        // All pauses together are longer than a stall may be.
        tokio::time::sleep(short(100)).await;
    }
}

/// Much slower than the kernel's own buffers would let it be seen.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_steadily_shows_progress_at_any_size_of_buffers() {
    let running = start(HttpConfig { write_stall_timeout: short(1000), ..HttpConfig::default() });
    let mut stream = connect(running.address).await;
    stream.write_all(b"GET /long HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 200"));
    let mut part = vec![0; 20_000];
    let mut taken = 0;
    for _ in 0..40 {
        within(stream.read_exact(&mut part)).await.unwrap();
        taken += part.len();
        // The pace is what is tested.
        tokio::time::sleep(short(100)).await;
    }
    let mut last = Vec::new();
    within(stream.read_to_end(&mut last)).await.unwrap();
    assert_eq!(taken + last.len(), LONG);
}

/// Sends in pieces: a reset is seen with the piece after the one that caused it.
async fn send_slowly(stream: &mut tokio::net::TcpStream) {
    for piece in 0..20 {
        let sent = stream.write_all(&[b'x'; 10_000]).await;
        assert!(sent.is_ok(), "piece {piece} met {sent:?}");
        tokio::time::sleep(short(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_reaches_a_client_that_is_still_sending() {
    let config = HttpConfig { body_limit: ByteSize(10), max_target: ByteSize(50), ..HttpConfig::default() };
    let running = start(config);
    let long = "x".repeat(60);
    for (head, status) in [
        ("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n".to_owned(), "413"),
        (format!("POST /{long} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"), "414"),
        ("POST / HTTP/1.1\r\nhost: x\r\nhost: y\r\ncontent-length: 1000000\r\n\r\n".to_owned(), "400"),
        ("POST / HTTP/1.1\r\nhost : x\r\ncontent-length: 1000000\r\n\r\n".to_owned(), "400"),
        (format!("POST / HTTP/1.1\r\nhost: x\r\n{}", "a: b\r\n".repeat(101)), "431"),
    ] {
        // It looks for an answer only when it has sent everything.
        let mut stream = connect(running.address).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        send_slowly(&mut stream).await;
        let mut answer = Vec::new();
        let end = within(stream.read_to_end(&mut answer)).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{head:.60}: {answer}");
        assert!(answer.contains("connection: close\r\n"), "{head:.60}: {answer}");
        assert!(end.is_ok(), "{head:.60}: {end:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_after_the_answer_causes_no_reset() {
    let running = start(HttpConfig { body_limit: ByteSize(10), ..HttpConfig::default() });
    let mut stream = connect(running.address).await;
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n").await.unwrap();
    let (head, _) = within(whole_response(&mut stream)).await;
    assert!(head.starts_with("HTTP/1.1 413"), "{head}");
    send_slowly(&mut stream).await;
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    assert_eq!(within(stream.read_to_end(&mut rest)).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_for_ever_after_its_answer_is_cut() {
    let running = start(HttpConfig { body_limit: ByteSize(10), ..HttpConfig::default() });
    let mut stream = connect(running.address).await;
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n").await.unwrap();
    let mut sent = 0;
    within(async {
        while stream.write_all(&[b'x'; 100_000]).await.is_ok() {
            sent += 100_000;
        }
    })
    .await;
    assert!(sent < 100_000_000, "{sent} bytes were read of a body that nobody wants");
}
