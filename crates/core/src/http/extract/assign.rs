//! [`Assign`]: a value that middleware set.

use super::{FromRequestParts, OptionalFromRequestParts};
use crate::http::Parts;
use crate::{Error, Result};

/// A value that middleware put into the request's [`Assigns`](crate::http::Assigns), cloned.
///
/// If none was put there, the app is put together wrongly: 500, with the value's type and the route in the log.
/// `Option<Assign<T>>` is for values that only some requests have, such as who is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assign<T>(pub T);

impl<T: Clone + Send + Sync + 'static> FromRequestParts for Assign<T> {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        Self::of(parts)
    }
}

impl<T: Clone + Send + Sync + 'static> Assign<T> {
    pub(super) fn of(parts: &Parts) -> Result<Self> {
        match parts.assigns().get::<T>() {
            Some(value) => Ok(Self(value.clone())),
            None => Err(missing(std::any::type_name::<T>(), parts)),
        }
    }
}

impl<T: Clone + Send + Sync + 'static> OptionalFromRequestParts for Assign<T> {
    async fn from_request_parts_if_any(parts: &mut Parts) -> Result<Option<Self>> {
        Ok(parts.assigns().get::<T>().cloned().map(Self))
    }
}

#[cold]
fn missing(name: &str, parts: &Parts) -> Error {
    let route = parts.route().map_or("this request", |route| &route.pattern);
    Error::internal(format!(
        "no `{name}` is among the assigns of {route}: the middleware that sets it is not in its pipelines; \
         take `Option<Assign<_>>` if it may be absent"
    ))
}
