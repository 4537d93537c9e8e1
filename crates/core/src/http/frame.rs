//! [`Answer`]: the response to a request, in the making; [`Frame`]: what stands around every handler, in one allocation
//! with the handler itself.
//!
//! An endpoint has stages before and after the handler: the request's id, the guard against panics, the log line,
//! error pages. As middleware they would cost every request an allocation and a few moves of its response each.
//! Instead the endpoint keeps what they need in a [`Frame`], which travels with the request to where the handler's
//! future is put into a box, and the two go in there together.
//!
//! A response is large, and to return it is to move it. So an [`Answer`] is told where the response is wanted, and what
//! the handler returned becomes one there.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::request::Head;
use super::{IntoResponse, RequestId, Response, RouteInfo};

/// The stages around a handler, and what they keep of its request.
pub struct Frame {
    /// The stages.
    pub stages: Arc<dyn Stages>,
    /// What they keep.
    pub kept: Kept,
}

/// What is kept of a request for the stages after the handler, since the handler takes the rest.
pub struct Kept {
    /// What the request came with, and what the endpoint found out of it.
    pub head: Arc<Head>,
    /// The route that matched.
    pub route: Option<Arc<RouteInfo>>,
    /// What the stages need for their log line, if there is to be one.
    pub log: Option<Box<dyn Any + Send>>,
}

/// What an endpoint does around a handler.
pub trait Stages: Send + Sync + 'static {
    /// Polls the work where its log lines belong to the request. It is called only if [`Kept::log`] is there.
    fn within(&self, kept: &Kept, poll: &mut dyn FnMut());

    /// After each poll of the work, which may have panicked: sets the answer if there has to be one, and finishes the
    /// one there is.
    fn after(
        &self,
        kept: &mut Kept,
        work: Pin<&mut dyn Work>,
        panic: &mut Option<Panic>,
        answer: &mut Option<Response>,
    );
}

/// What somebody panicked with.
pub type Panic = Box<dyn Any + Send>;

/// A handler's future, as the stages around it see it.
pub trait Work: Send {
    /// Polls the future and sets the answer when there is one; what it held is dropped by then. After it was let go it
    /// never answers.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, answer: &mut Option<Response>);

    /// Drops what the future holds. What is over and answered holds nothing.
    fn let_go(self: Pin<&mut Self>);
}

impl Kept {
    /// The request's id.
    #[must_use]
    pub fn id(&self) -> &RequestId {
        // The endpoint gives one to every request before it makes a frame.
        self.head.id().unwrap_or(&RequestId::NONE)
    }
}

impl Frame {
    /// Puts the frame around a future, into one box with it.
    #[must_use]
    pub fn around(self, work: impl Future<Output: IntoResponse> + Send + 'static) -> Answer {
        Answer { framed: boxed(Some(self), work) }
    }
}

/// The response to a request, in the making.
///
/// It is a future like any other. [`poll_in`](Self::poll_in) is there for servers, which have a place for the response.
pub struct Answer {
    framed: Pin<Box<Framed<dyn Work>>>,
}

impl Answer {
    /// The answer that comes of a future, such as an async block.
    pub fn of(work: impl Future<Output: IntoResponse> + Send + 'static) -> Self {
        Self { framed: boxed(None, work) }
    }

    /// Polls it, and makes the response in its place when there is one. Once there was one it is done for.
    #[inline(always)]
    pub fn poll_in(&mut self, cx: &mut Context<'_>, place: &mut Option<Response>) {
        self.framed.as_mut().poll_in(cx, place);
    }
}

impl Future for Answer {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let mut place = None;
        self.poll_in(cx, &mut place);
        place.map_or(Poll::Pending, Poll::Ready)
    }
}

/// Puts a future into a box, with the frame around it if there is one. A handler is called with and without a frame, and
/// one type for both is compiled once.
#[inline]
pub(crate) fn boxed<F>(frame: Option<Frame>, work: F) -> Pin<Box<Framed<Held<F>>>>
where
    F: Future<Output: IntoResponse> + Send + 'static,
{
    // The box first, so that the parts are written into it and not to a place before it.
    let framed = Box::write(Box::new_uninit(), Framed { frame, work: Held { future: Some(work) } });
    Box::into_pin(framed)
}

pin_project_lite::pin_project! {
    /// A handler's future within its frame.
    pub(crate) struct Framed<W: ?Sized> {
        frame: Option<Frame>,
        #[pin]
        work: W,
    }
}

impl Framed<dyn Work> {
    #[inline(always)]
    fn poll_in(self: Pin<&mut Self>, cx: &mut Context<'_>, place: &mut Option<Response>) {
        let this = self.project();
        poll(this.frame.as_mut(), this.work, cx, place);
    }
}

impl<W: Work> Future for Framed<W> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = self.project();
        let mut answer = None;
        poll(this.frame.as_mut(), this.work, cx, &mut answer);
        answer.map_or(Poll::Pending, Poll::Ready)
    }
}

/// What is the same for every handler, and so is compiled once.
fn poll(
    frame: Option<&mut Frame>,
    mut work: Pin<&mut dyn Work>,
    cx: &mut Context<'_>,
    answer: &mut Option<Response>,
) {
    let Some(Frame { stages, kept }) = frame else {
        work.poll(cx, answer);
        return;
    };
    let mut poll = || catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx, answer))).err();
    let mut panic = if kept.log.is_none() {
        poll()
    } else {
        let mut panic = None;
        stages.within(kept, &mut || panic = poll());
        panic
    };
    stages.after(kept, work, &mut panic, answer);
}

pin_project_lite::pin_project! {
    pub(crate) struct Held<F> {
        #[pin]
        future: Option<F>,
    }
}

impl<F: Future<Output: IntoResponse> + Send> Work for Held<F> {
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>, answer: &mut Option<Response>) {
        if let Some(future) = self.as_mut().project().future.as_pin_mut()
            && let Poll::Ready(value) = future.poll(cx)
        {
            value.put_in(answer);
            self.project().future.set(None);
        }
    }

    fn let_go(self: Pin<&mut Self>) {
        self.project().future.set(None);
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("frame", &self.framed.frame).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame").field("id", self.kept.id()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("id", self.id()).field("path", &self.head.path()).finish_non_exhaustive()
    }
}
