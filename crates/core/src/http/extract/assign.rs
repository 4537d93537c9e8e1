//! [`Assign`]: a value that middleware set.

use super::FromRequestParts;
use crate::http::Parts;
use crate::{Error, Result};

/// A value that middleware put into the request's [`Assigns`](crate::http::Assigns), cloned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assign<T>(pub T);

impl<T: Clone + Send + Sync + 'static> FromRequestParts for Assign<T> {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        match parts.assigns().get::<T>() {
            Some(value) => Ok(Self(value.clone())),
            None => Err(missing(std::any::type_name::<T>(), parts)),
        }
    }
}

#[cold]
fn missing(name: &str, parts: &Parts) -> Error {
    let route = parts.route().map_or("this request", |route| &route.pattern);
    Error::internal(format!(
        "no `{name}` is among the assigns of {route}: the middleware that sets it is not in its pipelines"
    ))
}
