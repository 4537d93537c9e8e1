//! [`Body`]: the content of a request or a response, whole or as a stream.

mod channel;
mod error;
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
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::ShutdownSignal;
use sources::{Chunks, Ending, Erased, WithTrailers};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type BoxBody = Pin<Box<dyn Source>>;

/// What a streaming body is made of.
trait Source: HttpBody<Data = Bytes, Error = BoxError> + Send {
    /// Tells it how it learns that the server shuts down.
    fn watch_shutdown(self: Pin<&mut Self>, _: &ShutdownSignal) {}
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
    /// How many more bytes may be read.
    left: u64,
    /// What `left` was in the beginning, for the message.
    limit: u64,
}

enum Kind {
    Empty,
    Full(Bytes),
    // The mutex is never locked: `get_mut` makes the body `Sync`, so that `&Request` may live across an await.
    Stream(Mutex<BoxBody>),
}

impl Body {
    /// No content.
    #[must_use]
    pub const fn empty() -> Self {
        Self::of(Kind::Empty)
    }

    /// All of the content at once.
    #[must_use]
    pub fn full(content: impl Into<Bytes>) -> Self {
        let content = content.into();
        Self::of(if content.is_empty() { Kind::Empty } else { Kind::Full(content) })
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
        Self::of(Kind::Stream(Mutex::new(Box::pin(source))))
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
        if let Kind::Stream(body) = &mut self.kind
            && let Ok(body) = body.get_mut()
        {
            body.as_mut().watch_shutdown(signal);
        }
    }

    const fn of(kind: Kind) -> Self {
        Self { kind, left: u64::MAX, limit: u64::MAX }
    }

    /// Lets at most `bytes` more be read.
    pub fn set_limit(&mut self, bytes: u64) {
        self.left = bytes;
        self.limit = bytes;
    }

    /// Whether it is known to be longer than may be read.
    ///
    /// # Errors
    /// Status 413 if it is.
    pub fn check_limit(&self) -> Result<(), BodyError> {
        if self.size_hint().lower() > self.left { Err(BodyError::too_large(self.limit)) } else { Ok(()) }
    }

    /// The content, if it is here as a whole already.
    #[must_use]
    pub fn full_bytes(&self) -> Option<Bytes> {
        match &self.kind {
            Kind::Empty => Some(Bytes::new()),
            Kind::Full(bytes) => Some(bytes.clone()),
            Kind::Stream(_) => None,
        }
    }

    /// How many bytes there are, if they are here as a whole already; `None` for a stream.
    #[must_use]
    pub fn known_length(&self) -> Option<usize> {
        match &self.kind {
            Kind::Empty => Some(0),
            Kind::Full(bytes) => Some(bytes.len()),
            Kind::Stream(_) => None,
        }
    }

    /// Whether there is no content.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.kind, Kind::Empty)
    }

    /// Reads all of it into memory.
    ///
    /// # Errors
    /// [`BodyError`] if it is longer than its limit (before anything is read where `Content-Length` tells), or
    /// if the client breaks off.
    pub async fn read(mut self) -> Result<Bytes, BodyError> {
        self.check_limit()?;
        let mut first: Option<Bytes> = None;
        let mut rest: Option<BytesMut> = None;
        while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await {
            let Ok(data) = frame?.into_data() else { continue };
            match (&mut rest, &first) {
                (Some(rest), _) => rest.extend_from_slice(&data),
                (None, None) => first = Some(data),
                (None, Some(start)) => {
                    // A client may announce much and send little: reserve what came, and grow from there.
                    let mut all = BytesMut::with_capacity((start.len() + data.len()) * 2);
                    all.extend_from_slice(start);
                    all.extend_from_slice(&data);
                    rest = Some(all);
                }
            }
        }
        Ok(rest.map(BytesMut::freeze).or(first).unwrap_or_default())
    }
}

impl Body {
    /// Whatever it is asked from now on, it is broken: what failed must not come to a clean end later.
    fn fail(&mut self, error: impl Into<BoxError>) -> BodyError {
        let failed = std::mem::replace(&mut self.kind, Kind::Stream(Mutex::new(Box::pin(Broken))));
        // What is left of a source that panicked may panic again.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(failed)));
        BodyError::broken(error)
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

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let frame = match &mut this.kind {
            Kind::Empty => return Poll::Ready(None),
            Kind::Full(_) => {
                let Kind::Full(bytes) = std::mem::replace(&mut this.kind, Kind::Empty) else {
                    return Poll::Ready(None);
                };
                Frame::data(bytes)
            }
            Kind::Stream(body) => {
                let Ok(body) = body.get_mut() else {
                    return Poll::Ready(Some(Err(BodyError::broken("its source panicked"))));
                };
                // Others share the connection, and its task would take them along.
                match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll_frame(cx))) {
                    Ok(polled) => match ready!(polled) {
                        None => return Poll::Ready(None),
                        Some(Err(error)) => return Poll::Ready(Some(Err(this.fail(error)))),
                        Some(Ok(frame)) => frame,
                    },
                    Err(panic) => return Poll::Ready(Some(Err(this.fail(words_of(panic))))),
                }
            }
        };
        if let Some(data) = frame.data_ref() {
            match this.left.checked_sub(data.len() as u64) {
                Some(left) => this.left = left,
                None => {
                    this.fail("it was too large");
                    return Poll::Ready(Some(Err(BodyError::too_large(this.limit))));
                }
            }
        }
        Poll::Ready(Some(Ok(frame)))
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Empty => true,
            Kind::Full(_) => false,
            Kind::Stream(body) => body.lock().is_ok_and(|body| body.is_end_stream()),
        }
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            // `lock` never waits: whoever holds `&self` alone is the only one here.
            Kind::Stream(body) => body.lock().map(|body| body.size_hint()).unwrap_or_default(),
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
            Kind::Empty => f.write_str("Body(empty)"),
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
