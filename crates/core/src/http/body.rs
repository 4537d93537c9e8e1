//! [`Body`]: the content of a request or a response, whole or as a stream.

use std::fmt;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::ErrorStatus;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type BoxBody = Pin<Box<dyn HttpBody<Data = Bytes, Error = BoxError> + Send>>;

/// The content of a request or a response.
///
/// A request's body knows how much of it may be read ([`Limits::body`](super::Limits)); reading beyond that is
/// an error of status 413, on whichever path it is read.
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
        Self::of(Kind::Stream(Mutex::new(Box::pin(Erased { body }))))
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
                match std::task::ready!(body.as_mut().poll_frame(cx)) {
                    None => return Poll::Ready(None),
                    Some(Err(error)) => return Poll::Ready(Some(Err(BodyError::broken(error)))),
                    Some(Ok(frame)) => frame,
                }
            }
        };
        if let Some(data) = frame.data_ref() {
            match this.left.checked_sub(data.len() as u64) {
                Some(left) => this.left = left,
                None => {
                    this.kind = Kind::Empty;
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

pin_project_lite::pin_project! {
    /// Makes the error of a foreign body a boxed one.
    struct Erased<B> {
        #[pin]
        body: B,
    }
}

impl<B> HttpBody for Erased<B>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.project().body.poll_frame(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Why a body could not be read.
pub struct BodyError {
    reason: Reason,
    status: ErrorStatus,
}

enum Reason {
    TooLarge(u64),
    Broken(BoxError),
}

impl BodyError {
    fn too_large(limit: u64) -> Self {
        let message = format!("The body is larger than the {} allowed here.", crate::config::ByteSize(limit));
        Self { reason: Reason::TooLarge(limit), status: ErrorStatus::new(413).message(message) }
    }

    fn broken(cause: impl Into<BoxError>) -> Self {
        let status = ErrorStatus::new(400).message("The body ended before it was complete.");
        Self { reason: Reason::Broken(cause.into()), status }
    }

    /// Whether there was more than the limit.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        matches!(self.reason, Reason::TooLarge(_))
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::TooLarge(limit) => write!(f, "the body is larger than {limit} bytes"),
            Reason::Broken(cause) => write!(f, "the body could not be read: {cause}"),
        }
    }
}

impl fmt::Debug for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BodyError({self})")
    }
}

impl std::error::Error for BodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::http::now_or_never;

    /// Gives its chunks one after the other and does not know its length.
    struct Chunks(Vec<&'static str>);

    impl HttpBody for Chunks {
        type Data = Bytes;
        type Error = BoxError;
        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            if self.0.is_empty() {
                return Poll::Ready(None);
            }
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(self.0.remove(0).as_bytes())))))
        }
    }

    fn read(mut body: Body, limit: u64) -> Result<Bytes, BodyError> {
        body.set_limit(limit);
        now_or_never(body.read()).unwrap()
    }

    #[test]
    fn the_limit_holds_for_known_and_unknown_lengths() {
        assert_eq!(read(Body::from("12345"), 5).unwrap(), "12345");
        assert!(read(Body::from("123456"), 5).unwrap_err().is_too_large());
        let chunks = || Body::from_http_body(Chunks(vec!["12", "34", "5"]));
        assert_eq!(read(chunks(), 5).unwrap(), "12345");
        let error = Error::from(read(chunks(), 4).unwrap_err());
        assert_eq!(error.status(), 413);
        assert_eq!(error.public_message(), Some("The body is larger than the 4B allowed here."));
    }
}
