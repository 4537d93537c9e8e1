//! Looking at the beginning of a body without taking it away from whoever reads it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::gathered::Gathered;
use super::{Body, BodyError, BoxError, Broken, Source};
use crate::http::ShutdownSignal;

impl Body {
    /// Reads from the beginning until it is `enough`, at least `most` bytes are here, or the body ends or fails, and
    /// gives what is here by then. All of it, and what follows, is read again by whoever reads the body, who also learns
    /// why it failed.
    ///
    /// The limit does not count for what is looked at, but when it is read: it may be another one by then. No more than
    /// `most` bytes and what comes with the last of them are kept.
    ///
    /// Whoever drops this before it has ended leaves a body that has failed.
    pub async fn peek(&mut self, most: usize, enough: impl FnMut(&[u8]) -> bool) -> Bytes {
        self.look_ahead(most, enough).await.0
    }

    /// All of the body, which is read again by whoever reads it; `None` if it is longer than its limit or fails, which is
    /// left to be told to whoever reads it.
    ///
    /// Whoever drops this before it has ended leaves a body that has failed.
    pub async fn peek_all(&mut self) -> Option<Bytes> {
        self.check_limit().ok()?;
        let (left, _) = self.limits();
        let most = usize::try_from(left).unwrap_or(usize::MAX).saturating_add(1);
        let (seen, is_whole) = self.look_ahead(most, |_| false).await;
        (is_whole && seen.len() as u64 <= left).then_some(seen)
    }

    /// What [`peek`](Self::peek) gives, and whether that is all.
    async fn look_ahead(&mut self, most: usize, mut enough: impl FnMut(&[u8]) -> bool) -> (Bytes, bool) {
        if let Some(all) = self.full_bytes() {
            return (all, true);
        }
        let limits = self.limits();
        let mut rest = std::mem::replace(self, Self::from_source(Broken));
        rest.set_limit(u64::MAX);
        let mut seen = Gathered::default();
        let (mut end, mut trailers) = (None, None);
        while seen.as_slice().len() < most && !enough(seen.as_slice()) {
            match std::future::poll_fn(|cx| Pin::new(&mut rest).poll_frame(cx)).await {
                None => {
                    end = Some(None);
                    break;
                }
                Some(Err(error)) => {
                    end = Some(Some(error.into_cause()));
                    break;
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        seen.push(data);
                        if let Some(held) = seen.held() {
                            rest.set_held(held);
                        }
                    }
                    Err(frame) => {
                        (end, trailers) = (Some(None), frame.into_trailers().ok());
                        break;
                    }
                },
            }
        }
        if end.is_none() && rest.is_end_stream() {
            end = Some(None);
        }
        let front = seen.into_bytes();
        let is_whole = matches!(end, Some(None));
        *self = match (end, trailers) {
            (Some(None), Some(trailers)) => Self::full(front.clone()).with_trailers(trailers),
            (Some(None), None) => Self::full(front.clone()),
            (Some(Some(error)), _) => {
                Self::from_source(PutBack { front: Some(front.clone()), failed: Some(error), rest })
            }
            (None, _) => Self::from_source(PutBack { front: Some(front.clone()), failed: None, rest }),
        };
        self.set_limits(limits);
        (front, is_whole)
    }
}

/// A body whose beginning was read already.
struct PutBack {
    front: Option<Bytes>,
    /// Why the rest failed while the beginning was read.
    failed: Option<BoxError>,
    rest: Body,
}

impl Source for PutBack {
    fn watch_shutdown(mut self: Pin<&mut Self>, signal: &ShutdownSignal) {
        self.rest.watch_shutdown(signal);
    }

    fn set_held(mut self: Pin<&mut Self>, bytes: u64) {
        self.rest.set_held(bytes);
    }
}

impl HttpBody for PutBack {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(front) = self.front.take_if(|front| !front.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(front))));
        }
        self.front = None;
        match self.failed.take() {
            Some(error) => Poll::Ready(Some(Err(error))),
            None => Pin::new(&mut self.rest).poll_frame(cx).map_err(BodyError::into_cause),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.front.is_none() && self.failed.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let here = self.front.as_ref().map_or(0, |front| front.len() as u64);
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + here);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + here);
        }
        hint
    }
}
