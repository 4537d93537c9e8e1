//! [`Upgrade`]: from HTTP to another protocol on the same connection.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use ::http::{HeaderValue, StatusCode, header};

use super::{Body, BoxFuture, Response};

/// The bytes of a connection after its upgrade. It belongs to no runtime: wrap it into the traits of yours.
///
/// HTTP's deadlines hold no more. A peer that takes nothing of what is written for `[http] write_stall_timeout` is still
/// cut: then everything here fails, or the future is dropped.
pub trait Duplex: Send {
    /// Reads what has come, at most as much as `buf` holds; 0 bytes if the peer has said its last.
    ///
    /// # Errors
    /// If the connection broke.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes as much of `bytes` as there is room for.
    ///
    /// # Errors
    /// If the connection broke.
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Sends what was written.
    ///
    /// # Errors
    /// If the connection broke.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Tells the peer that nothing more will be written.
    ///
    /// # Errors
    /// If the connection broke.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Whether the server wants to stop. The future that uses the connection is woken when that becomes true; it should
    /// take leave of the peer and end within `[http] shutdown_grace`.
    fn is_finishing(&self) -> bool;
}

/// The client asks for another protocol, and the connection can be upgraded. The server puts it into the extensions of
/// such a request (RFC 9110, 7.8); which protocol is asked for is in the request's `Upgrade` header.
///
/// ```
/// use zzz_core::http::{IntoResponse, Request, Response, Upgrade};
///
/// async fn shout(request: Request) -> Response {
///     let Some(upgrade) = request.extensions().get::<Upgrade>() else {
///         return (http::StatusCode::UPGRADE_REQUIRED, "Ask for an upgrade.").into_response();
///     };
///     upgrade.accept("shout", |mut connection| async move {
///         let sent = std::future::poll_fn(|cx| connection.poll_write(cx, b"HELLO")).await;
///         if sent.is_ok() {
///             let _ = std::future::poll_fn(|cx| connection.poll_shutdown(cx)).await;
///         }
///     })
/// }
/// # assert_eq!(zzz_core::http::now_or_never(shout(Request::get("/"))).unwrap().status(), 426);
/// ```
#[derive(Debug, Clone)]
pub struct Upgrade(());

impl Upgrade {
    /// For servers, which put it on a request that they can upgrade.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "a server means it")]
    pub fn new() -> Self {
        Self(())
    }

    /// The response that accepts: 101 with `protocol` as the new one. When it was sent, the server runs `next` with the
    /// connection, in the connection's own task; its end is that of the connection. More headers, such as those of a
    /// WebSocket, are added to the response.
    ///
    /// A `protocol` that can not be a header's value is left out.
    pub fn accept<F, Fut>(&self, protocol: &str, next: F) -> Response
    where
        F: FnOnce(Box<dyn Duplex>) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.accept_erased(protocol, Box::new(|connection| Box::pin(next(connection))))
    }

    fn accept_erased(&self, protocol: &str, next: Continuation) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        if let Ok(protocol) = HeaderValue::from_str(protocol) {
            response.headers_mut().insert(header::UPGRADE, protocol);
        }
        response.extensions_mut().insert(Handover(Arc::new(Mutex::new(Some(next)))));
        response
    }
}

type Continuation = Box<dyn FnOnce(Box<dyn Duplex>) -> BoxFuture<()> + Send>;

/// What goes on with a connection after its upgrade: a server takes it from the extensions of a response of status 101.
// Extensions have to be `Clone`; the first who starts it has it.
#[derive(Clone)]
pub struct Handover(Arc<Mutex<Option<Continuation>>>);

impl Handover {
    /// Hands the connection over. The future is to be polled to its end, which is that of the connection.
    pub fn start(self, connection: Box<dyn Duplex>) -> BoxFuture<()> {
        let next = self.0.lock().ok().and_then(|mut next| next.take());
        match next {
            Some(next) => next(connection),
            None => Box::pin(async {}),
        }
    }
}

impl fmt::Debug for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handover")
    }
}
