//! [`Scope`]: the services of one request, job or connection.

use std::any::{Any, type_name};
use std::fmt;
use std::sync::Arc;

use super::need::Need;
use super::resolve::{Made, Sources, resolve};
use super::svc::Svc;
use super::{Services, missing};
use crate::Result;

/// Where per-request services live: it builds each at most once, when it is first needed, and drops them with itself,
/// the last first.
///
/// A request has one of its own, which handlers reach through `Svc<T>`; a job or a connection makes one.
pub struct Scope {
    services: Arc<Services>,
    made: Made,
}

impl Scope {
    /// A scope in which nothing is built yet.
    #[must_use]
    pub fn new(services: Arc<Services>) -> Self {
        Self { services, made: Made::new() }
    }

    /// The service of type `T`, whatever its lifetime.
    ///
    /// # Errors
    /// Status 500 if there is none; the error of its constructor, or of one that it needs.
    pub async fn get<T: ?Sized + Send + Sync + 'static>(&mut self) -> Result<Svc<T>> {
        self.get_for::<T>(None).await
    }

    /// As [`get`](Self::get), with what the scope is for: constructors may take parts of it.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_for<T: ?Sized + Send + Sync + 'static>(
        &mut self,
        context: Option<&(dyn Any + Send + Sync)>,
    ) -> Result<Svc<T>> {
        let Self { services, made } = self;
        let sources = Sources { ready: &services.ready, recipes: &services.recipes, context };
        let service = resolve(sources, made, Need::of::<T>()).await?;
        let service = service.as_ref().and_then(|service| service.get::<T>());
        service.map(|service| Svc(Arc::clone(service))).ok_or_else(|| missing(type_name::<T>()))
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        while self.made.pop().is_some() {}
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("built", &self.made.len()).finish_non_exhaustive()
    }
}
