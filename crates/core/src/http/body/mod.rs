//! [`Body`]: the content of a request or a response, whole or as a stream.

mod channel;
mod error;
mod gathered;
mod peek;
mod sources;
#[cfg(test)]
mod tests;

pub use channel::{BodyClosed, BodySender};
pub use error::BodyError;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, ready};

use ::http::HeaderMap;
use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::ShutdownSignal;
use gathered::Gathered;
use sources::{Chunks, Ending, Erased, FromServer, Whole, WithTrailers};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type BoxBody = Pin<Box<Limited<dyn Source>>>;

/// The body of a request as a server gives it, which bounds what all clients together make it keep in memory.
pub trait RequestBody: HttpBody<Data = Bytes> {
    /// So many bytes of it are held in memory until the rest has come; see [`Body::set_held`].
    fn set_held(self: Pin<&mut Self>, bytes: u64);
}

/// What a streaming body is made of.
trait Source: HttpBody<Data = Bytes, Error = BoxError> + Send {
    /// Tells it how it learns that the server shuts down.
    fn watch_shutdown(self: Pin<&mut Self>, _: &ShutdownSignal) {}

    /// Tells it how many bytes of it are held in memory.
    fn set_held(self: Pin<&mut Self>, _: u64) {}

    /// All of it, if it is here.
    fn whole(&self) -> Option<&Bytes> {
        None
    }
}

pin_project_lite::pin_project! {
    /// A source, and how much of it may be read.
    struct Limited<S: ?Sized> {
        // How many more bytes.
        left: u64,
        // What `left` was in the beginning, for the message.
        limit: u64,
        #[pin]
        source: S,
    }
}

/// The content of a request or a response.
///
/// A request's body knows how much of it may be read ([`Limits::body`](super::Limits)); reading beyond that is
/// an error of status 413, on whichever path it is read.
///
/// A response's body that fails, or panics while it is read, is broken off: over HTTP/1.1 the connection is closed
/// without the end of the body, over HTTP/2 the stream is reset. A client never takes a part of it for the whole.
pub struct Body {
    kind: Kind,
}

// Responses, and so bodies, are moved a dozen times: what few of them need stands in the stream's box.
enum Kind {
    /// All of it, which may be read; nothing if there is none.
    Full(Bytes),
    // The mutex is never locked: `get_mut` makes the body `Sync`, so that `&Request` may live across an await.
    Stream(Mutex<BoxBody>),
}

impl Body {
    /// No content.
    #[must_use]
    pub const fn empty() -> Self {
        Self { kind: Kind::Full(Bytes::new()) }
    }

    /// All of the content at once.
    #[must_use]
    pub fn full(content: impl Into<Bytes>) -> Self {
        Self { kind: Kind::Full(content.into()) }
    }

