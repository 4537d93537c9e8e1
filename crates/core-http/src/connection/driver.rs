//! [`Driver`]: the task of a connection, from its opening to its end.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWrite;
use tokio::sync::OwnedSemaphorePermit;
use zzz_core::http::BoxFuture;

#[cfg(feature = "http2")]
use super::http2::{self, Http2};
use super::io::TrackedIo;
use super::service::Dispatch;
use super::state::Order;
use super::strict::Hosts;
use super::upgrade::Upgraded;
use super::{ConnectionState, Facts, Opening, Serving, Start, Stream};

/// The answer to a head that was begun and not finished in time.
const REQUEST_TIMEOUT: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// The answer to a head that was begun, and takes memory that others need.
const FIELDS_TOO_LARGE: &[u8] =
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// The task of a connection.
pub(crate) struct Driver {
    stage: Stage,
    serving: Arc<Serving>,
    state: Arc<ConnectionState>,
    /// Whether the state knows this task's waker.
    known: bool,
    /// Whether hyper was told to finish.
    finishing: bool,
    /// Its place among the connections that may be open at once, let go of last.
    _place: OwnedSemaphorePermit,
}

#[allow(clippy::large_enum_variant, reason = "it lives in the task's allocation and is HTTP/1 nearly always")]
enum Stage {
    /// A PROXY header is read, hands are shaken.
    Opening(Opening),
    Http1(Http1),
    #[cfg(feature = "http2")]
    Http2(Box<Http2>),
    /// Another protocol has the connection.
    Upgraded(BoxFuture<()>),
    /// HTTP/1 was cut short, and the peer is told.
    Closing(TrackedIo),
    Ended,
}

type Http1 = http1::Connection<TokioIo<TrackedIo>, Dispatch>;

impl Driver {
    pub(crate) fn new(
        serving: Arc<Serving>,
        start: Start,
        state: Arc<ConnectionState>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let stage = match start {
            Start::Open(stream, facts) => open(&serving, &state, stream, facts),
            Start::Opening(opening) => Stage::Opening(opening),
        };
        Self { stage, serving, state, known: false, finishing: false, _place: place }
    }

