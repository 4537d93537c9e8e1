//! [`Endpoint`]: what every request passes, matched or not.

mod errors;
mod guard;
mod log;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tracing::Span;
use zzz_core::Services;
use zzz_core::http::middleware::End;
use zzz_core::http::{
    BoxFuture, BoxMiddleware, ErrorRenderer, Format, HeaderMap, Limits, Method, Middleware, MiddlewareExt,
    PathAndQuery, Request, RequestId, Response, RouteInfo, Service, Stack, header, request_id,
};

use crate::error::RouterError;
use crate::router::Router;
use crate::table::{Found, RouteTable};
use guard::Guarded;

/// An app, as a server sees it: every request gets an id, is guarded against panics and timeouts, passes the
/// endpoint's middleware, finds its route, and is logged; an error leaves as an error page or a problem
/// document, and every response carries `x-request-id`.
///
/// These stages are one future with the router, not middleware each, since every request pays for them.
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
    fn call(&self, request: Request) -> BoxFuture<Response> {
        Box::pin(Answering::new(Arc::clone(&self.inner), request))
    }
}

/// A request on its way: the stages before the handler are done when this is made, those after it when the
/// handler is.
struct Answering {
    inner: Arc<Inner>,
    handler: Guarded,
    id: RequestId,
    seen: Seen,
    route: Option<Arc<RouteInfo>>,
    span: Span,
    /// The clock is read only for whoever reads the log.
    started: Option<Instant>,
}

impl Answering {
    fn new(inner: Arc<Inner>, mut request: Request) -> Self {
        let started = log::is_on().then(Instant::now);
        let (id, format) = identify(request.headers());
        let target = request.uri().path_and_query().cloned();
        let seen = Seen { format, method: request.method().clone(), target };
        let span = log::span(&id);
        request.set_id(id.clone());
        request.set_services(Arc::clone(&inner.services));
        let connection = request.connection().cloned();
        if let (Some(timeout), Some(connection)) = (inner.limits.timeout, &connection) {
            connection.set_request_timeout(timeout);
        }
        let mut route = None;
        let handler = match &inner.plugs {
            Some(plugs) => {
                if let Some(limit) = inner.limits.body {
                    // A plug that reads the body comes before the route, so the largest limit that may apply
                    // holds there.
                    let largest = inner.table.largest_body(request.path()).unwrap_or(0);
                    request.body_mut().set_limit(limit.max(largest));
                }
                plugs.run(request)
            }
            None => match inner.table.route(&mut request, &inner.limits) {
                Found::Route(info, stack) => {
                    route = Some(Arc::clone(info));
                    stack.run(request)
                }
                Found::Answer(response) => Box::pin(std::future::ready(response)),
            },
        };
        Self { handler: Guarded::new(handler, connection), inner, id, seen, route, span, started }
    }

    /// The stages after the handler.
    fn finish(&mut self, response: &mut Response) {
        if self.inner.plugs.is_some() {
            self.route = response.extensions_mut().remove::<Arc<RouteInfo>>();
        }
        let route = self.route.as_deref();
        if response.status().as_u16() >= 400 {
            errors::put_page(response, &*self.inner.errors, &self.seen, &self.id, route);
        }
        log::line(response, &self.seen, &self.id, route, self.started);
        response.headers_mut().insert(request_id::X_REQUEST_ID, self.id.to_header());
    }
}

impl Future for Answering {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = self.get_mut();
        let polled = {
            let _entered = this.span.enter();
            this.handler.poll(cx)
        };
        polled.map(|mut response| {
            this.finish(&mut response);
            response
        })
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

/// What is kept of a request for its log line and its error page, since the handler takes the rest.
struct Seen {
    format: Option<Format>,
    method: Method,
    target: Option<PathAndQuery>,
}

impl Seen {
    fn path(&self) -> &str {
        self.target.as_ref().map_or("*", PathAndQuery::path)
    }
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
