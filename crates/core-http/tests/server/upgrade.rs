//! From HTTP to another protocol.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zzz_core_http::{HttpConfig, Served};

use crate::support::*;

const UPGRADE: &str =
    "GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, Upgrade\r\nupgrade: echo\r\n\r\n";

async fn read(stream: &mut TcpStream, count: usize) -> String {
    let mut bytes = vec![0; count];
    within(stream.read_exact(&mut bytes)).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

async fn upgraded(running: &Running, early: &str) -> TcpStream {
    let mut stream = connect(running.address).await;
    stream.write_all(format!("{UPGRADE}{early}").as_bytes()).await.unwrap();
    let head = within(head(&mut stream)).await;
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    assert!(head.contains("upgrade: echo\r\n") && head.contains("connection: upgrade\r\n"), "{head}");
    within(running.app.entered.notified()).await;
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_speaks_another_protocol_and_loses_nothing_on_the_way() {
    let running = start(HttpConfig::default());
    let mut stream = upgraded(&running, "early").await;
    assert_eq!(read(&mut stream, 5).await, "EARLY");
    stream.write_all(b"later").await.unwrap();
    assert_eq!(read(&mut stream, 5).await, "LATER");
    stream.shutdown().await.unwrap();
    assert_eq!(within(rest(&mut stream)).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn http_s_deadlines_end_with_http() {
    let config = HttpConfig {
        header_timeout: short(100),
        keep_alive_timeout: short(100),
        request_timeout: short(100),
        ..HttpConfig::default()
    };
    let running = start(config);
    let mut stream = upgraded(&running, "").await;
    // Longer than each of them: that nothing happens is what is tested.
    tokio::time::sleep(short(500)).await;
    stream.write_all(b"still").await.unwrap();
    assert_eq!(read(&mut stream, 5).await, "STILL");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_takes_nothing_is_cut_after_an_upgrade_too() {
    let running = start(HttpConfig { write_stall_timeout: short(200), ..HttpConfig::default() });
    let (_reader, mut writer) = upgraded(&running, "").await.into_split();
    // Until the way back is full, the echo stops reading, and the server cuts the connection.
    within(async { while writer.write_all(&[b'x'; 100_000]).await.is_ok() {} }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_tells_the_other_protocol_and_waits_for_it() {
    let running = start(HttpConfig::default());
    let mut stream = upgraded(&running, "").await;
    running.stop.send(()).unwrap();
    assert_eq!(within(rest(&mut stream)).await, "bye");
    assert_eq!(within(running.served).await.unwrap(), Served { cut: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_request_that_asks_for_it_is_offered_an_upgrade() {
    let running = start(HttpConfig::default());
    for head in [
        "GET /upgrade HTTP/1.1\r\nhost: x\r\nupgrade: echo\r\nconnection: close",
        "GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close",
        "GET /upgrade HTTP/1.0\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo",
        "POST /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close\r\nupgrade: echo\r\ncontent-length: 1",
    ] {
        let answer = within(exchange(running.address, &format!("{head}\r\n\r\nx"))).await;
        assert!(answer.starts_with("HTTP/1.") && answer[8..].starts_with(" 426"), "{head}: {answer}");
    }
}
