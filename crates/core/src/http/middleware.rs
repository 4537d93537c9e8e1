//! [`Middleware`] and [`Next`]: what runs around a handler (Phoenix's plugs, tower's layers).

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::{BoxFuture, BoxHandler, Frame, IntoResponse, Request, Response};

/// Runs around a handler: it may answer itself, change the request, change the response.
///
/// An async function of a [`Request`] and a [`Next`] is one; so is a type of your own:
///
/// ```
/// use zzz_core::http::{IntoResponse, Middleware, Next, Request, Response, StatusCode};
///
/// async fn teapot(request: Request, next: Next) -> Response {
///     if request.path() == "/coffee" {
///         return StatusCode::IM_A_TEAPOT.into_response();
///     }
///     next.run(request).await
/// }
///
/// struct Server(&'static str);
///
/// impl Middleware for Server {
///     async fn handle(&self, request: Request, next: Next) -> Response {
///         let mut response = next.run(request).await;
///         response.headers_mut().insert("server", self.0.parse().unwrap());
///         response
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no middleware",
    note = "middleware is an `async fn(Request, Next) -> Response`, or a type that implements `Middleware`"
)]
pub trait Middleware: Send + Sync + 'static {
    /// Handles the request, usually by calling [`Next::run`] on the way.
    fn handle(&self, request: Request, next: Next) -> impl Future<Output = Response> + Send;
}

impl<F, Fut> Middleware for F
where
    F: Fn(Request, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: IntoResponse> + Send,
{
    async fn handle(&self, request: Request, next: Next) -> Response {
        self(request, next).await.into_response()
    }
}

/// What every middleware can do besides.
pub trait MiddlewareExt: Middleware {
    /// Erases the type.
    fn erase(self) -> BoxMiddleware;
}

impl<M: Middleware> MiddlewareExt for M {
    fn erase(self) -> BoxMiddleware {
        BoxMiddleware(Arc::new(self))
    }
}

/// A middleware with its type erased; a clone shares it.
#[derive(Clone)]
pub struct BoxMiddleware(Arc<dyn AnyMiddleware>);

trait AnyMiddleware: Send + Sync {
    fn call(self: Arc<Self>, request: Request, next: Next) -> BoxFuture<Response>;
}

impl<M: Middleware> AnyMiddleware for M {
    fn call(self: Arc<Self>, request: Request, next: Next) -> BoxFuture<Response> {
        Box::pin(async move { self.handle(request, next).await })
    }
}

/// The end of a stack: what the last middleware's [`Next`] calls.
pub trait End: Send + Sync {
    /// Answers the request.
    fn call(&self, request: Request) -> BoxFuture<Response>;

    /// Answers the request within an endpoint's frame.
    fn call_framed(&self, request: Request, frame: Frame) -> BoxFuture<Response> {
        frame.around(self.call(request))
    }

    /// The handler, if the end is nothing but one.
    fn as_handler(&self) -> Option<&BoxHandler> {
        None
    }
}

impl End for BoxHandler {
    fn call(&self, request: Request) -> BoxFuture<Response> {
        BoxHandler::call(self, request)
    }

    fn call_framed(&self, request: Request, frame: Frame) -> BoxFuture<Response> {
        BoxHandler::call_framed(self, request, frame)
    }

    fn as_handler(&self) -> Option<&BoxHandler> {
        Some(self)
    }
}

/// Middleware in the order in which requests pass it, and what stands behind it. A clone shares it.
#[derive(Clone)]
pub struct Stack {
    /// The handler, if nothing stands before it.
    bare: Option<BoxHandler>,
    shared: Arc<Shared>,
}

struct Shared {
    layers: Vec<BoxMiddleware>,
    end: Box<dyn End>,
}

impl Stack {
    /// `layers`, and behind them `end`.
    pub fn new(layers: Vec<BoxMiddleware>, end: impl End + 'static) -> Self {
        let bare = if layers.is_empty() { end.as_handler().cloned() } else { None };
        Self { bare, shared: Arc::new(Shared { layers, end: Box::new(end) }) }
    }

    /// Sends a request through.
    #[must_use]
    pub fn run(&self, request: Request) -> BoxFuture<Response> {
        if self.shared.layers.is_empty() {
            return self.shared.end.call(request);
        }
        Next { shared: Arc::clone(&self.shared), at: 0 }.run(request)
    }

    /// Sends a request through, within an endpoint's frame.
    #[inline]
    #[must_use]
    pub fn run_framed(&self, request: Request, frame: Frame) -> BoxFuture<Response> {
        match &self.bare {
            Some(handler) => handler.call_framed(request, frame),
            None if self.shared.layers.is_empty() => self.shared.end.call_framed(request, frame),
            None => frame.around(self.run(request)),
        }
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").field("layers", &self.shared.layers.len()).finish()
    }
}

/// The rest of the way: the middleware after this one, then the handler.
pub struct Next {
    shared: Arc<Shared>,
    at: usize,
}

impl Next {
    /// Hands the request on and returns the response that comes back.
    #[must_use = "the handler runs only if this future is awaited"]
    pub fn run(mut self, request: Request) -> BoxFuture<Response> {
        match self.shared.layers.get(self.at) {
            Some(layer) => {
                let layer = Arc::clone(&layer.0);
                self.at += 1;
                layer.call(request, self)
            }
            None => self.shared.end.call(request),
        }
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("left", &self.shared.layers.len().saturating_sub(self.at)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Body, HandlerExt, HeaderValue, now_or_never};

    async fn mark(request: Request, next: Next) -> Response {
        let mut response = next.run(request).await;
        response.headers_mut().append("passed", HeaderValue::from_static("outer"));
        response
    }

    #[test]
    fn runs_in_order_and_may_answer_itself() {
        let inner = |mut request: Request, next: Next| async move {
            request.assigns_mut().insert("from inner");
            if request.path() == "/stop" {
                Body::from("stopped").into_response()
            } else {
                next.run(request).await
            }
        };
        async fn handler(request: Request) -> String {
            (*request.assigns().get::<&str>().unwrap()).to_owned()
        }
        let stack = Stack::new(vec![mark.erase(), inner.erase()], handler.erase());
        let get = |path: &str| {
            let response = now_or_never(stack.run(Request::get(path))).unwrap();
            let passed = response.headers()["passed"].to_str().unwrap().to_owned();
            (passed, response.into_body().full_bytes().unwrap())
        };
        assert_eq!(get("/"), ("outer".into(), "from inner".into()));
        assert_eq!(get("/stop"), ("outer".into(), "stopped".into()));
    }
}
