//! [`Handler`]: an async function whose arguments are extractors; [`BoxHandler`]: one with its type erased.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{BoxFuture, Frame, FromRequest, FromRequestParts, IntoResponse, Request, Response};

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
    /// Answers the request.
    fn call(self, request: Request) -> impl Future<Output = Response> + Send + 'static;
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
    pub fn call(&self, request: Request) -> BoxFuture<Response> {
        self.0.call(request)
    }

    /// Answers the request, with an endpoint's frame in one box with the handler's future.
    #[inline]
    #[must_use]
    pub fn call_framed(&self, request: Request, frame: Frame) -> BoxFuture<Response> {
        self.0.call_framed(request, frame)
    }
}

impl std::fmt::Debug for BoxHandler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BoxHandler")
    }
}

trait AnyHandler: Send + Sync {
    fn call(&self, request: Request) -> BoxFuture<Response>;
    fn call_framed(&self, request: Request, frame: Frame) -> BoxFuture<Response>;
}

struct Erased<H, Args> {
    handler: H,
    args: PhantomData<fn(Args)>,
}

impl<H: Handler<Args>, Args: 'static> AnyHandler for Erased<H, Args> {
    fn call(&self, request: Request) -> BoxFuture<Response> {
        Box::pin(self.handler.clone().call(request))
    }

    fn call_framed(&self, request: Request, frame: Frame) -> BoxFuture<Response> {
        frame.around(self.handler.clone().call(request))
    }
}

impl<F, Fut> Handler<()> for F
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output: IntoResponse> + Send + 'static,
{
    async fn call(self, _: Request) -> Response {
        self().await.into_response()
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
            #[allow(non_snake_case, unused_mut)]
            async fn call(self, mut request: Request) -> Response {
                $(
                    let $part = match $part::from_request_parts(&mut request).await {
                        Ok(value) => value,
                        Err(error) => return error.into_response(),
                    };
                )*
                let $last = match $last::from_request(request).await {
                    Ok(value) => value,
                    Err(error) => return error.into_response(),
                };
                self($($part,)* $last).await.into_response()
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
