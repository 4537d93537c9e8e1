//! [`Handler`]: an async function whose arguments are extractors; [`BoxHandler`]: one with its type erased.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use super::frame::{Answer, boxed};
use super::{
    Arguments, BoxFuture, Description, Frame, FromRequest, FromRequestParts, IntoResponse, Request, Response,
};

/// An async function that answers a request.
///
/// It is implemented for functions of up to ten arguments, of which every one can be extracted from a request
/// and only the last may take the body. `Args` is only there to let the compiler tell the functions apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be used as a handler",
    label = "not a handler",
    note = "a handler is an `async fn` that returns something that implements `IntoResponse`",
    note = "every argument must implement `FromRequestParts`, and the last one may implement `FromRequest` (Form, Json, Bytes, String)"
)]
pub trait Handler<Args>: Clone + Send + Sync + Sized + 'static {
    /// Says what the arguments need, before there is a request.
    fn describe(_description: &mut Description) {}

    /// Answers the request, of which it takes what it needs: all of it leaves an empty one behind
    /// ([`std::mem::take`]).
    fn call(self, request: &mut Request) -> impl Future<Output: IntoResponse> + Send + 'static;
}

/// What every handler can do besides.
pub trait HandlerExt<Args>: Handler<Args> {
    /// Erases the type, once, so that a table of many handlers compiles as fast as one of few.
    fn erase(self) -> BoxHandler;
}

impl<H: Handler<Args>, Args: 'static> HandlerExt<Args> for H {
    fn erase(self) -> BoxHandler {
        BoxHandler(Arc::new(Erased { handler: self, args: PhantomData::<fn(Args)> }))
    }
}

/// A handler with its type erased; a clone shares it.
#[derive(Clone)]
pub struct BoxHandler(Arc<dyn AnyHandler>);

impl BoxHandler {
    /// Answers the request.
    #[must_use]
    pub fn call(&self, mut request: Request) -> BoxFuture<Response> {
        self.0.call(&mut request)
    }

    /// Answers the request, with an endpoint's frame in one box with the handler's future. The request is taken out of
    /// its place if the handler asks for any of it.
    #[inline(always)]
    #[must_use]
    pub fn call_framed(&self, request: &mut Request, frame: Frame) -> Answer {
        self.0.call_framed(request, frame)
    }

    /// What the handler's arguments need.
    #[must_use]
    pub fn describe(&self) -> Description {
        let mut description = Description::default();
        self.0.describe(&mut description);
        description
    }
}

impl std::fmt::Debug for BoxHandler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BoxHandler")
    }
}

trait AnyHandler: Send + Sync {
    fn call(&self, request: &mut Request) -> BoxFuture<Response>;
    fn call_framed(&self, request: &mut Request, frame: Frame) -> Answer;
    fn describe(&self, description: &mut Description);
}

struct Erased<H, Args> {
    handler: H,
    args: PhantomData<fn(Args)>,
}

impl<H: Handler<Args>, Args: 'static> AnyHandler for Erased<H, Args> {
    fn call(&self, request: &mut Request) -> BoxFuture<Response> {
        boxed(None, self.handler.clone().call(request))
    }

    fn call_framed(&self, request: &mut Request, frame: Frame) -> Answer {
        frame.around(self.handler.clone().call(request))
    }

    fn describe(&self, description: &mut Description) {
        H::describe(description);
    }
}

impl<F, Fut> Handler<()> for F
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output: IntoResponse> + Send + 'static,
{
    #[inline(always)]
    fn call(self, request: &mut Request) -> impl Future<Output: IntoResponse> + Send + 'static {
        <()>::answer(self, request)
    }
}

macro_rules! handler {
    ($($part:ident),*; $last:ident) => {
        impl<F, Fut, $($part,)* $last, M> Handler<(M, $($part,)* $last)> for F
        where
            F: Fn($($part,)* $last) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output: IntoResponse> + Send + 'static,
            $($part: FromRequestParts + Send + 'static,)*
            $last: FromRequest<M> + Send + 'static,
            M: 'static,
        {
            fn describe(description: &mut Description) {
                <($($part,)* $last,) as Arguments<M>>::describe(description);
            }

            fn call(self, request: &mut Request) -> impl Future<Output: IntoResponse> + Send + 'static {
                <($($part,)* $last,) as Arguments<M>>::answer(self, request)
            }
        }
    };
}

handler!(; A);
handler!(A; B);
handler!(A, B; C);
handler!(A, B, C; D);
handler!(A, B, C, D; E);
handler!(A, B, C, D, E; G);
handler!(A, B, C, D, E, G; H);
handler!(A, B, C, D, E, G, H; I);
handler!(A, B, C, D, E, G, H, I; J);
handler!(A, B, C, D, E, G, H, I, J; K);

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::http::{Body, BodySender, now_or_never};

    #[test]
    fn a_body_that_nobody_reads_is_held_until_the_answer() {
        thread_local!(static ANSWERS: Cell<bool> = const { Cell::new(false) });
        let handler = || poll_fn(|_| if ANSWERS.get() { Poll::Ready("text") } else { Poll::Pending });
        let (sender, body): (BodySender, Body) = Body::channel(1);
        let mut answer = handler.erase().call(Request::post("/", body));
        let mut poll = || answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll().is_pending());
        assert!(!sender.is_closed(), "the server would give up on a body that is let go of");
        ANSWERS.set(true);
        assert!(poll().is_ready());
        drop(answer);
        assert!(sender.is_closed());
    }

    #[test]
    fn the_last_argument_may_take_the_whole_request() {
        let handler = |request: Request| async move { request.path().to_owned() };
        let answer = now_or_never(handler.erase().call(Request::get("/news"))).unwrap();
        assert_eq!(answer.into_body().full_bytes().unwrap(), "/news");
    }
}
