//! [`Forward`]: what may stand under a path and take everything below it.

use std::fmt;
use std::sync::Arc;

use zzz_core::http::Service;

use crate::Router;

/// What a [`Scope::forward`](crate::Scope::forward) may lead to: a [`Router`], or any
/// [`Service`], such as a whole endpoint or another framework's router.
#[diagnostic::on_unimplemented(
    message = "nothing can be forwarded to `{Self}`",
    note = "a router forwards to a `Router`, or to something that implements `Service`"
)]
pub trait Forward {
    /// The same with its type erased.
    #[doc(hidden)]
    fn mounted(self) -> Mounted;
}

/// What is mounted, with its type erased.
#[doc(hidden)]
#[derive(Clone)]
pub enum Mounted {
    /// A router, which becomes part of the table.
    Router(Box<Router>),
    /// Something that takes requests.
    Service(Arc<dyn Service>),
}

impl Forward for Router {
    fn mounted(self) -> Mounted {
        Mounted::Router(Box::new(self))
    }
}

impl<S: Service> Forward for S {
    fn mounted(self) -> Mounted {
        Mounted::Service(Arc::new(self))
    }
}

impl fmt::Debug for Mounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Router(router) => router.fmt(f),
            Self::Service(_) => f.write_str("Service"),
        }
    }
}
