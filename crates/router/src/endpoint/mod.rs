//! [`Endpoint`]: what every request passes, matched or not.

mod errors;
mod guard;
mod log;

use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;

use zzz_core::http::frame::{Kept, Panic, Stages, Work};
use zzz_core::http::{
    Answer, BoxFuture, BoxMiddleware, ErrorRenderer, Format, Frame, HeaderMap, Limits, Middleware,
    MiddlewareExt, Request, RequestId, Response, Service, Stack, header, request_id,
};
use zzz_core::services::Requirement;
use zzz_core::{Error, Services};

use crate::compile::{self, Assets};
use crate::error::RouterError;
use crate::mounted::ToRouter;
use crate::router::{AssetFolder, Router};
use crate::seen::Seen;
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
    /// Whether a response may tell which route it is from, since that was found behind middleware.
    learns_route_late: bool,
    /// Whether any route is logged at a level above that of most.
    may_be_loud: bool,
    services: Arc<Services>,
    errors: Box<dyn ErrorRenderer>,
    limits: Limits,
}

/// Puts an [`Endpoint`] together.
pub struct EndpointBuilder {
    router: Router,
    plugs: Vec<BoxMiddleware>,
    open: Option<Open>,
    services: Arc<Services>,
    errors: Box<dyn ErrorRenderer>,
    limits: Limits,
}

/// Makes a middleware that serves the files of a folder.
pub(crate) type Open = Box<dyn Fn(&AssetFolder) -> Result<BoxMiddleware, Error> + Send + Sync>;

impl Endpoint {
    /// Begins an endpoint before this router.
    #[expect(clippy::new_ret_no_self, reason = "reads as what is being made")]
    #[must_use]
    pub fn new(router: Router) -> EndpointBuilder {
        EndpointBuilder {
            router,
            plugs: Vec::new(),
            open: None,
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
    pub fn plug<Args: 'static>(self, middleware: impl Middleware<Args>) -> Self {
        self.plug_erased(middleware.erase())
    }

    /// As [`plug`](Self::plug), for a middleware whose type is erased already.
    #[must_use]
    pub fn plug_erased(mut self, middleware: BoxMiddleware) -> Self {
        self.plugs.push(middleware);
        self
    }

    /// Says how the files of a router's [`assets`](Router::assets) are served: `open` makes a middleware of a
    /// path and a folder, which stands where the router declares it.
    #[must_use]
    pub fn assets(
        mut self,
        open: impl Fn(&AssetFolder) -> Result<BoxMiddleware, Error> + Send + Sync + 'static,
    ) -> Self {
        self.open = Some(Box::new(open));
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

    /// Checks the routes and puts everything together but the services, so that mistakes are found before anything
    /// is opened.
    ///
    /// # Errors
    /// As [`Router::build`], and if a folder of assets can not be opened.
    pub fn assemble(self) -> Result<Assembled, RouterError> {
        let Self { router, mut plugs, open, services, errors, limits } = self;
        let mut needs = Vec::new();
        for plug in &plugs {
            compile::needs(plug, "before the routes", &mut needs);
        }
        let built = compile::table(router, open.as_ref().map_or(Assets::Untold, Assets::By));
        let (mut table, more) = match built {
            Ok(built) => built,
            Err(error) => return Err(error.needing(needs)),
        };
        table.needs.extend(needs);
        let table = Arc::new(table);
        plugs.extend(more);
        let to_router = || ToRouter { table: Arc::clone(&table), limits };
        let plugs = (!plugs.is_empty()).then(|| Stack::new(plugs, to_router()));
        let learns_route_late = plugs.is_some() || table.traits.routers;
        let may_be_loud = table.traits.loud;
        let inner = Inner { table, plugs, learns_route_late, may_be_loud, services, errors, limits };
        Ok(Assembled { inner })
    }

    /// Checks the routes, and that the services are there which their handlers need, and makes the endpoint.
    ///
    /// # Errors
    /// As [`assemble`](Self::assemble), and every service that is missing, with what needs it.
    pub fn build(self) -> Result<Endpoint, RouterError> {
        let services = Arc::clone(&self.services);
        match self.assemble() {
            Ok(assembled) => assembled.with_services(services),
            Err(error) => Err(match services.check(error.requirements()) {
                Ok(()) => error,
                Err(missing) => error.and(missing.mistakes()),
            }),
        }
    }
}

/// An endpoint that has no services yet.
pub struct Assembled {
    inner: Inner,
}

impl Assembled {
    /// The table of routes.
    #[must_use]
    pub fn table(&self) -> &Arc<RouteTable> {
        &self.inner.table
    }

    /// The services that middleware and the routes' handlers need.
    #[must_use]
    pub fn requirements(&self) -> Vec<Requirement> {
        self.inner.table.requirements()
    }

    /// Makes the endpoint.
    ///
    /// # Errors
    /// Every service that is missing, with the routes that need it.
    pub fn with_services(mut self, services: Arc<Services>) -> Result<Endpoint, RouterError> {
        let missing = services.check(&self.requirements());
        missing.map_err(|missing| RouterError::new(missing.mistakes().to_vec()))?;
        self.inner.services = services;
        Ok(Endpoint { inner: Arc::new(self.inner) })
    }
}

impl std::fmt::Debug for Assembled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assembled").field("routes", &self.inner.table).finish_non_exhaustive()
    }
}

