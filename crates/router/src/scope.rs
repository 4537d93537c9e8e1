//! [`Scope`]: routes that share a path and pipelines.

use zzz_core::http::Handler;

use crate::pipeline::Pipeline;
use crate::route::{self, Route};

/// Routes that share the beginning of their path and the pipelines before them. Scopes nest.
#[derive(Debug, Clone)]
pub struct Scope {
    pub(crate) path: String,
    pub(crate) pipelines: Vec<Pipeline>,
    pub(crate) items: Vec<Item>,
}

#[derive(Debug, Clone)]
pub(crate) enum Item {
    Route(Route),
    Scope(Scope),
}

impl Scope {
    /// A scope whose routes begin with `path`.
    #[must_use]
    pub fn new(path: &str) -> Self {
        Self { path: path.to_owned(), pipelines: Vec::new(), items: Vec::new() }
    }

    /// Sends the requests of every route in this scope through the pipeline, after those named before.
    #[must_use]
    pub fn through(mut self, pipeline: &Pipeline) -> Self {
        self.pipelines.push(pipeline.clone());
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
}

macro_rules! verbs {
    ($($verb:ident $method:literal),*) => {
        impl Scope {$(
            #[doc = concat!("Adds a route for ", $method, " requests.")]
            #[must_use]
            pub fn $verb<Args: 'static>(self, path: &str, handler: impl Handler<Args>) -> Self {
                self.route(route::$verb(path, handler))
            }
        )*}
    };
}
verbs!(get "GET", post "POST", put "PUT", patch "PATCH", delete "DELETE", any "all");
