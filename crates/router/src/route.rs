//! [`Route`]: a method, a path and a handler.

use std::any::type_name;

use zzz_core::http::{BoxHandler, Handler, HandlerExt, Limits, Method};

/// A method, a path and a handler, made with [`get`], [`post`], [`put`], [`patch`], [`delete`] or [`any`].
#[derive(Debug, Clone)]
pub struct Route {
    pub(crate) method: Option<Method>,
    pub(crate) path: String,
    pub(crate) handler: BoxHandler,
    pub(crate) handler_name: &'static str,
    pub(crate) name: Option<String>,
    pub(crate) limits: Limits,
}

impl Route {
    fn new<H: Handler<Args>, Args: 'static>(method: Option<Method>, path: &str, handler: H) -> Self {
        Self::erased(method, path, handler.erase(), type_name::<H>())
    }

    /// What `new` does for every handler alike.
    fn erased(method: Option<Method>, path: &str, handler: BoxHandler, handler_name: &'static str) -> Self {
        Self { method, path: path.to_owned(), handler, handler_name, name: None, limits: Limits::new() }
    }

    /// Gives the route a name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Gives the route limits of its own, in place of the server's.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

macro_rules! verbs {
    ($($verb:ident $method:ident),*) => {$(
        #[doc = concat!("A route for ", stringify!($method), " requests.")]
        pub fn $verb<Args: 'static>(path: &str, handler: impl Handler<Args>) -> Route {
            Route::new(Some(Method::$method), path, handler)
        }
    )*};
}
verbs!(get GET, post POST, put PUT, patch PATCH, delete DELETE);

/// A route for requests of every method.
pub fn any<Args: 'static>(path: &str, handler: impl Handler<Args>) -> Route {
    Route::new(None, path, handler)
}
