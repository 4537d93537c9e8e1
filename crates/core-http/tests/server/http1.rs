//! What HTTP/1.1 offers: kept connections, pipelines, bodies of every kind, trailers, 100-continue.

use tokio::io::AsyncWriteExt;
use zzz_core::config::ByteSize;
use zzz_core_http::HttpConfig;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn serves_kept_and_pipelined_requests_in_order() {
    let running = start(HttpConfig::default());
    let mut stream = connect(running.address).await;
    for _ in 0..3 {
        stream.write_all(GET.as_bytes()).await.unwrap();
        assert!(response(&mut stream).await.ends_with("\r\n\r\nok"));
    }
    let two = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\none\
               POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n";
    stream.write_all(two.as_bytes()).await.unwrap();
    assert!(response(&mut stream).await.ends_with("one"));
    assert!(response(&mut stream).await.ends_with("two"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_body_leaves_whole() {
    let running = start(HttpConfig::default());
    let mut stream = connect(running.address).await;
    for _ in 0..2 {
        stream.write_all(b"GET /long HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let (head, body) = within(whole_response(&mut stream)).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert_eq!(body.len(), LONG);
        assert!(body.iter().enumerate().all(|(at, byte)| *byte == at as u8));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn drops_the_handler_of_a_client_that_is_gone_but_not_of_one_that_asks_for_more() {
    let running = start(HttpConfig::default());
    let mut patient = connect(running.address).await;
    patient.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    within(running.app.entered.notified()).await;
    patient.write_all(GET.as_bytes()).await.unwrap();

    let mut gone = connect(running.address).await;
    gone.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    within(running.app.entered.notified()).await;
    drop(gone);
    within(running.app.dropped.notified()).await;

    running.app.go.notify_one();
    assert!(within(response(&mut patient)).await.ends_with("slow"));
    assert!(within(response(&mut patient)).await.ends_with("ok"));
}

#[tokio::test(flavor = "multi_thread")]
async fn drops_the_handler_of_a_client_that_has_sent_more_and_is_gone() {
    let running = start(HttpConfig::default());
    for (head, more) in [
        ("GET /slow HTTP/1.1\r\nhost: x", GET),
        ("POST /slow HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked", "0\r\n\r\n"),
        ("POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 5", "hello"),
    ] {
        let mut gone = connect(running.address).await;
        gone.write_all(format!("{head}\r\n\r\n").as_bytes()).await.unwrap();
        within(running.app.entered.notified()).await;
        gone.write_all(more.as_bytes()).await.unwrap();
        // So that the server sees that first.
        tokio::time::sleep(short(50)).await;
        gone.set_zero_linger().unwrap();
        drop(gone);
        within(running.app.dropped.notified()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asks_for_a_body_only_when_somebody_wants_it() {
    let running = start(HttpConfig { body_limit: ByteSize(10), ..HttpConfig::default() });
    let expect = |path: &str, length: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\
             connection: close\r\n\r\n"
        )
    };
    let mut wanted = connect(running.address).await;
    wanted.write_all(expect("/echo", 5).as_bytes()).await.unwrap();
    assert_eq!(within(head(&mut wanted)).await, "HTTP/1.1 100 Continue\r\n\r\n");
    wanted.write_all(b"12345").await.unwrap();
    assert!(within(rest(&mut wanted)).await.ends_with("\r\n\r\n12345"));

    for (path, length, status) in [("/echo", 11, "413"), ("/", 5, "200")] {
        let answer = within(exchange(running.address, &expect(path, length))).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(!answer.contains("100 Continue"), "{answer}");
    }
}

/// RFC 9112, 9.3 and 9.6: a client, or a proxy that shares its connections, must not send its next request into a
/// connection that closes.
#[tokio::test(flavor = "multi_thread")]
async fn a_response_before_the_end_of_its_requests_body_says_that_the_connection_closes() {
    let running = start(HttpConfig::default());
    let (length, chunked) = ("content-length: 5", "transfer-encoding: chunked");
    for (path, framing, body, closes) in [
        ("/", length, "hello", false),
        ("/", length, "hell", true),
        ("/", length, "", true),
        ("/", "content-length: 5\r\nexpect: 100-continue", "", true),
        ("/echo", length, "hello", false),
        ("/", chunked, "5\r\nhello\r\n", true),
        ("/", chunked, "5\r\nhello\r\n0\r\n\r\n", true),
        ("/echo", chunked, "5\r\nhello\r\n0\r\n\r\n", false),
    ] {
        let mut stream = connect(running.address).await;
        let request = format!("POST {path} HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let first = within(head(&mut stream)).await;
        assert_eq!(first.contains("connection: close\r\n"), closes, "{request}: {first}");
        // Whether it is true.
        let next = b"GET /host HTTP/1.1\r\nhost: next\r\nconnection: close\r\n\r\n";
        let answer = match stream.write_all(next).await {
            Ok(()) => within(rest(&mut stream)).await,
            Err(_) => String::new(),
        };
        assert_eq!(answer.ends_with("next"), !closes, "{request}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_go_both_ways() {
    let running = start(HttpConfig::default());
    let request = "POST /trailers HTTP/1.1\r\nhost: x\r\nte: trailers\r\nconnection: te, close\r\n\
                   transfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n3\r\none\r\n0\r\nx-sum: 42\r\n\r\n";
    let answer = within(exchange(running.address, request)).await;
    assert!(answer.ends_with("\r\n\r\n3\r\none\r\n0\r\nx-sum: 42\r\n\r\n"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_to_head_has_a_length_and_no_body() {
    let running = start(HttpConfig::default());
    let answer =
        within(exchange(running.address, "HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await;
    assert!(answer.contains("content-length: 2\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_http_1_0_is_served_and_closed_unless_it_wants_to_be_kept() {
    let running = start(HttpConfig::default());
    let answer = within(exchange(running.address, "GET / HTTP/1.0\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.ends_with("ok"), "{answer}");
    let mut kept = connect(running.address).await;
    for _ in 0..2 {
        kept.write_all(b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").await.unwrap();
        assert!(within(response(&mut kept)).await.ends_with("ok"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_that_breaks_off_never_looks_whole() {
    let running = start(HttpConfig::default());
    for version in ["1.0", "1.1"] {
        let mut stream = connect(running.address).await;
        let request = format!("GET /broken HTTP/{version}\r\nhost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let end = within(tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer)).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            end.is_err() || !answer.ends_with("0\r\n\r\n") && version == "1.1",
            "HTTP/{version}: {answer}"
        );
    }
}
