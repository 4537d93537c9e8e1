//! [`Middleware`] and [`Next`]: what runs around a handler (Phoenix's plugs, tower's layers).

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem;
use std::sync::Arc;

use super::{
    Answer, BoxFuture, BoxHandler, Description, Format, Frame, FromRequestParts, IntoResponse, Request,
    Response,
};

/// Runs around a handler: it may answer itself, change the request, change the response.
///
/// An async function of a [`Request`] and a [`Next`] is one; up to four arguments before those may be extractors of what
/// is not the body, as a handler has them. What one of them refuses is the answer. So is a type of your own:
///
/// ```
/// use zzz_core::http::{IntoResponse, Middleware, Next, Request, Response, StatusCode, Svc};
///
/// struct Opening(u8);
///
/// /// The service must be registered, which is checked when the app starts.
/// async fn open(Svc(hours): Svc<Opening>, request: Request, next: Next) -> Response {
///     if hours.0 > 12 { StatusCode::SERVICE_UNAVAILABLE.into_response() } else { next.run(request).await }
/// }
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
    note = "middleware is an `async fn(Request, Next) -> Response`, with extractors before the request if it needs any, or \
            a type that implements `Middleware`"
)]
pub trait Middleware<Args = ()>: Send + Sync + 'static {
    /// Handles the request, usually by calling [`Next::run`] on the way.
    fn handle(&self, request: Request, next: Next) -> impl Future<Output = Response> + Send;

    /// The format that what stands behind it speaks, if this is what says so. A router asks when it is built, so that an
    /// error under a scope is answered in that scope's format also where no route matches and no middleware runs.
    fn format(&self) -> Option<Format> {
        None
    }

    /// Says what it needs, before there is a request, so that a service that nobody registers is told when the app
    /// starts and not at the first request. A function says what its extractors need.
    fn describe(&self, description: &mut Description) {
        let _ = description;
    }
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

macro_rules! with_extractors {
    ($($argument:ident),+) => {
        impl<Fun, Fut, $($argument),+> Middleware<($($argument,)+)> for Fun
        where
            Fun: Fn($($argument,)+ Request, Next) -> Fut + Send + Sync + 'static,
            Fut: Future<Output: IntoResponse> + Send,
            $($argument: FromRequestParts + Send + 'static,)+
        {
            #[allow(non_snake_case, reason = "the arguments are called as their types are")]
            async fn handle(&self, mut request: Request, next: Next) -> Response {
                $(
                    let $argument = match $argument::from_request_parts(&mut request).await {
                        Ok(argument) => argument,
                        Err(error) => return error.into_response(),
                    };
                )+
                self($($argument,)+ request, next).await.into_response()
            }

            fn describe(&self, description: &mut Description) {
                $($argument::describe(description);)+
            }
        }
    };
}
with_extractors!(A);
with_extractors!(A, B);
with_extractors!(A, B, C);
with_extractors!(A, B, C, D);

/// What every middleware can do besides.
pub trait MiddlewareExt<Args>: Middleware<Args> {
    /// Erases the type.
    fn erase(self) -> BoxMiddleware;
}

impl<M: Middleware<Args>, Args: 'static> MiddlewareExt<Args> for M {
    fn erase(self) -> BoxMiddleware {
        BoxMiddleware(Arc::new(Erased { middleware: self, args: PhantomData }))
    }
}

/// A middleware with its type erased; a clone shares it.
#[derive(Clone)]
pub struct BoxMiddleware(Arc<dyn AnyMiddleware>);

impl BoxMiddleware {
    /// As [`Middleware::format`].
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        self.0.format()
    }

    /// Its path in the program: `zzz_middleware::flash::flash`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// What it says of itself in [`Middleware::describe`].
    #[must_use]
    pub fn describe(&self) -> Description {
        let mut description = Description::default();
        self.0.describe(&mut description);
        description
    }
}

