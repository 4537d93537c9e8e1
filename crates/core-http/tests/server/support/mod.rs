//! A server with a small app, and clients on real sockets.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod frames;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use zzz_core::http::{
    Body, BoxFuture, Duplex, HeaderValue, IntoResponse, Request, Response, Service, StatusCode, Upgrade,
};
use zzz_core_http::{HttpConfig, Served, Server};

/// More than any buffer on the way holds.
pub(crate) const LONG: usize = 20_000_000;

pub(crate) const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// Answers `/` at once, `/slow` when told, `/echo` with the body, `/unread` without reading it, `/long` with [`LONG`]
/// bytes, `/endless` with more, `/trailers` with the body frame by frame, `/broken` with a body that
/// fails, `/host` with the `Host` header, `/cookies` with
/// the `Cookie` headers, `/upgrade` with an echo of bytes.
#[derive(Clone, Default)]
pub(crate) struct App {
    /// A handler has begun: `/slow`, `/unread`, or `/upgrade` after its upgrade.
    pub(crate) entered: Arc<Notify>,
    pub(crate) go: Arc<Notify>,
    /// A handler of `/slow`, `/echo` or `/unread`, or the body of `/endless`, is done with, in whichever way.
    pub(crate) dropped: Arc<Notify>,
    pub(crate) requests: Arc<AtomicUsize>,
    /// How many handlers of `/slow` are at work now, and how many were at most.
    pub(crate) at_work: Arc<AtomicUsize>,
    pub(crate) most_at_work: Arc<AtomicUsize>,
}

/// Tells when a handler is done with, in whichever way.
struct OnDrop(Arc<Notify>, Option<Arc<AtomicUsize>>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(count) = &self.1 {
            count.fetch_sub(1, Ordering::SeqCst);
        }
        self.0.notify_one();
    }
}

static LONG_BODY: LazyLock<Bytes> = LazyLock::new(|| (0..LONG).map(|at| at as u8).collect::<Vec<_>>().into());

/// A body that does not end by itself.
struct Endless(#[allow(dead_code, reason = "it tells when it is dropped")] OnDrop);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::convert::Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(LONG_BODY.slice(..100_000)))))
    }
}

/// A body that begins and panics.
struct Panicking(u8);

impl http_body::Body for Panicking {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match self.0.checked_sub(1) {
            Some(left) => self.0 = left,
            None => panic!("within a body"),
        }
        Poll::Ready(Some(Ok(Frame::data(LONG_BODY.slice(..1024)))))
    }
}

/// A body that begins and fails.
struct Broken(bool);

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let begun = std::mem::replace(&mut self.0, true);
        Poll::Ready(Some(if begun {
            Err(std::io::Error::other("broken"))
        } else {
            Ok(Frame::data("beginning".into()))
        }))
    }
}

impl Service for App {
    fn call(&self, request: Request) -> BoxFuture<Response> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let app = self.clone();
        Box::pin(async move { app.answer(request).await })
    }
}

impl App {
    async fn answer(self, request: Request) -> Response {
        match request.path() {
            "/slow" => {
                let at_work = self.at_work.fetch_add(1, Ordering::SeqCst) + 1;
                self.most_at_work.fetch_max(at_work, Ordering::SeqCst);
                let _dropped = OnDrop(self.dropped, Some(self.at_work));
                self.entered.notify_one();
                self.go.notified().await;
                "slow".into_response()
            }
            "/echo" => {
                let _dropped = OnDrop(self.dropped, None);
                match request.into_parts().1.read().await {
                    Ok(body) => body.into_response(),
                    Err(error) => zzz_core::Error::from(error).into_response(),
                }
            }
            "/unread" => {
                let _dropped = OnDrop(self.dropped, None);
                self.entered.notify_one();
                self.go.notified().await;
                match request.into_parts().1.read().await {
                    Ok(body) => body.into_response(),
                    Err(error) => zzz_core::Error::from(error).into_response(),
                }
            }
            "/trailers" => {
                let mut response = Response::new(Body::from_http_body(request.into_parts().1));
                response.headers_mut().insert("trailer", HeaderValue::from_static("x-sum"));
                response
            }
            "/broken" => Response::new(Body::from_http_body(Broken(false))),
            "/cookies" => {
                let cookies: Vec<_> = request.headers().get_all("cookie").iter().collect();
                format!("{cookies:?}").into_response()
            }
            "/page" => LONG_BODY.slice(..1648).into_response(),
            "/panic" => Response::new(Body::from_http_body(Panicking(3))),
            "/host" => request.header("host").unwrap_or("none").to_owned().into_response(),
            "/long" => LONG_BODY.clone().into_response(),
            "/endless" => Response::new(Body::from_http_body(Endless(OnDrop(self.dropped, None)))),
            "/upgrade" => match request.extensions().get::<Upgrade>() {
                Some(upgrade) => upgrade.accept("echo", move |connection| self.echo(connection)),
                None => StatusCode::UPGRADE_REQUIRED.into_response(),
            },
            _ => "ok".into_response(),
        }
    }

    /// Gives back what comes, in capitals, and takes leave when the server is finishing.
    async fn echo(self, mut connection: Box<dyn Duplex>) {
        self.entered.notify_one();
        let mut buf = [0; 100];
        loop {
            let read = std::future::poll_fn(|cx| match connection.is_finishing() {
                true => Poll::Ready(None),
                false => connection.poll_read(cx, &mut buf).map(Some),
            });
            let mut bytes = match read.await {
                None => b"bye".to_vec(),
                Some(Ok(count @ 1..)) => buf[..count].to_ascii_uppercase(),
                Some(_) => return,
            };
            while !bytes.is_empty() {
                let written = std::future::poll_fn(|cx| connection.poll_write(cx, &bytes)).await;
                let Ok(written @ 1..) = written else { return };
                bytes.drain(..written);
            }
            if connection.is_finishing() {
                let _ = std::future::poll_fn(|cx| connection.poll_shutdown(cx)).await;
                return;
            }
        }
    }
}

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) app: App,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) served: tokio::task::JoinHandle<Served>,
}

impl Running {
    pub(crate) fn requests(&self) -> usize {
        self.app.requests.load(Ordering::SeqCst)
    }
}

pub(crate) fn start(config: HttpConfig) -> Running {
    let app = App::default();
    let server = Server::bind(&HttpConfig { port: 0, workers: 2, ..config }).unwrap();
    let address = server.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let serving = server.run(app.clone(), async { drop(stopped.await) });
    let served = tokio::spawn(async { serving.await.unwrap() });
    Running { address, app, stop, served }
}

/// Short enough not to wait for, long enough for a busy machine to answer a good client.
pub(crate) fn short(timeout: u64) -> Duration {
    Duration::from_millis(timeout)
}

pub(crate) async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Everything that comes until the server closes.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).into_owned()
}

/// One response with a content-length on a kept connection, as a text.
pub(crate) async fn response(stream: &mut TcpStream) -> String {
    let (head, body) = whole_response(stream).await;
    head + &String::from_utf8(body).unwrap()
}

pub(crate) async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.unwrap() == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

pub(crate) async fn whole_response(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let head = head(stream).await;
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    (head, body)
}

pub(crate) async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = connect(address).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    rest(&mut stream).await
}

/// The same deadline everywhere, so that a hang is a failure and not a wait for ever.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("nothing happened for 20 seconds")
}

/// Waits until it is so.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    within(async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}
