//! The server against clients on real sockets: good ones, silent ones, slow ones, and its own end.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use zzz_core::config::ByteSize;
use zzz_core::http::{BoxFuture, IntoResponse, Request, Response, Service};
use zzz_core_http::{HttpConfig, Served, Server};

/// Answers `/` at once, `/slow` when told, `/echo` with the body, `/long` with [`LONG`] bytes.
#[derive(Clone, Default)]
struct App {
    entered: Arc<Notify>,
    go: Arc<Notify>,
    dropped: Arc<Notify>,
}

/// More than any buffer on the way holds.
const LONG: usize = 20_000_000;

/// Tells when a handler is done with, in whichever way.
struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Service for App {
    fn call(&self, request: Request) -> BoxFuture<Response> {
        let app = self.clone();
        Box::pin(async move {
            match request.path() {
                "/slow" => {
                    let _dropped = OnDrop(Arc::clone(&app.dropped));
                    app.entered.notify_one();
                    app.go.notified().await;
                    "slow".into_response()
                }
                "/echo" => match request.into_parts().1.read().await {
                    Ok(body) => body.into_response(),
                    Err(error) => zzz_core::Error::from(error).into_response(),
                },
                "/long" => (0..LONG).map(|at| at as u8).collect::<Vec<_>>().into_response(),
                _ => "ok".into_response(),
            }
        })
    }
}

struct Running {
    address: SocketAddr,
    app: App,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<Served>,
}

fn start(config: HttpConfig) -> Running {
    let app = App::default();
    let server = Server::bind(&HttpConfig { port: 0, workers: 2, ..config }).unwrap();
    let address = server.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(server.run(app.clone(), async { drop(stopped.await) }));
    Running { address, app, stop, served }
}

/// Short enough not to wait for, long enough for a busy machine to answer a good client.
fn short(timeout: u64) -> Duration {
    Duration::from_millis(timeout)
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Everything that comes until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).into_owned()
}

/// One response with a content-length on a kept connection, as a text.
async fn response(stream: &mut TcpStream) -> String {
    let (head, body) = whole_response(stream).await;
    head + &String::from_utf8(body).unwrap()
}

async fn whole_response(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.unwrap() == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    (head, body)
}

async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = connect(address).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    rest(&mut stream).await
}

/// The same deadline everywhere, so that a hang is a failure and not a wait for ever.
async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("nothing happened for 20 seconds")
}

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

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
    let mut answer = String::new();
    within(async {
        let mut buffer = [0; 256];
        while let Ok(count @ 1..) = reader.read(&mut buffer).await {
            answer.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
        }
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n"), "{answer}");
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
async fn shutdown_finishes_what_is_in_flight_and_refuses_the_rest() {
    let running = start(HttpConfig::default());
    let mut idle = connect(running.address).await;
    idle.write_all(GET.as_bytes()).await.unwrap();
    assert!(response(&mut idle).await.ends_with("ok"));
    let mut slow = connect(running.address).await;
    slow.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    running.app.entered.notified().await;

    running.stop.send(()).unwrap();
    assert_eq!(within(rest(&mut idle)).await, "", "an idle connection is closed at once");
    assert!(
        within(async {
            // Refused as soon as every listener is closed.
            while TcpStream::connect(running.address).await.is_ok() {
                tokio::task::yield_now().await;
            }
            true
        })
        .await
    );
    running.app.go.notify_one();
    let answer = within(rest(&mut slow)).await;
    assert!(answer.contains("connection: close") && answer.ends_with("slow"), "{answer}");
    assert_eq!(within(running.served).await.unwrap(), Served { cut: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_cuts_what_does_not_finish_within_the_grace() {
    let running = start(HttpConfig { shutdown_grace: short(100), ..HttpConfig::default() });
    let mut slow = connect(running.address).await;
    slow.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    running.app.entered.notified().await;
    running.stop.send(()).unwrap();
    assert_eq!(within(running.served).await.unwrap(), Served { cut: 1 });
    assert_eq!(within(rest(&mut slow)).await, "");
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

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_answers_clients_that_were_let_in() {
    let running = start(HttpConfig { max_connections: 1, ..HttpConfig::default() });
    let mut slow = connect(running.address).await;
    slow.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    running.app.entered.notified().await;
    // There is no room for these; one waits in each accept loop, the others in the backlog.
    let mut waiting = Vec::new();
    for _ in 0..6 {
        let mut stream = connect(running.address).await;
        stream.write_all(GET.as_bytes()).await.unwrap();
        waiting.push(stream);
    }
    running.stop.send(()).unwrap();
    running.app.go.notify_one();
    assert!(within(rest(&mut slow)).await.ends_with("slow"));
    for mut stream in waiting {
        assert!(within(rest(&mut stream)).await.ends_with("ok"));
    }
    assert_eq!(within(running.served).await.unwrap(), Served { cut: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_server_leaves_no_task_behind() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let running = start(HttpConfig::default());
    let mut stream = connect(running.address).await;
    stream.write_all(GET.as_bytes()).await.unwrap();
    assert!(response(&mut stream).await.ends_with("ok"));
    assert!(metrics.num_alive_tasks() > before);
    running.served.abort();
    assert_eq!(within(rest(&mut stream)).await, "");
    within(async {
        while metrics.num_alive_tasks() > before {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
