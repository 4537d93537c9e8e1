//! [`Driver`]: the task of a connection, from its opening to its end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;

use super::io::TrackedIo;
use super::service::Dispatch;
use super::state::Order;
use super::{ConnectionState, Facts, Opening, Serving, Start, Stream};

/// The answer to a head that was begun and not finished in time.
const REQUEST_TIMEOUT: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// The task of a connection.
pub(crate) struct Driver {
    stage: Stage,
    serving: Arc<Serving>,
    state: Arc<ConnectionState>,
    /// Whether the state knows this task's waker.
    known: bool,
    /// Whether hyper was told to finish.
    finishing: bool,
}

#[allow(clippy::large_enum_variant, reason = "it lives in the task's allocation and is HTTP nearly always")]
enum Stage {
    Opening(Opening),
    Http1(Http1),
    Ended,
}

type Http1 = http1::Connection<TokioIo<TrackedIo>, Dispatch>;

impl Driver {
    pub(crate) fn new(serving: Arc<Serving>, start: Start, state: Arc<ConnectionState>) -> Self {
        let stage = match start {
            Start::Open(stream, facts) => open(&serving, &state, stream, facts),
            Start::Opening(opening) => Stage::Opening(opening),
        };
        Self { stage, serving, state, known: false, finishing: false }
    }

    /// Ends the connection where it stands; a client that began a head is told why.
    fn cut(&mut self, in_head: bool) {
        let Stage::Http1(connection) = std::mem::replace(&mut self.stage, Stage::Ended) else { return };
        // The socket's buffer is empty at this point, so an answer either fits or the peer is gone.
        connection.into_parts().io.into_inner().stream.cut(if in_head { REQUEST_TIMEOUT } else { b"" });
    }

    fn poll_stage(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.stage {
                Stage::Opening(opening) => match std::task::ready!(opening.as_mut().poll(cx)) {
                    Ok((stream, facts)) => self.stage = open(&self.serving, &self.state, stream, facts),
                    Err(error) => {
                        tracing::debug!(target: "zzz::http", %error, "a connection was not opened");
                        return Poll::Ready(());
                    }
                },
                Stage::Http1(connection) => {
                    let mut polled = Pin::new(&mut *connection).poll(cx);
                    // Only after it was polled: told to finish before it has read anything, hyper would close a
                    // connection whose request is there already.
                    if polled.is_pending() && !self.finishing && self.state.order() == Order::Finish {
                        self.finishing = true;
                        Pin::new(&mut *connection).graceful_shutdown();
                        polled = Pin::new(connection).poll(cx);
                    }
                    return polled.map(|ended| {
                        if let Err(error) = ended {
                            tracing::debug!(target: "zzz::http", %error, "a connection ended early");
                        }
                    });
                }
                Stage::Ended => return Poll::Ready(()),
            }
        }
    }
}

/// Begins to speak HTTP on an open stream.
fn open(serving: &Serving, state: &Arc<ConnectionState>, stream: Stream, facts: Facts) -> Stage {
    state.opened(facts);
    let io = TokioIo::new(TrackedIo { stream, state: Arc::clone(state) });
    let dispatch =
        Dispatch { service: Arc::clone(&serving.service), state: Arc::clone(state), limits: serving.limits };
    Stage::Http1(serving.http1.serve_connection(io, dispatch))
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
        let polled = this.poll_stage(cx);
        if polled.is_ready() {
            this.stage = Stage::Ended;
        }
        polled
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.state.closed();
    }
}
