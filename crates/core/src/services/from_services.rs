//! [`FromServices`]: what the arguments of constructors are made of.

use std::any::{Any, TypeId, type_name};
use std::sync::Arc;

use super::need::Need;
use super::stored::Stored;
use super::svc::Svc;
use crate::{Error, Result};

/// An argument of a constructor: [`Svc<T>`](Svc), or `Option<Svc<T>>` where the service may be missing.
///
/// A constructor of a per-request service may also take parts of the request: `Arc<Head>`, `Arc<RouteInfo>`,
/// `Assign<T>` (feature `http`). A type that is made of a service, as a database handle is, implements this by handing
/// on what it wraps.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be an argument of a service's constructor",
    label = "not a service",
    note = "constructors take services by their type: `Svc<T>` of a `T` that is registered too; what is no service is captured by a closure: `let folder = ...; services.singleton(move || Gallery::new(folder.clone()))`"
)]
pub trait FromServices: Sized + Send + 'static {
    /// Says what must be ready.
    fn needs(needs: &mut Needs);

    /// Makes the argument.
    ///
    /// # Errors
    /// If it can not be made of what is there: an assign that no middleware set.
    fn from_services(ready: &mut Ready<'_>) -> Result<Self>;
}

impl<T: ?Sized + Send + Sync + 'static> FromServices for Svc<T> {
    fn needs(needs: &mut Needs) {
        needs.service(Need::of::<T>());
    }

    fn from_services(ready: &mut Ready<'_>) -> Result<Self> {
        ready.take::<T>().ok_or_else(|| super::missing(type_name::<T>()))
    }
}

impl<T: ?Sized + Send + Sync + 'static> FromServices for Option<Svc<T>> {
    fn needs(needs: &mut Needs) {
        needs.service(Need::of::<T>().or_none());
    }

    fn from_services(ready: &mut Ready<'_>) -> Result<Self> {
        Ok(ready.take::<T>())
    }
}

/// What a constructor needs, in the order of its arguments.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    pub(crate) services: Vec<Need>,
    /// What it needs of the request, or of whatever else it is built for.
    pub(crate) context: Option<&'static str>,
}

impl Needs {
    /// Says that this service must be ready.
    pub fn service(&mut self, need: Need) {
        self.services.push(need);
    }

    /// Says that a part of the request is needed, of which `what` is the name; so only a per-request service, or a
    /// transient one that such a service needs, can be made of it.
    pub fn context(&mut self, what: &'static str) {
        self.context.get_or_insert(what);
    }
}

/// What a constructor is called with.
pub struct Ready<'a> {
    pub(crate) services: Vec<(TypeId, Stored)>,
    pub(crate) context: Option<&'a (dyn Any + Send + Sync)>,
}

impl Ready<'_> {
    /// Takes a service that was said to be needed; once for each time that this was said.
    pub fn take<T: ?Sized + Send + Sync + 'static>(&mut self) -> Option<Svc<T>> {
        let index = self.services.iter().position(|(id, _)| *id == TypeId::of::<T>())?;
        let (_, service) = self.services.remove(index);
        service.get::<T>().map(|service| Svc(Arc::clone(service)))
    }

    /// What the service is built for: the `Parts` of a request.
    ///
    /// # Errors
    /// If it is built for something else, as in a job.
    pub fn context<C: 'static>(&self, what: &str) -> Result<&C> {
        self.context
            .and_then(|context| context.downcast_ref())
            .ok_or_else(|| Error::internal(format!("`{what}` is only there while a request is answered")))
    }
}

impl std::fmt::Debug for Ready<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ready").field("services", &self.services.len()).finish_non_exhaustive()
    }
}
