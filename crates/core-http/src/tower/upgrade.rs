//! Upgrades of services of tower's kind, which know those of hyper: `hyper::upgrade::on`.
//!
//! hyper alone can make an `OnUpgrade`, and keeps it what it is with a task around the whole connection. Our own
//! connections hand themselves over instead. So a request that may be upgraded passes through a machine of hyper's of its
//! own, with a request and a response of no content: it makes the `OnUpgrade`, and when the connection is handed over,
//! takes that for its own and fulfils it.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::upgrade::OnUpgrade;
use tokio::sync::{Notify, oneshot};
use zzz_core::http::{Body, Duplex, Handover, Response, StatusCode, Upgrade, header};

/// What hyper has to hear to make an `OnUpgrade`.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n";

type Machine = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// An upgrade that a service of tower's kind was offered.
pub(crate) struct Offered {
    machine: Machine,
    link: Arc<Link>,
    accept: oneshot::Sender<()>,
}

impl Offered {
    /// An `OnUpgrade`, and what fulfils it. `None` if hyper does not make one.
    pub(crate) fn new() -> Option<(OnUpgrade, Self)> {
        let link = Arc::new(Link::default());
        let (accept, accepted) = oneshot::channel::<()>();
        let (offer, mut offered) = oneshot::channel();
        let once = Mutex::new(Some((offer, accepted)));
        let service = hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
            let once = once.lock().unwrap_or_else(PoisonError::into_inner).take();
            async move {
                let mut response = Response::new(Body::empty());
                if let Some((offer, accepted)) = once
                    && let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>()
                    && offer.send(upgrade).is_ok()
                    && accepted.await.is_ok()
                {
                    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
                    response.headers_mut().insert(header::UPGRADE, header::HeaderValue::from_static("x"));
                }
                Ok::<_, Infallible>(response)
            }
        });
        let io = Linked { link: Arc::clone(&link), request: REQUEST, ends: 0 };
        let mut builder = http1::Builder::new();
        // The request is here, and the server has its own deadlines.
        builder.header_read_timeout(None);
        let mut machine: Machine = Box::pin(builder.serve_connection(io, service).with_upgrades());
        // All of the request is there, so it comes as far as the service at once.
        let pending = machine.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
        let upgrade = offered.try_recv().ok().filter(|_| pending)?;
        Some((upgrade, Self { machine, link, accept }))
    }

    /// Has the server hand the connection over when it has sent this response of status 101.
    pub(crate) fn accepted_by<B>(self, response: &mut http::Response<B>, upgrade: &Upgrade) {
        let Self { machine, link, accept } = self;
        let next = move |connection| async move {
            // Whatever ends this ends the connection, wherever the service has taken it.
            let cut = Cut(link);
            cut.0.connect(connection);
            let _ = accept.send(());
            // It has fulfilled the upgrade when it is done.
            let _ = machine.await;
            cut.0.left.notified().await;
        };
        if let Some(handover) = upgrade.accept("x", next).extensions_mut().remove::<Handover>() {
            response.extensions_mut().insert(handover);
        }
    }
}

/// A connection that two share: the service, which uses it, and the server, which may have to end it.
#[derive(Default)]
struct Link {
    state: Mutex<State>,
    /// Told when the service has let go of it.
    left: Notify,
}

#[derive(Default)]
struct State {
    connection: Option<Box<dyn Duplex>>,
    ended: bool,
    /// Who reads and who writes, to be told of the end.
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Link {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self, connection: Box<dyn Duplex>) {
        let mut state = self.state();
        state.connection = Some(connection);
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }

    fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        let (connection, reader, writer) =
            (state.connection.take(), state.reader.take(), state.writer.take());
        // It may run code of its own as it goes.
        drop(state);
        drop(connection);
        reader.into_iter().chain(writer).for_each(Waker::wake);
    }

    /// Uses the connection, if it is there.
    fn poll_with<T>(
        &self,
        cx: &mut Context<'_>,
        writes: bool,
        act: impl FnOnce(&mut dyn Duplex, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let mut state = self.state();
        if state.ended {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let polled = match &mut state.connection {
            Some(connection) => act(&mut **connection, cx),
            None => Poll::Pending,
        };
        if polled.is_pending() {
            let place = if writes { &mut state.writer } else { &mut state.reader };
            *place = Some(cx.waker().clone());
        }
        polled
    }
}

/// Ends a link when it is dropped.
struct Cut(Arc<Link>);

impl Drop for Cut {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The connection as hyper's machine has it, and then the service.
struct Linked {
    link: Arc<Link>,
    /// What is left to be read of the request.
    request: &'static [u8],
    /// How much of `END` the response that was written ends with. It is thrown away: the server sends the service's.
    ends: usize,
}

/// The end of a head.
const END: &[u8] = b"\r\n\r\n";

impl Linked {
    /// How many of these bytes belong to the response's head.
    fn of_head(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            if self.ends == END.len() {
                return at;
            }
            self.ends = if *byte == END[self.ends] { self.ends + 1 } else { usize::from(*byte == END[0]) };
        }
        bytes.len()
    }
}

impl Drop for Linked {
    fn drop(&mut self) {
        self.link.end();
        self.link.left.notify_one();
    }
}

impl Read for Linked {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.request.is_empty() {
            let (now, later) = this.request.split_at(this.request.len().min(buf.remaining()));
            buf.put_slice(now);
            this.request = later;
            return Poll::Ready(Ok(()));
        }
        let mut bytes = [0; 8 * 1024];
        let most = bytes.len().min(buf.remaining());
        let read =
            |connection: &mut dyn Duplex, cx: &mut Context<'_>| connection.poll_read(cx, &mut bytes[..most]);
        let length = ready!(this.link.poll_with(cx, false, read))?;
        buf.put_slice(&bytes[..length]);
        Poll::Ready(Ok(()))
    }
}

impl Write for Linked {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match this.of_head(bytes) {
            0 => this.link.poll_with(cx, true, |connection, cx| connection.poll_write(cx, bytes)),
            thrown_away => Poll::Ready(Ok(thrown_away)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ends < END.len() {
            return Poll::Ready(Ok(()));
        }
        self.link.poll_with(cx, true, |connection, cx| connection.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.link.poll_with(cx, true, |connection, cx| connection.poll_shutdown(cx))
    }
}
