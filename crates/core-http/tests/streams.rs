//! Bodies that stream, in both directions: their pace is the reader's, and what breaks never looks whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use zzz_core::http::{
    Body, BodySender, BodyStream, BoxFuture, HeaderMap, HeaderValue, IntoResponse, Request, Response, Service,
};
use zzz_core_http::{HttpConfig, Served, Server};

/// What the test and the service share.
#[derive(Clone, Default)]
struct App {
    /// The sender of `/live`, once somebody has asked for it.
    live: Arc<Mutex<Option<BodySender>>>,
    asked: Arc<Notify>,
    /// How many bytes `/endless` has produced.
    produced: Arc<AtomicU64>,
    /// Told when `/endless` has learnt that its reader is gone.
    gone: Arc<Notify>,
}

impl Service for App {
    fn call(&self, request: Request) -> BoxFuture<Response> {
        let app = self.clone();
        Box::pin(async move {
            match request.path() {
                "/live" => {
                    let (sender, body) = Body::channel(1024);
                    *app.live.lock().unwrap() = Some(sender);
                    app.asked.notify_one();
                    body.ends_on_shutdown().into_response()
                }
                "/endless" => {
                    let (mut sender, body) = Body::channel(64 * 1024);
                    tokio::spawn(async move {
                        while sender.send(vec![b'x'; 16 * 1024]).await.is_ok() {
                            app.produced.fetch_add(16 * 1024, SeqCst);
                        }
                        app.gone.notify_one();
                    });
                    body.into_response()
                }
                "/panics" => Body::from_http_body(Panics(Some("first"))).into_response(),
                "/trailers" => {
                    let mut trailers = HeaderMap::new();
                    trailers.insert("x-sum", HeaderValue::from_static("abc"));
                    let mut response = Body::from("content").with_trailers(trailers).into_response();
                    response.headers_mut().insert("trailer", HeaderValue::from_static("x-sum"));
                    response
                }
                // The body's length and its trailer.
                "/read" => {
                    let mut body = BodyStream::new(request.into_parts().1);
                    let mut length = 0;
                    loop {
                        match body.chunk().await {
                            Ok(Some(chunk)) => length += chunk.len(),
                            Ok(None) => break,
                            Err(error) => return zzz_core::Error::from(error).into_response(),
                        }
                    }
                    let sum = body.trailers().and_then(|trailers| trailers.get("x-sum"));
                    format!("{length} {}", sum.map_or("-", |sum| sum.to_str().unwrap())).into_response()
                }
                _ => "ok".into_response(),
            }
        })
    }
}

/// A chunk, then a panic.
struct Panics(Option<&'static str>);

impl http_body::Body for Panics {
    type Data = bytes::Bytes;
    type Error = std::io::Error;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
        let chunk = self.0.take().expect("out of owls");
        Poll::Ready(Some(Ok(http_body::Frame::data(chunk.into()))))
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
    let serving = server.run(app.clone(), async { drop(stopped.await) });
    let served = tokio::spawn(async { serving.await.unwrap() });
    Running { address, app, stop, served }
}

impl Running {
    async fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn get(&self, path: &str) -> TcpStream {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: x\r\nte: trailers\r\n\r\n")).await
    }

    /// Opens `/live` and waits for its sender.
    async fn live(&self) -> (TcpStream, BodySender) {
        let stream = self.get("/live").await;
        within(self.app.asked.notified()).await;
        (stream, self.app.live.lock().unwrap().take().unwrap())
    }
}

/// The same deadline everywhere, so that a hang is a failure and not a wait for ever.
async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("nothing happened for 20 seconds")
}

/// Reads until `end` has come, and returns everything until then.
async fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut all = Vec::new();
    within(async {
        let mut buffer = [0; 1024];
        while !all.ends_with(end.as_bytes()) {
            let count = stream.read(&mut buffer).await.unwrap();
            assert_ne!(count, 0, "closed after {:?}", String::from_utf8_lossy(&all));
            all.extend_from_slice(&buffer[..count]);
        }
    })
    .await;
    String::from_utf8(all).unwrap()
}

/// Everything that comes until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let _ = within(stream.read_to_end(&mut all)).await;
    String::from_utf8_lossy(&all).into_owned()
}

