//! [`Endpoint`]: what every request passes, matched or not.

mod errors;
mod guard;
mod log;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use zzz_core::Services;
use zzz_core::http::frame::{Kept, Stages, Work};
use zzz_core::http::middleware::End;
use zzz_core::http::{
    BoxFuture, BoxMiddleware, ErrorRenderer, Format, Frame, HeaderMap, Limits, Middleware, MiddlewareExt,
    Request, RequestId, Response, RouteInfo, Service, Stack, header, request_id,
};

use crate::error::RouterError;
use crate::router::Router;
use crate::table::{Found, RouteTable};

/// An app, as a server sees it: every request gets an id, is guarded against panics and timeouts, passes the
/// endpoint's middleware, finds its route, and is logged; an error leaves as an error page or a problem
/// document, and every response carries `x-request-id`.
///
/// These stages are one future with the handler ([`Frame`]), not middleware each, since every request pays for
/// them.
#[derive(Clone)]
pub struct Endpoint {
    inner: Arc<Inner>,
}

struct Inner {
    table: Arc<RouteTable>,
    /// The endpoint's middleware with the router behind it; `None` if there is none.
    plugs: Option<Stack>,
    services: Arc<Services>,
    errors: Box<dyn ErrorRenderer>,
    limits: Limits,
}

/// Puts an [`Endpoint`] together.
pub struct EndpointBuilder {
    router: Router,
    plugs: Vec<BoxMiddleware>,
    services: Arc<Services>,
    errors: Box<dyn ErrorRenderer>,
    limits: Limits,
}

impl Endpoint {
    /// Begins an endpoint before this router.
    #[expect(clippy::new_ret_no_self, reason = "reads as what is being made")]
    #[must_use]
    pub fn new(router: Router) -> EndpointBuilder {
        EndpointBuilder {
            router,
            plugs: Vec::new(),
            services: Arc::default(),
            errors: Box::new(errors::Plain),
            limits: Limits::new(),
        }
    }

    /// The table of routes.
    #[must_use]
    pub fn table(&self) -> &Arc<RouteTable> {
        &self.inner.table
    }

    /// The services of the app.
    #[must_use]
    pub fn services(&self) -> &Arc<Services> {
        &self.inner.services
    }
}

impl EndpointBuilder {
    /// Adds a middleware that every request passes before its route is looked up.
    #[must_use]
    pub fn plug(self, middleware: impl Middleware) -> Self {
        self.plug_erased(middleware.erase())
    }

    /// As [`plug`](Self::plug), for a middleware whose type is erased already.
    #[must_use]
    pub fn plug_erased(mut self, middleware: BoxMiddleware) -> Self {
        self.plugs.push(middleware);
        self
    }

    /// The services that handlers find.
    #[must_use]
    pub fn services(mut self, services: Arc<Services>) -> Self {
        self.services = services;
        self
    }

    /// Who draws error pages; by default a plain page or a problem document without causes.
    #[must_use]
    pub fn errors(mut self, renderer: impl ErrorRenderer) -> Self {
        self.errors = Box::new(renderer);
        self
    }

    /// The limits of routes that set none of their own.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Checks the routes and makes the endpoint.
    ///
    /// # Errors
    /// As [`Router::build`].
    pub fn build(self) -> Result<Endpoint, RouterError> {
        let table = Arc::new(self.router.build()?);
        let Self { services, errors, limits, .. } = self;
        let to_router = || ToRouter { table: Arc::clone(&table), limits };
        let plugs = (!self.plugs.is_empty()).then(|| Stack::new(self.plugs, to_router()));
        Ok(Endpoint { inner: Arc::new(Inner { table, plugs, services, errors, limits }) })
    }
}

impl Service for Endpoint {
    fn call(&self, mut request: Request) -> BoxFuture<Response> {
        let inner = &self.inner;
        let mut frame = self.frame(&mut request);
        match &inner.plugs {
            Some(plugs) => {
                if let Some(limit) = inner.limits.body {
                    // A plug that reads the body comes before the route, so the largest limit that may apply
                    // holds there.
                    let largest = inner.table.largest_body(request.path()).unwrap_or(0);
                    request.body_mut().set_limit(limit.max(largest));
                }
                plugs.run_framed(request, frame)
            }
            None => match inner.table.route(&mut request, &inner.limits) {
                Found::Route(info, stack) => {
                    frame.kept.route = Some(Arc::clone(info));
                    stack.run_framed(request, frame)
                }
                Found::Answer(response) => frame.around(std::future::ready(response)),
            },
        }
    }
}

impl Endpoint {
    /// The stages before the handler, and what is kept for those after it.
    fn frame(&self, request: &mut Request) -> Frame {
        let (id, format) = identify(request.headers());
        request.enter(id.clone(), Arc::clone(&self.inner.services));
        if let (Some(timeout), Some(connection)) = (self.inner.limits.timeout, request.connection()) {
            connection.set_request_timeout(timeout);
        }
        let kept = Kept { log: log::begin(&id), id, format, head: Arc::clone(request.head()), route: None };
        Frame { stages: Arc::clone(&self.inner) as Arc<dyn Stages>, kept }
    }
}

impl Stages for Inner {
    fn poll(
        &self,
        kept: &mut Kept,
        work: Pin<&mut dyn Work>,
        cx: &mut Context<'_>,
        answer: &mut Poll<Response>,
    ) {
        {
            let _entered = log::enter(kept);
            guard::poll(work, kept.head.connection(), cx, answer);
        }
        if let Poll::Ready(response) = answer {
            self.finish(kept, response);
        }
    }
}

impl Inner {
    /// The stages after the handler.
    fn finish(&self, kept: &mut Kept, response: &mut Response) {
        if self.plugs.is_some() {
            kept.route = response.extensions_mut().remove::<Arc<RouteInfo>>();
        }
        if response.status().as_u16() >= 400 {
            errors::put_page(response, &*self.errors, kept);
        }
        log::line(response, kept);
        response.headers_mut().insert(request_id::X_REQUEST_ID, kept.id.to_header());
    }
}

/// The request's id, and the format that its client prefers.
///
/// One look at every header costs less than a look-up for each of the three that matter here, of which most
/// requests have one.
fn identify(headers: &HeaderMap) -> (RequestId, Option<Format>) {
    let (mut has_id, mut has_format) = (false, false);
    for name in headers.keys() {
        has_format |= name == header::ACCEPT || name == header::CONTENT_TYPE;
        has_id |= name == request_id::X_REQUEST_ID;
    }
    let id = if has_id { RequestId::of(headers) } else { RequestId::new() };
    (id, if has_format { Format::of(headers) } else { None })
}

/// The end of the endpoint's middleware.
struct ToRouter {
    table: Arc<RouteTable>,
    limits: Limits,
}

impl End for ToRouter {
    fn call(&self, mut request: Request) -> BoxFuture<Response> {
        let (route, handled) = match self.table.route(&mut request, &self.limits) {
            Found::Route(info, stack) => (Arc::clone(info), stack.run(request)),
            Found::Answer(response) => return Box::pin(std::future::ready(response)),
        };
        Box::pin(async move {
            let mut response = handled.await;
            response.extensions_mut().insert(route);
            response
        })
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("routes", &self.inner.table).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for EndpointBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndpointBuilder").field("router", &self.router).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