impl Service for Endpoint {
    fn call(&self, mut request: Request) -> BoxFuture<Response> {
        Box::pin(self.answer(&mut request))
    }

    fn answer(&self, request: &mut Request) -> Answer {
        let inner = &self.inner;
        let log = self.enter(request);
        let frame = |request: &Request, route| Frame {
            stages: Arc::clone(inner) as Arc<dyn Stages>,
            kept: Kept { head: Arc::clone(request.head()), route, log },
        };
        match &inner.plugs {
            Some(plugs) => {
                if let Some(limit) = inner.limits.body.filter(|_| !request.body().is_empty()) {
                    // A plug that reads the body comes before the route, so the largest limit that may apply
                    // holds there.
                    let largest = inner.table.largest_body(request).unwrap_or(0);
                    request.body_mut().set_limit(limit.max(largest));
                }
                let frame = frame(request, None);
                plugs.run_framed(request, frame)
            }
            None => match inner.table.route(request, &inner.limits) {
                Found::Route(info, stack) => {
                    let frame = frame(request, Some(Arc::clone(info)));
                    stack.run_framed(request, frame)
                }
                Found::Answer(response) => frame(request, None).around(std::future::ready(response)),
            },
        }
    }
}

impl Endpoint {
    /// The stages before the handler; what they keep for the log line.
    #[inline(always)]
    fn enter(&self, request: &mut Request) -> Option<Box<dyn Any + Send>> {
        let (id, format) = identify(request.headers());
        let seen = self.inner.learns_route_late.then(|| Seen::by(request));
        let log = log::begin(&id, self.inner.may_be_loud, seen);
        request.enter(id, format, Arc::clone(&self.inner.services));
        if let (Some(timeout), Some(connection)) = (self.inner.limits.timeout, request.connection()) {
            connection.set_request_timeout(timeout);
        }
        log
    }
}

impl Stages for Inner {
    fn within(&self, kept: &Kept, poll: &mut dyn FnMut()) {
        let _entered = log::enter(kept);
        poll();
    }

    fn after(
        &self,
        kept: &mut Kept,
        work: Pin<&mut dyn Work>,
        panic: &mut Option<Panic>,
        answer: &mut Option<Response>,
    ) {
        if panic.is_some() || answer.is_none() {
            guard::answer_for(kept, work, panic.take(), answer);
        }
        if let Some(response) = answer {
            // Who learns the route late keeps something for the log.
            if kept.log.is_some() || response.status().as_u16() >= 400 {
                self.finish(kept, response);
            }
            response.headers_mut().insert(request_id::X_REQUEST_ID, kept.id().to_header());
        }
    }
}

impl Inner {
    /// The stages after the handler, where there is more to do than to tell the id.
    #[inline(never)]
    fn finish(&self, kept: &mut Kept, response: &mut Response) {
        if self.learns_route_late {
            kept.route = log::route(kept).or(kept.route.take());
        }
        if response.status().as_u16() >= 400 {
            errors::put_page(response, &*self.errors, kept);
        }
        log::line(response, kept);
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
    if has_id || has_format { identify_by(headers) } else { (RequestId::new(), None) }
}

#[inline(never)]
fn identify_by(headers: &HeaderMap) -> (RequestId, Option<Format>) {
    (RequestId::of(headers), Format::of(headers))
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
