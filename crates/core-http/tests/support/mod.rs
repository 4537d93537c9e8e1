//! What the tests of the server share: a service, a running server, and clients.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use zzz_core::http::{BoxFuture, IntoResponse, Request, Response, Service};
use zzz_core_http::{HttpConfig, Served, Server};

/// More than any buffer on the way holds.
pub(crate) const LONG: usize = 20_000_000;

/// Answers `/slow` when told, `/long` with [`LONG`] bytes, everything else with what is known of the connection: `secure`, the peer, the
/// proxy, how long the client's certificate is, and the thread.
#[derive(Clone, Default)]
pub(crate) struct App {
    pub(crate) entered: Arc<Notify>,
    pub(crate) go: Arc<Notify>,
    /// Told when the handler of `/slow` is dropped, done or not.
    pub(crate) left: Arc<Notify>,
}

/// Tells when it is dropped.
struct Leaves(Arc<Notify>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Service for App {
    fn call(&self, request: Request) -> BoxFuture<Response> {
        let app = self.clone();
        Box::pin(async move {
            if request.path() == "/slow" {
                let _leaves = Leaves(app.left);
                app.entered.notify_one();
                app.go.notified().await;
                return "slow".into_response();
            }
            if request.path() == "/long" {
                return vec![b'x'; LONG].into_response();
            }
            let connection = request.connection().unwrap();
            let thread = std::thread::current().name().unwrap_or_default().to_owned();
            format!(
                "secure={} peer={} local={} proxy={} certificate={} thread={thread}",
                connection.is_secure(),
                connection.peer_addr().map_or("none".into(), |peer| peer.to_string()),
                connection.local_addr().map_or("none".into(), |local| local.to_string()),
                connection.proxy_addr().map_or("none".into(), |proxy| proxy.ip().to_string()),
                connection.client_certificate().map_or(0, <[u8]>::len),
            )
            .into_response()
        })
    }
}

/// A server within the test's runtime.
pub(crate) struct Running {
    pub(crate) app: App,
    pub(crate) plain: Option<std::net::SocketAddr>,
    pub(crate) tls: Option<std::net::SocketAddr>,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) served: JoinHandle<Served>,
}

pub(crate) fn run(server: Server) -> Running {
    let app = App::default();
    let (plain, tls) = (server.local_addr(), server.tls_addr());
    let (stop, stopped) = oneshot::channel();
    let serving = server.run(app.clone(), async { drop(stopped.await) });
    let served = tokio::spawn(async { serving.await.unwrap() });
    Running { app, plain, tls, stop, served }
}

/// Free ports, two workers.
pub(crate) fn config() -> HttpConfig {
    HttpConfig { port: 0, tls_port: 0, workers: 2, ..HttpConfig::default() }
}

/// The same deadline everywhere, so that a hang is a failure and not a wait for ever.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("nothing happened for 20 seconds")
}

/// Sends a request for `path` that ends the connection, and reads the whole answer.
pub(crate) async fn get<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    rest(stream).await
}

/// Everything that comes until the server closes.
pub(crate) async fn rest<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut all = Vec::new();
    let _ = within(stream.read_to_end(&mut all)).await;
    String::from_utf8_lossy(&all).into_owned()
}

/// A folder that is removed when this is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("zzz-http-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(Path::new(&self.0));
    }
}
