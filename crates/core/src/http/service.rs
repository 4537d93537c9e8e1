//! [`Service`]: a whole application, as a server or a test client sees it.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::{Answer, Request, Response};

/// A future in a box, as every erased handler and middleware returns it.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;

/// Answers requests: what a server serves. It never fails; errors are responses.
pub trait Service: Send + Sync + 'static {
    /// Answers one request.
    fn call(&self, request: Request) -> BoxFuture<Response>;

    /// As [`call`](Self::call), in the way of a server: the request may be taken out of its place or not, which saves
    /// moving it, and the response is made where the server wants it ([`Answer::poll_in`]).
    ///
    /// A service of your own need not implement this; it saves an allocation.
    fn answer(&self, request: &mut Request) -> Answer {
        Answer::of(self.call(std::mem::take(request)))
    }
}

impl<S: Service + ?Sized> Service for Arc<S> {
    fn call(&self, request: Request) -> BoxFuture<Response> {
        (**self).call(request)
    }

    fn answer(&self, request: &mut Request) -> Answer {
        (**self).answer(request)
    }
}

/// The output of a future that needs no waiting; `None` if it does. For tests and examples without a runtime.
pub fn now_or_never<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
