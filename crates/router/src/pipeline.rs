//! [`Pipeline`]: middleware under a name, for scopes to go through.

use zzz_core::http::{BoxMiddleware, Middleware, MiddlewareExt};

/// Middleware under a name. A scope sends its requests through one or more; a request that matches no route
/// passes none.
#[derive(Clone)]
pub struct Pipeline {
    pub(crate) name: &'static str,
    pub(crate) layers: Vec<BoxMiddleware>,
}

impl Pipeline {
    /// An empty pipeline.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, layers: Vec::new() }
    }

    /// Adds a middleware behind those that stand there.
    #[must_use]
    pub fn plug<Args: 'static>(mut self, middleware: impl Middleware<Args>) -> Self {
        self.layers.push(middleware.erase());
        self
    }
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline").field("name", &self.name).field("layers", &self.layers.len()).finish()
    }
}