trait AnyMiddleware: Send + Sync {
    fn call(self: Arc<Self>, request: Request, next: Next) -> BoxFuture<Response>;
    fn format(&self) -> Option<Format>;
    fn describe(&self, description: &mut Description);
    fn name(&self) -> &'static str;
}

/// A middleware with what tells which of a function's shapes it has.
struct Erased<M, Args> {
    middleware: M,
    args: PhantomData<fn(Args)>,
}

impl<M: Middleware<Args>, Args: 'static> AnyMiddleware for Erased<M, Args> {
    fn call(self: Arc<Self>, request: Request, next: Next) -> BoxFuture<Response> {
        Box::pin(async move { self.middleware.handle(request, next).await })
    }

    fn format(&self) -> Option<Format> {
        self.middleware.format()
    }

    fn describe(&self, description: &mut Description) {
        self.middleware.describe(description);
    }

    fn name(&self) -> &'static str {
        type_name::<M>()
    }
}

/// The end of a stack: what the last middleware's [`Next`] calls.
pub trait End: Send + Sync {
    /// Answers the request.
    fn call(&self, request: Request) -> BoxFuture<Response>;

    /// Answers the request within an endpoint's frame, and takes it out of its place if it needs it.
    fn call_framed(&self, request: &mut Request, frame: Frame) -> Answer {
        frame.around(self.call(mem::take(request)))
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

    fn call_framed(&self, request: &mut Request, frame: Frame) -> Answer {
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

    /// Sends a request through, within an endpoint's frame. It is taken out of its place if anybody asks for any of it.
    #[inline(always)]
    #[must_use]
    pub fn run_framed(&self, request: &mut Request, frame: Frame) -> Answer {
        match &self.bare {
            Some(handler) => handler.call_framed(request, frame),
            None => self.run_layers_framed(request, frame),
        }
    }

    fn run_layers_framed(&self, request: &mut Request, frame: Frame) -> Answer {
        if self.shared.layers.is_empty() {
            self.shared.end.call_framed(request, frame)
        } else {
            frame.around(self.run(mem::take(request)))
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
    use crate::http::{Body, HandlerExt, HeaderValue, Query, StatusCode, Svc, now_or_never};
    use crate::services::Need;
    use crate::{Params, Services};

    async fn greet(Svc(word): Svc<String>, query: Query<Params>, request: Request, next: Next) -> Response {
        let mut response = next.run(request).await;
        let value = format!("{word} {}", query.0.len()).parse().unwrap();
        response.headers_mut().append("greeting", value);
        response
    }

    #[test]
    fn a_function_may_take_what_a_handler_takes_but_the_body() {
        let stack = Stack::new(vec![greet.erase()], (async || "here").erase());
        let ask = |path: &str, services: Services| {
            let mut request = Request::get(path);
            request.set_services(Arc::new(services));
            let response = now_or_never(stack.run(request)).unwrap();
            let greeting = response.headers().get("greeting").map(|word| word.to_str().unwrap().to_owned());
            (response.status(), greeting)
        };
        let mut services = Services::new();
        services.insert("hello".to_owned());
        assert_eq!(ask("/?a=1&b=2", services), (StatusCode::OK, Some("hello 2".into())));
        let mut services = Services::new();
        services.insert("hello".to_owned());
        assert_eq!(ask("/?a=%", services), (StatusCode::BAD_REQUEST, None), "what an extractor refuses");
    }

    #[test]
    fn a_middleware_says_which_services_it_needs() {
        struct Own;
        impl Middleware for Own {
            async fn handle(&self, request: Request, next: Next) -> Response {
                next.run(request).await
            }
            fn describe(&self, description: &mut Description) {
                description.service::<u8>();
            }
        }
        let needs = |middleware: BoxMiddleware| middleware.describe().services().to_vec();
        assert_eq!(needs(mark.erase()), []);
        assert_eq!(needs(greet.erase()), [Need::of::<String>()]);
        assert_eq!(needs(Own.erase()), [Need::of::<u8>()]);
        assert!(greet.erase().name().ends_with("::greet"), "{}", greet.erase().name());
    }

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