fn body(response: &str) -> &str {
    response.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_reach_the_client_as_they_are_sent() {
    let running = start(HttpConfig::default());
    let (mut stream, mut sender) = running.live().await;
    sender.send("one").await.unwrap();
    assert_eq!(body(&until(&mut stream, "one\r\n").await), "3\r\none\r\n");
    sender.send("three").await.unwrap();
    assert_eq!(until(&mut stream, "three\r\n").await, "5\r\nthree\r\n");
    sender.finish().unwrap();
    assert_eq!(until(&mut stream, "\r\n\r\n").await, "0\r\n\r\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_never_comes_to_a_clean_end() {
    let running = start(HttpConfig::default());
    let (mut dropped, mut sender) = running.live().await;
    sender.send("part").await.unwrap();
    until(&mut dropped, "part\r\n").await;
    drop(sender);
    assert_eq!(rest(&mut dropped).await, "");

    let (mut aborted, mut sender) = running.live().await;
    sender.send("part").await.unwrap();
    until(&mut aborted, "part\r\n").await;
    sender.abort("no more rows");
    assert_eq!(rest(&mut aborted).await, "");

    let mut panicked = running.get("/panics").await;
    let came = rest(&mut panicked).await;
    assert!(!came.contains("\r\n0\r\n"), "{came}");

    let mut good = running.get("/").await;
    until(&mut good, "ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_is_held_to_the_pace_of_its_reader() {
    let running = start(HttpConfig::default());
    let mut stream = running.get("/endless").await;
    until(&mut stream, "xxxx").await;
    // The client reads no more: what is on its way fills up, and then nothing more is produced.
    let settled = within(async {
        let mut before = 0;
        loop {
            // A pace is what is tested: a producer that is not held would go on within this time.
            tokio::time::sleep(Duration::from_millis(300)).await;
            let produced = running.app.produced.load(SeqCst);
            if produced == before {
                return produced;
            }
            before = produced;
        }
    })
    .await;
    assert!(settled < 16 * 1024 * 1024, "{settled} bytes for a client that does not read");
    drop(stream);
    within(running.app.gone.notified()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_learns_that_the_client_is_gone() {
    let running = start(HttpConfig::default());
    let (mut stream, mut sender) = running.live().await;
    sender.send("one").await.unwrap();
    until(&mut stream, "one\r\n").await;
    drop(stream);
    within(sender.closed()).await;
    assert!(sender.send("two").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_closed() {
    let running =
        start(HttpConfig { write_stall_timeout: Duration::from_millis(200), ..HttpConfig::default() });
    let mut stream = running.get("/endless").await;
    until(&mut stream, "xxxx").await;
    within(running.app.gone.notified()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_go_both_ways() {
    let running = start(HttpConfig::default());
    let mut stream = running.get("/trailers").await;
    let answer = until(&mut stream, "abc\r\n\r\n").await;
    assert_eq!(body(&answer), "7\r\ncontent\r\n0\r\nx-sum: abc\r\n\r\n");

    let chunked = "POST /read HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n\
                   3\r\none\r\n3\r\ntwo\r\n0\r\nx-sum: 12\r\n\r\n";
    let mut stream = running.send(chunked).await;
    assert_eq!(body(&until(&mut stream, "6 12").await), "6 12");
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_ends_what_has_no_end_of_its_own() {
    let running = start(HttpConfig { shutdown_grace: Duration::from_secs(60), ..HttpConfig::default() });
    let (mut stream, mut sender) = running.live().await;
    sender.send("event").await.unwrap();
    until(&mut stream, "event\r\n").await;
    running.stop.send(()).unwrap();
    assert_eq!(rest(&mut stream).await, "0\r\n\r\n", "it ends cleanly, and the connection with it");
    within(sender.closed()).await;
    assert_eq!(within(running.served).await.unwrap(), Served { cut: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_may_last_and_be_silent_longer_than_any_timeout() {
    let short = Duration::from_millis(50);
    let config = HttpConfig {
        request_timeout: short,
        write_stall_timeout: short,
        header_timeout: short,
        keep_alive_timeout: short,
        body_grace: short,
        ..HttpConfig::default()
    };
    let running = start(config);
    let (mut stream, mut sender) = running.live().await;
    sender.send("one").await.unwrap();
    until(&mut stream, "one\r\n").await;
    // Time passing is what is tested.
    tokio::time::sleep(Duration::from_millis(400)).await;
    sender.send("two").await.unwrap();
    assert_eq!(until(&mut stream, "two\r\n").await, "3\r\ntwo\r\n");
}

#[cfg(feature = "decompress")]
#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_decoded_if_they_should_be() {
    // Ten MiB of zeros in brotli.
    let bomb: &[u8] = b"\xcb\xff\xff\x3f\xf8\x27\x00\xe2\xb1\x40\x20\xf7\xfe\x2f\xff\xff\x3f\xf0\x4f\x00\xc4\x61\x11\x80\xee\xfd\x07";
    let text: &[u8] = b"\x0b\x0a\x80Hello, hello, hello!\n\x03";
    let head = |coding: &str, length: usize| {
        format!(
            "POST /read HTTP/1.1\r\nhost: x\r\ncontent-encoding: {coding}\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    for (decompress, coding, body, answer) in [
        (true, "br", text, "200 OK\r\n 21 -"),
        (false, "br", text, "200 OK\r\n 25 -"),
        (true, "br", bomb, "413 Payload Too Large\r\n"),
        (true, "br", &text[..20], "400 Bad Request\r\n"),
        (true, "deflate", text, "415 Unsupported Media Type\r\n accept-encoding: gzip, br, zstd\r\n"),
        (true, "identity", text, "200 OK\r\n 25 -"),
    ] {
        let running = start(HttpConfig { decompress, ..HttpConfig::default() });
        let mut stream = running.send(&head(coding, body.len())).await;
        stream.write_all(body).await.unwrap();
        stream.shutdown().await.unwrap();
        let came = rest(&mut stream).await;
        let (status, part) =
            answer.split_once(' ').map(|(_, rest)| rest.split_once("\r\n").unwrap()).unwrap();
        assert!(came.contains(status) && came.contains(part.trim_start()), "{decompress} {coding}: {came}");
    }
}

#[cfg(not(feature = "decompress"))]
#[tokio::test]
async fn what_is_not_compiled_in_is_refused_with_its_name() {
    let error = Server::bind(&HttpConfig { port: 0, decompress: true, ..HttpConfig::default() }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`decompress` is on, but it is not compiled in; turn on the feature `decompress` of zzz-web (zzz-core-http has \
         one of the same name), or unset `decompress` in [http]"
    );
}
