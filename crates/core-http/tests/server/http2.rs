//! HTTP/2: by prior knowledge, its limits and deadlines, and what hostile clients do with it.

use tokio::io::AsyncWriteExt;
use zzz_core::config::ByteSize;
use zzz_core_http::{HttpConfig, Served};

use crate::support::frames::*;
use crate::support::*;

/// SETTINGS_INITIAL_WINDOW_SIZE, which bounds what a stream may send us before we say more.
const INITIAL_WINDOW: u16 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn serves_a_client_that_knows_it_however_its_first_bytes_come() {
    let running = start(HttpConfig::default());
    let bytes = [PREFACE, &frame(SETTINGS, 0, 0, &[]), &get(1, "/")].concat();
    for cut in [0, 1, 3, 23, 24, 25, 33, bytes.len()] {
        let mut client = Client { stream: connect(running.address).await };
        client.stream.set_nodelay(true).unwrap();
        client.send(&bytes[..cut]).await;
        // So that the server reads what was sent so far by itself.
        tokio::time::sleep(short(20)).await;
        client.send(&bytes[cut..]).await;
        assert_eq!(within(client.response(1)).await, ("200".into(), b"ok".to_vec()), "cut at {cut}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_begins_like_http_2_is_http_1() {
    let running = start(HttpConfig::default());
    for request in [
        "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "PRINT / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    ] {
        for cut in 0..5 {
            let mut stream = connect(running.address).await;
            stream.set_nodelay(true).unwrap();
            stream.write_all(&request.as_bytes()[..cut]).await.unwrap();
            // So that the server reads what was sent so far by itself.
            tokio::time::sleep(short(10)).await;
            stream.write_all(&request.as_bytes()[cut..]).await.unwrap();
            let answer = within(rest(&mut stream)).await;
            assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{request:.10}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_go_both_ways_whole() {
    let running = start(HttpConfig { body_limit: ByteSize::mib(4), ..HttpConfig::default() });
    let mut client = Client::connect(running.address, &[]).await;
    let mut sent = post(1, "/echo");
    let body: Vec<u8> = (0..60_000_u32).map(|at| at as u8).collect();
    for (at, piece) in body.chunks(10_000).enumerate() {
        let flags = if at == 5 { END_STREAM } else { 0 };
        sent.extend(frame(DATA, flags, 1, piece));
    }
    client.send(&sent).await;
    assert_eq!(within(client.response(1)).await, ("200".into(), body));
    client
        .send(
            &[
                window_update(0, 1 << 30),
                window_update(3, 0).split_off(13),
                get(3, "/long"),
                window_update(3, 1 << 30),
            ]
            .concat(),
        )
        .await;
    let (status, body) = within(client.response(3)).await;
    assert_eq!((status.as_str(), body.len()), ("200", LONG));
    assert!(body.iter().enumerate().all(|(at, byte)| *byte == at as u8));
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_beyond_the_limit_are_refused() {
    let running = start(HttpConfig { h2_max_streams: 2, ..HttpConfig::default() });
    let mut client = Client::connect(running.address, &[]).await;
    client.send(&[get(1, "/slow"), get(3, "/slow"), get(5, "/")].concat()).await;
    let refused = within(client.next(RST_STREAM)).await.unwrap();
    assert_eq!((refused.stream, refused.code()), (5, REFUSED_STREAM));
    until(|| running.requests() == 2).await;
    running.app.go.notify_one();
    running.app.go.notify_one();
    within(client.next(DATA)).await.unwrap();
    within(client.next(DATA)).await.unwrap();
    client.send(&get(7, "/")).await;
    assert_eq!(within(client.response(7)).await.1, b"ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_and_targets_and_bodies_have_the_limits_of_http_1() {
    let config = HttpConfig {
        body_limit: ByteSize(10),
        max_target: ByteSize(50),
        max_head_size: ByteSize::kib(8),
        ..HttpConfig::default()
    };
    let running = start(config);
    let mut client = Client::connect(running.address, &[]).await;
    let long = format!("/{}", "x".repeat(60));
    let many = "a".repeat(20);
    let mut headers = vec![(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "x")];
    headers.extend((0..101).map(|_| ("a", "b")));
    let value = many.repeat(6);
    let mut large = vec![(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "x")];
    large.extend((0..60).map(|_| ("a", value.as_str())));
    let announced = block(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/echo"),
        (":authority", "x"),
        ("content-length", "11"),
    ]);
    let ended = END_HEADERS | END_STREAM;
    for (stream, request, status) in [
        (1, get(1, &long), "414"),
        (3, frame(HEADERS, ended, 3, &block(&headers)), "431"),
        (5, frame(HEADERS, ended, 5, &block(&large)), "431"),
        (7, frame(HEADERS, END_HEADERS, 7, &announced), "413"),
        (9, [post(9, "/echo"), frame(DATA, END_STREAM, 9, b"12345678901")].concat(), "413"),
    ] {
        client.send(&request).await;
        let answer = within(async {
            loop {
                let frame = client.next(HEADERS).await.expect("no answer");
                if frame.stream == stream {
                    return frame.status();
                }
            }
        });
        assert_eq!(answer.await, status);
    }
    assert_eq!(running.requests(), 2, "those with a body");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_stream_has_its_own_time() {
    let running = start(HttpConfig { request_timeout: short(300), ..HttpConfig::default() });
    let mut client = Client::connect(running.address, &[]).await;
    client.send(&get(1, "/slow")).await;
    within(running.app.entered.notified()).await;
    client.send(&get(3, "/")).await;
    assert_eq!(within(client.response(3)).await, ("200".into(), b"ok".to_vec()));
    assert_eq!(within(client.response(1)).await.0, "503");
    within(running.app.dropped.notified()).await;
    client.send(&get(5, "/")).await;
    assert_eq!(within(client.response(5)).await, ("200".into(), b"ok".to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_too_slowly_ends_its_stream_alone() {
    let config =
        HttpConfig { body_min_rate: ByteSize(1000), body_grace: short(200), ..HttpConfig::default() };
    let running = start(config);
    let mut client = Client::connect(running.address, &[]).await;
    client.send(&post(1, "/echo")).await;
    assert_eq!(within(client.response(1)).await.0, "408");
    within(running.app.dropped.notified()).await;
    let reset = within(client.next(RST_STREAM)).await.unwrap();
    assert_eq!((reset.stream, reset.code()), (1, NO_ERROR));
    client.send(&get(3, "/")).await;
    assert_eq!(within(client.response(3)).await, ("200".into(), b"ok".to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_that_the_client_has_no_room_for_ends_its_stream_alone() {
    let running = start(HttpConfig { write_stall_timeout: short(200), ..HttpConfig::default() });
    for window in [0, 1, 20_000] {
        let mut client = Client::connect(running.address, &[(INITIAL_WINDOW, window)]).await;
        client.send(&get(1, "/long")).await;
        let reset = within(client.next(RST_STREAM)).await.unwrap();
        assert_eq!((reset.stream, reset.code()), (1, CANCEL), "a window of {window}");
        client.send(&[get(3, "/"), window_update(3, 100)].concat()).await;
        assert_eq!(within(client.response(3)).await, ("200".into(), b"ok".to_vec()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_for_nothing_is_told_to_leave_and_then_closed() {
    let running = start(HttpConfig {
        header_timeout: short(300),
        keep_alive_timeout: short(100),
        ..HttpConfig::default()
    });
    for request in [vec![], get(1, "/")] {
        let mut client = Client::connect(running.address, &[]).await;
        client.send(&request).await;
        assert_eq!(within(client.goaway()).await, Some(NO_ERROR));
    }
    let mut half = Client::connect(running.address, &[]).await;
    half.send(&[get(1, "/slow"), frame(HEADERS, 0, 3, &request("GET", "/"))].concat()).await;
    within(running.app.entered.notified()).await;
    assert!(within(half.goaway()).await.is_none_or(|code| code == NO_ERROR), "a head that does not end");
    within(running.app.dropped.notified()).await;
    let mut part = Client { stream: connect(running.address).await };
    part.send(&PREFACE[..10]).await;
    let answer = within(rest(&mut part.stream)).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "a preface that does not end: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rapid_resets_end_the_connection_and_never_exceed_the_limit_of_handlers() {
    let running = start(HttpConfig { h2_max_streams: 20, ..HttpConfig::default() });
    let mut client = Client::connect(running.address, &[]).await;
    let mut sent = 0;
    for pair in 0..10_000 {
        let stream = pair * 2 + 1;
        if !client.try_send(&[get(stream, "/slow"), reset(stream)].concat()).await {
            break;
        }
        sent += 1;
        if pair % 10 == 0 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(within(client.goaway()).await, Some(ENHANCE_YOUR_CALM), "after {sent}");
    let most = running.app.most_at_work.load(std::sync::atomic::Ordering::SeqCst);
    assert!(most <= 20, "{most} handlers at once");
    assert!(running.requests() <= 201, "{} requests", running.requests());
    until(|| running.app.at_work.load(std::sync::atomic::Ordering::SeqCst) == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_resets_at_once_are_no_attack() {
    let running = start(HttpConfig::default());
    let mut client = Client::connect(running.address, &[]).await;
    // With the one behind them they are as many as there may be: those that are reset may be at work still.
    let wave: Vec<u8> =
        (0..99).flat_map(|at| [get(at * 2 + 1, "/slow"), reset(at * 2 + 1)].concat()).collect();
    client.send(&wave).await;
    client.send(&get(201, "/")).await;
    assert_eq!(within(client.response(201)).await, ("200".into(), b"ok".to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_of_frames_that_say_nothing_end_the_connection() {
    let running = start(HttpConfig::default());
    let settings = frame(SETTINGS, 0, 0, &[]);
    let floods = [
        ("PING", frame(PING, 0, 0, &[0; 8])),
        ("PING ACK", frame(PING, ACK, 0, &[0; 8])),
        ("SETTINGS", settings),
        ("PRIORITY", frame(PRIORITY, 0, 1, &[0, 0, 0, 3, 0])),
        ("WINDOW_UPDATE", window_update(0, 1)),
        ("unknown", frame(0xbe, 0, 0, b"x")),
        ("empty DATA", frame(DATA, 0, 1, &[])),
        ("RST_STREAM", reset(1)),
    ];
    for (name, flood) in floods {
        let mut client = Client::connect(running.address, &[]).await;
        client.send(&post(1, "/unread")).await;
        let (mut reader, mut writer) = client.stream.into_split();
        let flooding = tokio::spawn(async move {
            let many = flood.repeat(1000);
            for _ in 0..100 {
                if writer.write_all(&many).await.is_err() {
                    return;
                }
            }
        });
        let mut all = Vec::new();
        let _ = within(tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut all)).await;
        let goaway = [0, 0, 0, 11];
        assert!(
            all.windows(4).any(|bytes| bytes == goaway),
            "{name}: no ENHANCE_YOUR_CALM in {} bytes",
            all.len()
        );
        within(flooding).await.unwrap();
    }
    let mut good = Client::connect(running.address, &[]).await;
    good.send(&get(1, "/")).await;
    assert_eq!(within(good.response(1)).await, ("200".into(), b"ok".to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_block_without_an_end_ends_the_connection() {
    let running = start(HttpConfig::default());
    let mut client = Client::connect(running.address, &[]).await;
    client.send(&frame(HEADERS, 0, 1, &request("GET", "/"))).await;
    let more = frame(CONTINUATION, 0, 1, &block(&[("a", "b")]));
    for _ in 0..1000 {
        if !client.try_send(&more).await {
            break;
        }
    }
    assert_eq!(within(client.goaway()).await, Some(ENHANCE_YOUR_CALM));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_downloads_may_say_how_far_it_is() {
    let running = start(HttpConfig::default());
    let mut client = Client::connect(running.address, &[]).await;
    client.send(&get(1, "/long")).await;
    let mut came = 0;
    within(async {
        while came < LONG {
            let frame = client.frame().await.expect("the connection ended early");
            assert!(![GOAWAY, RST_STREAM].contains(&frame.kind), "{frame:?}");
            if frame.kind == DATA && !frame.payload.is_empty() {
                came += frame.payload.len();
                let by = u32::try_from(frame.payload.len()).unwrap();
                client.send(&[window_update(0, by), window_update(1, by)].concat()).await;
            }
        }
    })
    .await;
    assert_eq!(came, LONG);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_as_strict_as_those_of_http_1() {
    let running = start(HttpConfig::default());
    let mut client = Client::connect(running.address, &[]).await;
    let request = |more: &[(&str, &str)]| {
        let mut fields = vec![(":method", "GET"), (":scheme", "http"), (":path", "/host")];
        fields.extend(more);
        block(&fields)
    };
    let mut stream = 1;
    for (fields, status, body) in [
        (&[(":authority", "example.org")][..], "200", "example.org"),
        (&[("host", "example.org:1")], "200", "example.org:1"),
        (&[(":authority", "Example.org"), ("host", "example.org")], "200", "example.org"),
        (&[(":authority", "a"), ("host", "b")], "400", ""),
        (&[("host", "a"), ("host", "a")], "400", ""),
        (&[(":authority", "a@b")], "400", ""),
        (&[("host", "a,b")], "400", ""),
        (&[], "400", ""),
    ] {
        client.send(&frame(HEADERS, END_HEADERS | END_STREAM, stream, &request(fields))).await;
        assert_eq!(within(client.response(stream)).await, (status.into(), body.into()), "{fields:?}");
        stream += 2;
    }
    let trace = [(":method", "TRACE"), (":scheme", "http"), (":path", "/"), (":authority", "x")];
    client.send(&frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&trace))).await;
    assert_eq!(within(client.response(stream)).await.0, "501");
    let malformed: [&[(&str, &str)]; 10] = [
        &[(":authority", "x"), ("a", " b")],
        &[(":authority", "x"), ("a", "b ")],
        &[(":authority", "x"), ("a", "\tb")],
        &[(":authority", "x"), ("connection", "close")],
        &[(":authority", "x"), ("te", "gzip")],
        &[(":authority", "x"), ("Upper", "case")],
        &[(":authority", "x"), ("a", "b\r\nc: d")],
        &[(":authority", "x"), ("transfer-encoding", "chunked")],
        &[(":authority", "x"), ("a", "b"), (":method", "GET")],
        &[(":authority", "x"), ("content-length", "5")],
    ];
    let before = running.requests();
    for fields in malformed {
        let mut client = Client::connect(running.address, &[]).await;
        client.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &request(fields))).await;
        // An error of the stream, or of the connection.
        let end = within(async {
            loop {
                let frame = client.frame().await.expect("no error");
                if matches!(frame.kind, RST_STREAM | GOAWAY) {
                    return frame;
                }
            }
        });
        assert_eq!(end.await.code(), PROTOCOL_ERROR, "{fields:?}");
    }
    for scheme in ["", "ftp"] {
        let fields = [(":method", "GET"), (":scheme", scheme), (":path", "/"), (":authority", "x")];
        let mut client = Client::connect(running.address, &[]).await;
        client.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&fields))).await;
        let reset = within(client.next(RST_STREAM)).await.unwrap();
        assert_eq!((reset.stream, reset.code()), (1, PROTOCOL_ERROR), "{scheme:?}");
    }
    assert_eq!(running.requests(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_come_first() {
    let running = start(HttpConfig::default());
    for first in [get(1, "/"), frame(PING, 0, 0, &[0; 8]), frame(SETTINGS, ACK, 0, &[])] {
        let mut client = Client { stream: connect(running.address).await };
        client.send(&[PREFACE, &first].concat()).await;
        assert_eq!(within(client.goaway()).await, Some(PROTOCOL_ERROR), "{first:?}");
    }
    assert_eq!(running.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_thousands_of_small_pieces_is_no_flood() {
    let running = start(HttpConfig::default());
    let mut client = Client::connect(running.address, &[]).await;
    let mut sent = post(1, "/echo");
    sent.extend(frame(DATA, 0, 1, b"ten bytes!").repeat(4000));
    sent.extend(frame(DATA, END_STREAM, 1, b""));
    client.send(&sent).await;
    client.send(&window_update(0, 100_000)).await;
    assert_eq!(within(client.response(1)).await.1.len(), 40_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_that_come_apart_are_one_header() {
    let running = start(HttpConfig { max_headers: 3, ..HttpConfig::default() });
    let mut client = Client::connect(running.address, &[]).await;
    let mut fields =
        vec![(":method", "GET"), (":scheme", "http"), (":path", "/cookies"), (":authority", "x")];
    fields.extend([("cookie", "a=1"), ("cookie", "b=2"), ("accept", "x"), ("cookie", "c=3; d=4")]);
    client.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&fields))).await;
    let cookies = b"[\"a=1; b=2; c=3; d=4\"]".to_vec();
    assert_eq!(within(client.response(1)).await, ("200".into(), cookies));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_that_breaks_off_is_reset() {
    let running = start(HttpConfig::default());
    let mut client = Client::connect(running.address, &[]).await;
    client.send(&get(1, "/slow")).await;
    for (stream, path) in [(3, "/broken"), (5, "/panic")] {
        client.send(&get(stream, path)).await;
        let reset = within(client.next(RST_STREAM)).await.unwrap();
        assert_eq!((reset.stream, reset.code()), (stream, INTERNAL_ERROR), "{path}");
    }
    running.app.go.notify_one();
    assert_eq!(within(client.response(1)).await, ("200".into(), b"slow".to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handler_of_a_stream_that_is_reset_is_dropped() {
    let running = start(HttpConfig::default());
    let mut client = Client::connect(running.address, &[]).await;
    client.send(&get(1, "/slow")).await;
    within(running.app.entered.notified()).await;
    client.send(&reset(1)).await;
    within(running.app.dropped.notified()).await;
    client.send(&get(3, "/slow")).await;
    within(running.app.entered.notified()).await;
    drop(client);
    within(running.app.dropped.notified()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_finishes_streams_in_flight_and_waits_for_no_silent_client() {
    let running = start(HttpConfig::default());
    let mut idle = Client::connect(running.address, &[]).await;
    idle.send(&get(1, "/")).await;
    assert_eq!(within(idle.response(1)).await.1, b"ok");
    let mut busy = Client::connect(running.address, &[]).await;
    busy.send(&get(1, "/slow")).await;
    within(running.app.entered.notified()).await;

    running.stop.send(()).unwrap();
    let goaway = within(busy.next(GOAWAY)).await.unwrap();
    assert_eq!(goaway.code(), NO_ERROR);
    running.app.go.notify_one();
    assert_eq!(within(busy.response(1)).await, ("200".into(), b"slow".to_vec()));
    // Neither answers the PING that follows the GOAWAY.
    assert_eq!(within(idle.goaway()).await, Some(NO_ERROR));
    within(busy.goaway()).await;
    assert_eq!(within(running.served).await.unwrap(), Served { cut: 0 });
}