    /// A stream: anything that implements `http_body::Body`.
    pub fn from_http_body<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if body.is_end_stream() {
            return Self::empty();
        }
        Self::from_source(Erased { body })
    }

    /// The body of a request, as a server has it.
    pub fn from_request_body<B>(body: B) -> Self
    where
        B: RequestBody + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if body.is_end_stream() {
            return Self::empty();
        }
        Self::from_source(FromServer { body })
    }

    /// A stream of chunks. They are asked for one by one, when the client has taken those before; an error
    /// breaks the body off.
    pub fn from_stream<S, D, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<D, E>> + Send + 'static,
        D: Into<Bytes>,
        E: Into<BoxError>,
    {
        Self::from_source(Chunks { stream })
    }

    fn from_source(source: impl Source + 'static) -> Self {
        let limited = Limited { left: u64::MAX, limit: u64::MAX, source };
        Self { kind: Kind::Stream(Mutex::new(Box::pin(limited))) }
    }

    /// What a stream is made of.
    fn source(&mut self) -> Option<Pin<&mut (dyn Source + 'static)>> {
        match &mut self.kind {
            Kind::Full(_) => None,
            Kind::Stream(body) => body.get_mut().ok().map(|body| body.as_mut().project().source),
        }
    }

    /// How much more of a stream may be read, and how much that was in the beginning.
    fn limits(&self) -> (u64, u64) {
        match &self.kind {
            Kind::Full(_) => (u64::MAX, u64::MAX),
            Kind::Stream(body) => body.lock().map_or((0, 0), |body| (body.left, body.limit)),
        }
    }

    #[inline(never)]
    fn set_limits(&mut self, (left, limit): (u64, u64)) {
        if let Kind::Full(bytes) = &mut self.kind
            && bytes.len() as u64 > left
        {
            *self = Self::from_source(Whole { bytes: std::mem::take(bytes) });
        }
        if let Kind::Stream(body) = &mut self.kind
            && let Ok(body) = body.get_mut()
        {
            let body = body.as_mut().project();
            (*body.left, *body.limit) = (left, limit);
        }
    }

    /// This body, and trailers after it (RFC 9110, section 6.5). Over HTTP/1.1 only those reach the client that
    /// the response's header `trailer` names.
    #[must_use]
    pub fn with_trailers(self, trailers: HeaderMap) -> Self {
        Self::from_source(WithTrailers { body: self, trailers: Some(trailers) })
    }

    /// For a body without an end of its own, such as an event stream: when the server begins to shut down, the
    /// body ends, after the chunk it is at, and so does not use up the grace of the requests that could finish.
    #[must_use]
    pub fn ends_on_shutdown(self) -> Self {
        Self::from_source(Ending { body: self, shutdown: None })
    }

    /// Tells a body that [`ends_on_shutdown`](Self::ends_on_shutdown) how it learns of that, as the server does.
    pub fn watch_shutdown(&mut self, signal: &ShutdownSignal) {
        if let Some(source) = self.source() {
            source.watch_shutdown(signal);
        }
    }

    /// Lets at most `bytes` more be read.
    #[inline(always)]
    pub fn set_limit(&mut self, bytes: u64) {
        // Most requests have none.
        if !self.is_empty() {
            self.set_limits((bytes, bytes));
        }
    }

    /// Tells the server how many bytes of this body are held in memory until the rest of it has come, so that it can
    /// bound what slow clients cost together: beyond that the body waits, or fails with status 503.
    /// [`read`](Self::read) does it; whoever collects a body in another way should. It ends with this body.
    pub fn set_held(&mut self, bytes: u64) {
        if let Some(source) = self.source() {
            source.set_held(bytes);
        }
    }

    /// Whether it is known to be longer than may be read.
    ///
    /// # Errors
    /// Status 413 if it is.
    pub fn check_limit(&self) -> Result<(), BodyError> {
        let (left, limit) = self.limits();
        if self.size_hint().lower() > left { Err(BodyError::too_large(limit)) } else { Ok(()) }
    }

    /// The content, if it is here as a whole already.
    #[must_use]
    pub fn full_bytes(&self) -> Option<Bytes> {
        match &self.kind {
            Kind::Full(bytes) => Some(bytes.clone()),
            Kind::Stream(body) => body.lock().ok()?.source.whole().cloned(),
        }
    }

    /// How many bytes there are, if they are here as a whole already; `None` for a stream.
    #[must_use]
    #[inline]
    pub fn known_length(&self) -> Option<usize> {
        match &self.kind {
            Kind::Full(bytes) => Some(bytes.len()),
            Kind::Stream(_) => self.full_bytes().map(|bytes| bytes.len()),
        }
    }

    /// Whether there is no content.
    #[must_use]
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        matches!(&self.kind, Kind::Full(bytes) if bytes.is_empty())
    }

    /// Reads all of it into memory.
    ///
    /// # Errors
    /// [`BodyError`] if it is longer than its limit (before anything is read where `Content-Length` tells), if
    /// the client breaks off, or if the server has no memory left for clients that are this slow.
    pub async fn read(mut self) -> Result<Bytes, BodyError> {
        self.check_limit()?;
        let mut gathered = Gathered::default();
        while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await {
            let Ok(data) = frame?.into_data() else { continue };
            gathered.push(data);
            if let Some(held) = gathered.held() {
                self.set_held(held);
            }
        }
        Ok(gathered.into_bytes())
    }
}

impl Body {
    /// Whatever it is asked from now on, it is broken: what failed must not come to a clean end later.
    fn fail(&mut self, error: impl Into<BoxError>) -> BodyError {
        let failed = std::mem::replace(self, Self::from_source(Broken));
        // What is left of a source that panicked may panic again.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(failed)));
        BodyError::broken(error)
    }

    fn poll_stream(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Kind::Stream(body) = &mut self.kind else { return Poll::Ready(None) };
        let Ok(body) = body.get_mut() else {
            return Poll::Ready(Some(Err(BodyError::broken("its source panicked"))));
        };
        let body = body.as_mut().project();
        let (left, limit) = (body.left, *body.limit);
        // Others share the connection, and its task would take them along.
        let frame = match catch_unwind(AssertUnwindSafe(|| body.source.poll_frame(cx))) {
            Ok(polled) => match ready!(polled) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(self.fail(error)))),
                Some(Ok(frame)) => frame,
            },
            Err(panic) => return Poll::Ready(Some(Err(self.fail(words_of(panic))))),
        };
        match left.checked_sub(frame.data_ref().map_or(0, Bytes::len) as u64) {
            Some(rest) => *left = rest,
            None => {
                self.fail("it was too large");
                return Poll::Ready(Some(Err(BodyError::too_large(limit))));
            }
        }
        Poll::Ready(Some(Ok(frame)))
    }
}

#[cold]
fn words_of(panic: Box<dyn std::any::Any + Send>) -> String {
    let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("its source panicked: {}", words.as_deref().unwrap_or("with a value that is no text"))
}

/// A body that has failed.
struct Broken;

impl Source for Broken {}

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(Some(Err("it has failed before".into())))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BodyError;

    #[inline(always)]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match &mut this.kind {
            Kind::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Kind::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Kind::Stream(_) => this.poll_stream(cx),
        }
    }

    #[inline(always)]
    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Stream(body) => body.lock().is_ok_and(|body| body.source.is_end_stream()),
        }
    }

    #[inline(always)]
    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            // `lock` never waits: whoever holds `&self` alone is the only one here.
            Kind::Stream(body) => body.lock().map(|body| body.source.size_hint()).unwrap_or_default(),
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Full(bytes) if bytes.is_empty() => f.write_str("Body(empty)"),
            Kind::Full(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Kind::Stream(_) => f.write_str("Body(stream)"),
        }
    }
}

macro_rules! from_bytes {
    ($($type:ty),*) => {$(
        impl From<$type> for Body {
            fn from(content: $type) -> Self {
                Self::full(content)
            }
        }
    )*};
}
from_bytes!(Bytes, String, Vec<u8>, &'static str, &'static [u8]);
