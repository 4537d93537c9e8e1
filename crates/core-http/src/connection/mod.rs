//! One connection: hyper's HTTP/1.1 machine, driven under deadlines of our own.
//!
//! hyper's own header timer allocates a timer for each request head. Here a connection only notes its phase
//! and the time in its [`state`], and the sweeper closes what is overdue.

mod io;
mod service;
mod state;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use zzz_core::http::Service;

use io::TrackedIo;
use service::Dispatch;
pub(crate) use service::RequestLimits;
use state::Order;
pub(crate) use state::{CoarseClock, ConnectionState, Deadlines, millis};

/// The answer to a head that was begun and not finished in time.
const REQUEST_TIMEOUT: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// The task of a connection.
pub(crate) struct Driver {
    connection: Option<http1::Connection<TokioIo<TrackedIo>, Dispatch>>,
    state: Arc<ConnectionState>,
    /// Whether the state knows this task's waker.
    known: bool,
    /// Whether hyper was told to finish.
    finishing: bool,
}

impl Driver {
    pub(crate) fn new(
        builder: &http1::Builder,
        stream: TcpStream,
        state: Arc<ConnectionState>,
        service: Arc<dyn Service>,
        limits: RequestLimits,
    ) -> Self {
        let io = TokioIo::new(TrackedIo { stream, state: Arc::clone(&state) });
        let dispatch = Dispatch { service, state: Arc::clone(&state), limits };
        let connection = Some(builder.serve_connection(io, dispatch));
        Self { connection, state, known: false, finishing: false }
    }

    /// Ends the connection where it stands; a client that began a head is told why.
    fn cut(&mut self, in_head: bool) {
        let Some(connection) = self.connection.take() else { return };
        let stream = connection.into_parts().io.into_inner().stream;
        if in_head {
            // The socket's buffer is empty at this point, so this either fits or the peer is gone.
            let _ = stream.try_write(REQUEST_TIMEOUT);
        }
        if let Ok(stream) = stream.into_std() {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if !this.known {
            this.state.set_waker(cx.waker().clone());
            this.known = true;
        }
        if let Order::Close { in_head } = this.state.order() {
            this.cut(in_head);
            return Poll::Ready(());
        }
        let Some(connection) = &mut this.connection else { return Poll::Ready(()) };
        let mut polled = Pin::new(&mut *connection).poll(cx);
        // Only after it was polled: told to finish before it has read anything, hyper would close a connection
        // whose request is there already.
        if polled.is_pending() && !this.finishing && this.state.order() == Order::Finish {
            this.finishing = true;
            Pin::new(&mut *connection).graceful_shutdown();
            polled = Pin::new(connection).poll(cx);
        }
        if polled.is_ready() {
            this.connection = None;
        }
        polled.map(|ended| {
            if let Err(error) = ended {
                tracing::debug!(target: "zzz::http", %error, "a connection ended early");
            }
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.state.closed();
    }
}
