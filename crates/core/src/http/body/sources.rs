//! What a streaming [`Body`](super::Body) can be made of.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::http::HeaderMap;
use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::{Body, BodyError, BoxError, RequestBody, Source};
use crate::http::ShutdownSignal;
use crate::http::shutdown::ShutdownBegun;

pin_project_lite::pin_project! {
    /// Makes the error of a foreign body a boxed one.
    pub(super) struct Erased<B> {
        #[pin]
        pub(super) body: B,
    }
}

impl<B> Source for Erased<B>
where
    B: HttpBody<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
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

pin_project_lite::pin_project! {
    /// The body of a request, as a server gives it.
    pub(super) struct FromServer<B> {
        #[pin]
        pub(super) body: B,
    }
}

impl<B> Source for FromServer<B>
where
    B: RequestBody + Send,
    B::Error: Into<BoxError>,
{
    fn set_held(self: Pin<&mut Self>, bytes: u64) {
        self.project().body.set_held(bytes);
    }
}

impl<B> HttpBody for FromServer<B>
where
    B: RequestBody,
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

/// A body that is here, and that is longer than may be read.
pub(super) struct Whole {
    pub(super) bytes: Bytes,
}

impl Source for Whole {
    fn whole(&self) -> Option<&Bytes> {
        Some(&self.bytes)
    }
}

impl HttpBody for Whole {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

pin_project_lite::pin_project! {
    /// The chunks of a stream.
    pub(super) struct Chunks<S> {
        #[pin]
        pub(super) stream: S,
    }
}

impl<S, D, E> Source for Chunks<S>
where
    S: Stream<Item = Result<D, E>> + Send,
    D: Into<Bytes>,
    E: Into<BoxError>,
{
}

impl<S, D, E> HttpBody for Chunks<S>
where
    S: Stream<Item = Result<D, E>>,
    D: Into<Bytes>,
    E: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let next = ready!(self.project().stream.poll_next(cx));
        Poll::Ready(next.map(|chunk| chunk.map(|chunk| Frame::data(chunk.into())).map_err(Into::into)))
    }
}

/// A body, then trailers.
pub(super) struct WithTrailers {
    pub(super) body: Body,
    pub(super) trailers: Option<HeaderMap>,
}

impl Source for WithTrailers {
    fn watch_shutdown(mut self: Pin<&mut Self>, signal: &ShutdownSignal) {
        self.body.watch_shutdown(signal);
    }

    fn set_held(mut self: Pin<&mut Self>, bytes: u64) {
        self.body.set_held(bytes);
    }
}

impl HttpBody for WithTrailers {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(frame) => Some(frame.map_err(BodyError::into_cause)),
            None => self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.trailers.is_none() && self.body.is_end_stream()
    }
}

/// A body without an end of its own, which ends when the server shuts down.
pub(super) struct Ending {
    pub(super) body: Body,
    pub(super) shutdown: Option<ShutdownBegun>,
}

impl Source for Ending {
    fn watch_shutdown(mut self: Pin<&mut Self>, signal: &ShutdownSignal) {
        self.shutdown = Some(signal.listen());
    }
}

impl HttpBody for Ending {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(shutdown) = &mut self.shutdown
            && Pin::new(shutdown).poll(cx).is_ready()
        {
            self.body = Body::empty();
        }
        Pin::new(&mut self.body).poll_frame(cx).map_err(BodyError::into_cause)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}