    fn poll_stage(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.stage {
                Stage::Http1(http1) => {
                    let polled = poll_http(http1, &self.state, &mut self.finishing, cx);
                    #[cfg(feature = "http2")]
                    if polled.is_pending() && self.state.is_preface_here() {
                        self.change_to_http2();
                        continue;
                    }
                    match ready!(polled) {
                        Ok(()) if self.change_to_next() => {}
                        Ok(()) => return Poll::Ready(()),
                        Err(error) => {
                            tracing::debug!(target: "zzz::http", %error, "a connection ended early");
                            self.break_off(&error);
                            return Poll::Ready(());
                        }
                    }
                }
                #[cfg(feature = "http2")]
                Stage::Http2(http2) => {
                    if let Err(error) = ready!(poll_http(&mut **http2, &self.state, &mut self.finishing, cx))
                    {
                        tracing::debug!(target: "zzz::http", %error, "a connection ended early");
                    }
                    return Poll::Ready(());
                }
                Stage::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                    Ok((stream, facts)) => self.stage = open(&self.serving, &self.state, stream, facts),
                    Err(error) => {
                        tracing::debug!(target: "zzz::http", %error, "a connection was not opened");
                        return Poll::Ready(());
                    }
                },
                Stage::Upgraded(next) => return next.as_mut().poll(cx),
                Stage::Closing(io) => {
                    return Pin::new(io).poll_shutdown(cx).map(|closed: io::Result<()>| drop(closed));
                }
                Stage::Ended => return Poll::Ready(()),
            }
        }
    }

    /// The machine of HTTP/1 as it is taken apart.
    fn take_http1(&mut self) -> Option<http1::Parts<TokioIo<TrackedIo>, Dispatch>> {
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Http1(http1) => Some(http1.into_parts()),
            other => {
                self.stage = other;
                None
            }
        }
    }

    /// Speaks HTTP/2 from here, as the client has said with its first bytes.
    #[cfg(feature = "http2")]
    #[cold]
    fn change_to_http2(&mut self) {
        if let Some(parts) = self.take_http1() {
            let io = parts.io.into_inner();
            self.stage = Stage::Http2(Box::new(http2::serve(&self.serving, &self.state, io)));
        }
    }

    /// HTTP/1 is done with the connection. Whether it was upgraded, and goes on with another protocol.
    #[cold]
    fn change_to_next(&mut self) -> bool {
        let Some(next) = self.state.take_handover() else { return false };
        let Some(parts) = self.take_http1() else { return false };
        let connection = Upgraded::new(parts.io.into_inner(), parts.read_buf);
        self.stage = Stage::Upgraded(next.start(Box::new(connection)));
        true
    }

    /// A response that broke off must not look whole: without a length and without chunks, its end is that of the
    /// connection.
    #[cold]
    fn break_off(&mut self, error: &hyper::Error) {
        if error.is_user()
            && let Some(parts) = self.take_http1()
        {
            parts.io.inner().abort();
        }
    }

    /// Begins anew with the connection: hyper's buffers grow to tens of KiB with a long head, body or response, and
    /// stay that large. Nothing is in them now.
    #[cold]
    fn renew(&mut self) {
        if let Some(parts) = self.take_http1() {
            self.stage = Stage::Http1(self.serving.http1.serve_connection(parts.io, parts.service));
            self.state.has_shrunk();
        }
    }

    /// Carries out what the sweeper or the server ordered.
    #[cold]
    fn obey(&mut self, order: Order) {
        match order {
            Order::None | Order::Finish => {}
            // What was written before is with the kernel, or the peer does not read and is not told.
            Order::Renew => {
                self.state.renewed();
                if self.state.is_at_rest() {
                    self.renew();
                }
            }
            Order::Refuse | Order::Decline if !self.state.is_write_blocked() => {
                if let Some(parts) = self.take_http1() {
                    let mut io = parts.io.into_inner();
                    io.say_at_last(if order == Order::Refuse { REQUEST_TIMEOUT } else { FIELDS_TOO_LARGE });
                    self.stage = Stage::Closing(io);
                }
                self.state.lingers();
            }
            Order::Refuse | Order::Decline | Order::Close => {
                if let Some(parts) = self.take_http1()
                    && self.state.is_write_blocked()
                {
                    parts.io.inner().abort();
                }
                self.stage = Stage::Ended;
            }
        }
    }
}

/// What the two machines of hyper have in common.
trait Machine: Future<Output = hyper::Result<()>> + Unpin {
    fn finish(&mut self);
}

impl Machine for Http1 {
    fn finish(&mut self) {
        Pin::new(self).graceful_shutdown();
    }
}

#[cfg(feature = "http2")]
impl Machine for Http2 {
    fn finish(&mut self) {
        Pin::new(self).graceful_shutdown();
    }
}

fn poll_http<M: Machine>(
    machine: &mut M,
    state: &ConnectionState,
    finishing: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<hyper::Result<()>> {
    let polled = Pin::new(&mut *machine).poll(cx);
    // Only after it was polled: told to finish before it has read anything, hyper would close a connection whose
    // request is there already.
    if polled.is_pending() && !*finishing && state.order() == Order::Finish {
        *finishing = true;
        machine.finish();
        return Pin::new(machine).poll(cx);
    }
    polled
}

/// Begins to speak HTTP on an open stream.
fn open(serving: &Serving, state: &Arc<ConnectionState>, stream: Stream, facts: Facts) -> Stage {
    #[cfg(feature = "http2")]
    let (encrypted, http2) = (stream.is_encrypted(), facts.http2);
    state.opened(facts);
    #[cfg_attr(not(feature = "http2"), allow(unused_mut, reason = "there is nothing to find out"))]
    let mut io = TrackedIo::new(stream, Arc::clone(state));
    #[cfg(feature = "http2")]
    if http2 {
        return Stage::Http2(Box::new(http2::serve(serving, state, io)));
    } else if !encrypted {
        // With TLS, hands were shaken on what is spoken.
        io.sniff();
    }
    let dispatch = Dispatch {
        service: Arc::clone(&serving.service),
        state: Arc::clone(state),
        limits: serving.limits,
        hosts: Hosts::default(),
    };
    Stage::Http1(serving.http1.serve_connection(TokioIo::new(io), dispatch))
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if !this.known {
            this.state.set_waker(cx.waker().clone());
            this.known = true;
        }
        let order = this.state.order();
        if order != Order::None {
            this.obey(order);
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
