//! [`BodyStream`]: a request's body, chunk by chunk.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::http::HeaderMap;
use bytes::Bytes;
use futures_core::Stream;
use http_body::Body as _;

use super::{FromRequest, ViaBody};
use crate::Result;
use crate::http::{Body, BodyError, Request};

/// A request's body, chunk by chunk as it comes, so that a handler can work on one of any length in little memory.
///
/// The client is read only as fast as the chunks are taken. The route's limit holds: a body that announces more is
/// 413 before anything is read, any other when it goes beyond. Set a larger limit on the route
/// (`Limits::new().body(bytes)`) for uploads.
///
/// ```
/// use zzz_core::Result;
/// use zzz_core::http::BodyStream;
///
/// async fn count(mut body: BodyStream) -> Result<String> {
///     let mut lines = 0;
///     while let Some(chunk) = body.chunk().await? {
///         lines += chunk.iter().filter(|byte| **byte == b'\n').count();
///     }
///     Ok(format!("{lines} lines"))
/// }
/// # use zzz_core::http::{HandlerExt, Request, now_or_never};
/// # let response = now_or_never(count.erase().call(Request::post("/", "a\nb\n"))).unwrap();
/// # assert_eq!(response.into_body().full_bytes().unwrap(), "2 lines");
/// ```
#[derive(Debug, Default)]
pub struct BodyStream {
    body: Body,
    trailers: Option<HeaderMap>,
}

impl BodyStream {
    /// The chunks of this body.
    #[must_use]
    pub fn new(body: Body) -> Self {
        Self { body, trailers: None }
    }

    /// The next chunk, which is never empty; `None` at the end.
    ///
    /// # Errors
    /// [`BodyError`] if the body is longer than its limit, or if the client breaks off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await.transpose()
    }

    /// The trailers that came after the body (RFC 9110, section 6.5); `None` before its end, or without any.
    #[must_use]
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_ref()
    }
}

impl Stream for BodyStream {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => return Poll::Ready(Some(Ok(data))),
                    Err(frame) => this.trailers = frame.into_trailers().ok().or(this.trailers.take()),
                },
            }
        }
    }
}

impl FromRequest<ViaBody> for BodyStream {
    async fn from_request(request: Request) -> Result<Self> {
        let (_, body) = request.into_parts();
        body.check_limit()?;
        Ok(Self::new(body))
    }
}
