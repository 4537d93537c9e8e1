//! [`Service`]: a service of the app, by its type.

use std::ops::Deref;
use std::sync::Arc;

use super::FromRequestParts;
use crate::Result;
use crate::http::Parts;

/// A service of the app, found by its type in [`Services`](crate::Services).
#[derive(Debug)]
pub struct Service<T>(pub Arc<T>);

impl<T: Send + Sync + 'static> FromRequestParts for Service<T> {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        parts.services().require::<T>().map(|service| Self(Arc::clone(service)))
    }
}

impl<T> Deref for Service<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
