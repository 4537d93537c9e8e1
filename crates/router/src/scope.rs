//! [`Scope`]: routes that share a path and pipelines.

use std::any::type_name;

use zzz_core::http::{BoxHandler, Handler, HandlerExt, Limits, RouteKind, RouteLog, Socket, SourceLine};

use crate::forward::{Forward, Mounted};
use crate::pipeline::Pipeline;
use crate::preset::Preset;
use crate::route::{self, About, Options, Route};

/// Routes that share the beginning of their path, and what else is set here: pipelines, host, prefix of names,
/// limits, log level, assigned values. Scopes nest, and an inner one adds to the outer or overrides it.
#[derive(Debug, Clone)]
pub struct Scope {
    pub(crate) path: String,
    pub(crate) pipelines: Vec<Pipeline>,
    pub(crate) hosts: Vec<String>,
    pub(crate) named: Option<String>,
    pub(crate) options: Options,
    pub(crate) items: Vec<Item>,
    pub(crate) source: SourceLine,
}

#[derive(Debug, Clone)]
pub(crate) enum Item {
    Route(Route),
    Scope(Scope),
    Forward { path: String, to: Mounted, about: About },
    Fallback { handler: BoxHandler, about: About },
}

impl Scope {
    /// A scope whose routes begin with `path`.
    #[must_use]
    #[track_caller]
    pub fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            pipelines: Vec::new(),
            hosts: Vec::new(),
            named: None,
            options: Options::default(),
            items: Vec::new(),
            source: SourceLine::here(),
        }
    }

    /// Sends the requests of every route in this scope through the pipeline, after those named before.
    #[must_use]
    pub fn through(mut self, pipeline: &Pipeline) -> Self {
        self.pipelines.push(pipeline.clone());
        self
    }

    /// Takes requests for these hosts only: one (`example.com`), every host below a domain (`*.example.com`), or
    /// every host that begins so (`admin.*`). Case and port make no difference. Said again, it adds another.
    ///
    /// Of several patterns that fit a request, the exact one is asked first, then the longest `*.suffix`, then
    /// the longest `prefix.*`; routes without a host come last.
    #[must_use]
    pub fn host(mut self, pattern: &str) -> Self {
        self.hosts.push(pattern.to_owned());
        self
    }

    /// Puts `prefix` and a `_` before the names of the routes in this scope.
    #[must_use]
    pub fn named(mut self, prefix: &str) -> Self {
        self.named = Some(prefix.to_owned());
        self
    }

    /// Sets limits for the routes in this scope; those that a route sets itself win.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Sets at which level requests of this scope are logged, or that they are not.
    #[must_use]
    pub fn log(mut self, level: RouteLog) -> Self {
        self.options.log = Some(level);
        self
    }

    /// Assigns a value to every request of this scope before its pipelines run; see [`Route::assign`].
    #[must_use]
    pub fn assign<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.options.presets.push(Preset::new(value));
        self
    }

    /// Adds a route.
    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        self.items.push(Item::Route(route));
        self
    }

    /// Adds a scope within this one.
    #[must_use]
    pub fn scope(mut self, scope: Self) -> Self {
        self.items.push(Item::Scope(scope));
        self
    }

    /// Hands every request at or below `path` to another [`Router`](crate::Router), or to a
    /// [`Service`](zzz_core::http::Service), through this scope's pipelines. Routes whose path says more win.
    ///
    /// A router keeps its own pipelines, fallbacks and names, and its handlers see the whole path; any other
    /// service sees the path without what led to it. [`script_name`](zzz_core::http::Parts::script_name) is the
    /// difference for both. The path may hold no parameters.
    #[must_use]
    #[track_caller]
    pub fn forward<F: Forward>(mut self, path: &str, to: F) -> Self {
        let about = About::new(RouteKind::Forward, type_name::<F>(), SourceLine::here());
        self.items.push(Item::Forward { path: path.to_owned(), to: to.mounted(), about });
        self
    }

    /// Answers requests below this scope's path that no route takes, through this scope's pipelines. Of several
    /// such scopes the one with the longest path answers. The status is what the handler says: 200, unless its
    /// response sets another.
    #[must_use]
    #[track_caller]
    pub fn fallback<H: Handler<Args>, Args: 'static>(mut self, handler: H) -> Self {
        let about = About::new(RouteKind::Fallback, type_name::<H>(), SourceLine::here());
        self.items.push(Item::Fallback { handler: handler.erase(), about });
        self
    }

    /// Adds the transports of a socket below `path`.
    #[must_use]
    #[track_caller]
    pub fn socket(mut self, path: &str, socket: impl Socket) -> Self {
        let source = SourceLine::here();
        let transports = socket.transports().into_iter();
        self.items.extend(transports.map(|transport| Item::Route(Route::transport(transport, path, source))));
        self
    }

    /// Says where the thing that was added last is declared; see [`Route::at`].
    #[must_use]
    pub fn at(mut self, file: &'static str, line: u32) -> Self {
        let source = SourceLine { file, line };
        match self.items.last_mut() {
            Some(Item::Route(route)) => route.about.source = source,
            Some(Item::Scope(scope)) => scope.source = source,
            Some(Item::Forward { about, .. } | Item::Fallback { about, .. }) => about.source = source,
            None => self.source = source,
        }
        self
    }
}

macro_rules! verbs {
    ($($verb:ident $method:literal),*) => {
        impl Scope {$(
            #[doc = concat!("Adds a route for ", $method, " requests.")]
            #[must_use]
            #[track_caller]
            pub fn $verb<Args: 'static>(self, path: &str, handler: impl Handler<Args>) -> Self {
                self.route(route::$verb(path, handler))
            }
        )*}
    };
}
verbs!(
    get "GET", post "POST", put "PUT", patch "PATCH", delete "DELETE", head "HEAD", options "OPTIONS", any "all"
);

/// Adds a fallback whose handler's type is erased already, as `router!` makes it.
#[track_caller]
pub(crate) fn erased_fallback(mut scope: Scope, handler: BoxHandler, handler_name: &'static str) -> Scope {
    let about = About::new(RouteKind::Fallback, handler_name, SourceLine::here());
    scope.items.push(Item::Fallback { handler, about });
    scope
}
