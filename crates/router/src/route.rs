//! [`Route`]: a method, a path and a handler.

use std::any::type_name;
use std::time::Duration;

use zzz_core::http::{
    BoxHandler, Handler, HandlerExt, Limits, Method, RouteKind, RouteLog, SourceLine, Transport,
};

use crate::pattern::join;
use crate::preset::Preset;

/// A method, a path and a handler, made with [`get`], [`post`], [`put`], [`patch`], [`delete`], [`head`],
/// [`options`], [`any`] or [`on`].
#[derive(Debug, Clone)]
pub struct Route {
    /// The methods; `None` for every method.
    pub(crate) methods: Option<Vec<Method>>,
    pub(crate) path: String,
    pub(crate) handler: BoxHandler,
    pub(crate) about: About,
    pub(crate) param_types: Vec<(String, &'static str)>,
}

/// What a route says of itself, whatever stands behind it.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) kind: RouteKind,
    pub(crate) handler_name: &'static str,
    pub(crate) name: Option<String>,
    pub(crate) options: Options,
    pub(crate) source: SourceLine,
}

/// What routes and scopes may set alike.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) limits: Limits,
    pub(crate) log: Option<RouteLog>,
    pub(crate) presets: Vec<Preset>,
}

impl Options {
    /// These where they are set, and those of the scope around them where they are not.
    pub(crate) fn within(&self, outer: &Self) -> Self {
        let presets = outer.presets.iter().chain(&self.presets).cloned().collect();
        let limits = Limits {
            body: self.limits.body.or(outer.limits.body),
            timeout: self.limits.timeout.or(outer.limits.timeout),
        };
        Self { limits, log: self.log.or(outer.log), presets }
    }
}

impl About {
    pub(crate) fn new(kind: RouteKind, handler_name: &'static str, source: SourceLine) -> Self {
        Self { kind, handler_name, name: None, options: Options::default(), source }
    }
}

impl Route {
    /// A route for requests of this method, or of every method.
    ///
    /// Where a route for one method and one for every method have the same path, the former takes what it can.
    #[track_caller]
    pub fn new<H: Handler<Args>, Args: 'static>(method: Option<Method>, path: &str, handler: H) -> Self {
        Self::of_one(method, path, handler.erase(), type_name::<H>(), SourceLine::here())
    }

    /// What `new` does for every handler alike.
    fn of_one(
        method: Option<Method>,
        path: &str,
        handler: BoxHandler,
        handler_name: &'static str,
        source: SourceLine,
    ) -> Self {
        Self::erased(method.map(|method| vec![method]), path, handler, handler_name, source)
    }

    /// A route of a handler whose type is erased.
    fn erased(
        methods: Option<Vec<Method>>,
        path: &str,
        handler: BoxHandler,
        handler_name: &'static str,
        source: SourceLine,
    ) -> Self {
        let about = About::new(RouteKind::Handler, handler_name, source);
        Self { methods, path: path.to_owned(), handler, about, param_types: Vec::new() }
    }

    /// The route of a socket's transport.
    pub(crate) fn transport(transport: Transport, path: &str, source: SourceLine) -> Self {
        let Transport { path: below, methods, handler, handler_name } = transport;
        let methods = (!methods.is_empty()).then_some(methods);
        let mut route = Self::erased(methods, &join(path, below), handler, handler_name, source);
        route.about.kind = RouteKind::Socket;
        // A socket stays open: there is no answer to wait for.
        route.about.options.limits.timeout = Some(Duration::MAX);
        route
    }

    /// Gives the route a name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.about.name = Some(name.into());
        self
    }

    /// Gives the route limits of its own, in place of its scope's and the server's.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.about.options.limits = limits;
        self
    }

    /// Sets at which level its requests are logged, or that they are not.
    #[must_use]
    pub fn log(mut self, level: RouteLog) -> Self {
        self.about.options.log = Some(level);
        self
    }

    /// Assigns a value to every request of the route before its pipelines run, in place of one of the same type
    /// from a scope. Middleware finds it among the [`Assigns`](zzz_core::http::Assigns), a handler as
    /// `Assign<T>`.
    #[must_use]
    pub fn assign<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.about.options.presets.push(Preset::new(value));
        self
    }

    /// Says where the route is declared, for messages and the command `routes`; by default where the function
    /// was called that made it.
    #[must_use]
    pub fn at(mut self, file: &'static str, line: u32) -> Self {
        self.about.source = SourceLine { file, line };
        self
    }

    /// Says which type the handler reads a parameter as, for the command `routes` and API documents.
    #[must_use]
    pub fn param_type(mut self, param: &str, type_name: &'static str) -> Self {
        self.param_types.push((param.to_owned(), type_name));
        self
    }

    /// Sets the name of the handler, where the compiler's is that of something around it.
    #[must_use]
    pub fn handler_name(mut self, name: &'static str) -> Self {
        self.about.handler_name = name;
        self
    }
}

macro_rules! verbs {
    ($($verb:ident $method:ident),*) => {$(
        #[doc = concat!("A route for ", stringify!($method), " requests.")]
        #[track_caller]
        pub fn $verb<Args: 'static>(path: &str, handler: impl Handler<Args>) -> Route {
            Route::new(Some(Method::$method), path, handler)
        }
    )*};
}
verbs!(get GET, post POST, put PUT, patch PATCH, delete DELETE, head HEAD, options OPTIONS);

/// A route for requests of every method, as far as no route at the same path is for theirs.
#[track_caller]
pub fn any<Args: 'static>(path: &str, handler: impl Handler<Args>) -> Route {
    Route::new(None, path, handler)
}

/// A route for requests of these methods. Without any method it would take no request, which is a mistake that
/// [`Router::build`](crate::Router::build) reports.
#[track_caller]
pub fn on<H: Handler<Args>, Args: 'static>(methods: &[Method], path: &str, handler: H) -> Route {
    Route::erased(Some(methods.to_vec()), path, handler.erase(), type_name::<H>(), SourceLine::here())
}

/// A route of a handler whose type is erased already, as `router!` makes it.
pub(crate) fn erased(
    methods: Option<Vec<Method>>,
    path: &str,
    handler: BoxHandler,
    handler_name: &'static str,
    file: &'static str,
    line: u32,
) -> Route {
    Route::erased(methods, path, handler, handler_name, SourceLine { file, line })
}
