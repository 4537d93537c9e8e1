//! What stands at the end of a stack other than a handler: a table of routes, or a service that another path leads to.

use std::sync::Arc;

use zzz_core::Error;
use zzz_core::http::middleware::End;
use zzz_core::http::{BoxFuture, IntoResponse, Limits, ParamPlaces, Request, Response, Service};

use crate::seen::Seen;
use crate::table::{Found, RouteTable};

/// The routes behind an endpoint's middleware, or behind another router's.
pub(crate) struct ToRouter {
    pub(crate) table: Arc<RouteTable>,
    /// The limits of routes that set none of their own.
    pub(crate) limits: Limits,
}

impl End for ToRouter {
    fn call(&self, mut request: Request) -> BoxFuture<Response> {
        let found = self.table.route(&mut request, &self.limits);
        Seen::note(&request, &found);
        match found {
            Found::Route(_, stack) => stack.run(request),
            Found::Answer(response) => Box::pin(std::future::ready(response)),
        }
    }
}

/// The routes of a router that another forwards to.
pub(crate) struct ToInner(pub(crate) ToRouter);

impl End for ToInner {
    fn call(&self, mut request: Request) -> BoxFuture<Response> {
        // They are what the forward took, and no parameters of what it leads to.
        request.set_params(ParamPlaces::default());
        self.0.call(request)
    }
}

/// A service behind a prefix, which it does not see.
pub(crate) struct ToService {
    /// Without a `/` at its end.
    pub(crate) prefix: String,
    pub(crate) service: Arc<dyn Service>,
}

impl End for ToService {
    fn call(&self, mut request: Request) -> BoxFuture<Response> {
        if request.mount(&self.prefix) {
            return self.service.call(request);
        }
        // A route below the prefix has matched, so middleware must have changed the path since.
        let (path, prefix) = (request.path().to_owned(), &self.prefix);
        let error = Error::internal(format!("the path `{path}` is no longer below `{prefix}`"));
        Box::pin(std::future::ready(error.into_response()))
    }
}
