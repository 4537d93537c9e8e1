//! [`Frame`]: what stands around every handler, in one allocation with the handler itself.
//!
//! An endpoint has stages before and after the handler: the request's id, the guard against panics, the log line,
//! error pages. As middleware they would cost every request an allocation and a few moves of its response each.
//! Instead the endpoint keeps what they need in a [`Frame`], which travels with the request to where the handler's
//! future is put into a box, and the two go in there together.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::request::Head;
use super::{BoxFuture, Format, RequestId, Response, RouteInfo};

/// The stages around a handler, and what they keep of its request.
pub struct Frame {
    /// The stages.
    pub stages: Arc<dyn Stages>,
    /// What they keep.
    pub kept: Kept,
}

/// What is kept of a request for the stages after the handler, since the handler takes the rest.
pub struct Kept {
    /// What the request came with.
    pub head: Arc<Head>,
    /// The request's id.
    pub id: RequestId,
    /// The format that the client prefers.
    pub format: Option<Format>,
    /// The route that matched.
    pub route: Option<Arc<RouteInfo>>,
    /// What the stages need for their log line, if there is to be one.
    pub log: Option<Box<dyn Any + Send>>,
}

/// What an endpoint does around a handler.
pub trait Stages: Send + Sync + 'static {
    /// Polls the work, in whatever the stages put around it, and sets the answer when there is one.
    fn poll(
        &self,
        kept: &mut Kept,
        work: Pin<&mut dyn Work>,
        cx: &mut Context<'_>,
        answer: &mut Poll<Response>,
    );
}

/// A handler's future, as the stages around it see it.
pub trait Work: Send {
    /// Polls it and sets the answer when there is one; a place that is handed down is written once, while what is
    /// returned is moved at every level. After it was let go it never answers.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, answer: &mut Poll<Response>);

    /// Drops what the future holds, where that has to happen before the response leaves.
    fn let_go(self: Pin<&mut Self>);
}

impl Frame {
    /// Puts the frame around a future, into one box with it.
    #[must_use]
    pub fn around(self, work: impl Future<Output = Response> + Send + 'static) -> BoxFuture<Response> {
        // The box first, so that the parts are written into it and not to a place before it.
        let framed = Box::write(Box::new_uninit(), Framed { frame: self, work: Held { future: Some(work) } });
        Box::into_pin(framed)
    }
}

pin_project_lite::pin_project! {
    struct Framed<F> {
        frame: Frame,
        #[pin]
        work: Held<F>,
    }
}

impl<F: Future<Output = Response> + Send> Future for Framed<F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = self.project();
        let mut answer = Poll::Pending;
        this.frame.stages.poll(&mut this.frame.kept, this.work, cx, &mut answer);
        answer
    }
}

pin_project_lite::pin_project! {
    struct Held<F> {
        #[pin]
        future: Option<F>,
    }
}

impl<F: Future<Output = Response> + Send> Work for Held<F> {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, answer: &mut Poll<Response>) {
        if let Some(future) = self.project().future.as_pin_mut() {
            *answer = future.poll(cx);
        }
    }

    fn let_go(self: Pin<&mut Self>) {
        self.project().future.set(None);
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame").field("id", &self.kept.id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("id", &self.id).field("path", &self.head.path()).finish_non_exhaustive()
    }
}
