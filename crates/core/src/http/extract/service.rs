//! [`Svc`] as an extractor: a service of the app, by its type; and parts of a request as arguments of the constructors
//! of per-request services.

use std::any::type_name;
use std::sync::Arc;

use super::{Assign, FromRequestParts, OptionalFromRequestParts};
use crate::http::{Description, Head, Parts, RouteInfo};
use crate::services::{FromServices, Needs, Ready, Scope, Svc};
use crate::{Error, Result};

impl<T: ?Sized + Send + Sync + 'static> FromRequestParts for Svc<T> {
    fn describe(description: &mut Description) {
        description.service::<T>();
    }

    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        if let Some(service) = parts.services().get::<T>() {
            return Ok(Self(Arc::clone(service)));
        }
        Box::pin(parts.service::<T>()).await
    }
}

/// Absent if nobody registered it; a constructor that fails is an error all the same.
impl<T: ?Sized + Send + Sync + 'static> OptionalFromRequestParts for Svc<T> {
    async fn from_request_parts_if_any(parts: &mut Parts) -> Result<Option<Self>> {
        if parts.services().lifetime::<T>().is_none() {
            return Ok(None);
        }
        Self::from_request_parts(parts).await.map(Some)
    }
}

impl Parts {
    /// The service of type `T`, whatever its lifetime; a per-request one is built at most once.
    ///
    /// # Errors
    /// Status 500 if there is none; the error of its constructor, or of one that it needs.
    pub async fn service<T: ?Sized + Send + Sync + 'static>(&mut self) -> Result<Svc<T>> {
        let services = self.services();
        if services.lifetime::<T>().is_none() {
            return services.require::<T>().map(|service| Svc(Arc::clone(service)));
        }
        let scope = self.assigns_mut().remove::<Scope>();
        let mut scope = scope.unwrap_or_else(|| Scope::new(Arc::clone(self.services())));
        let service = scope.get_for::<T>(Some(self)).await;
        self.assigns_mut().insert(scope);
        service
    }
}

/// What the request came with.
impl FromServices for Arc<Head> {
    fn needs(needs: &mut Needs) {
        needs.context("Arc<Head>");
    }

    fn from_services(ready: &mut Ready<'_>) -> Result<Self> {
        Ok(Self::clone(ready.context::<Parts>("Arc<Head>")?.head()))
    }
}

/// The route that matched.
impl FromServices for Arc<RouteInfo> {
    fn needs(needs: &mut Needs) {
        needs.context("Arc<RouteInfo>");
    }

    fn from_services(ready: &mut Ready<'_>) -> Result<Self> {
        let route = ready.context::<Parts>("Arc<RouteInfo>")?.route().cloned();
        route.ok_or_else(|| Error::internal("the request has no route: it did not pass a router"))
    }
}

/// A value that middleware set before the service was first needed.
impl<T: Clone + Send + Sync + 'static> FromServices for Assign<T> {
    fn needs(needs: &mut Needs) {
        needs.context(type_name::<Self>());
    }

    fn from_services(ready: &mut Ready<'_>) -> Result<Self> {
        Self::of(ready.context(type_name::<Self>())?)
    }
}

/// A value that middleware may have set before the service was first needed.
impl<T: Clone + Send + Sync + 'static> FromServices for Option<Assign<T>> {
    fn needs(needs: &mut Needs) {
        needs.context(type_name::<Self>());
    }

    fn from_services(ready: &mut Ready<'_>) -> Result<Self> {
        Ok(ready.context::<Parts>(type_name::<Self>())?.assigns().get::<T>().cloned().map(Assign))
    }
}
