//! [`MatchedRoute`]: the route that the request has matched.

use std::ops::Deref;
use std::sync::Arc;

use super::{FromRequestParts, OptionalFromRequestParts};
use crate::http::{Parts, RouteInfo};
use crate::{Error, Result};

/// The route that the request has matched, as it was declared: its pattern, its name, its pipelines, its limits.
///
/// In middleware before the router there is none: `Option<MatchedRoute>` is `None`, and without the `Option` it is 500.
///
/// ```
/// use zzz_core::http::MatchedRoute;
///
/// async fn show(route: MatchedRoute) -> String {
///     format!("matched {}", route.pattern)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct MatchedRoute(pub Arc<RouteInfo>);

impl Deref for MatchedRoute {
    type Target = RouteInfo;
    fn deref(&self) -> &RouteInfo {
        &self.0
    }
}

impl FromRequestParts for MatchedRoute {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        let route = parts.route().cloned().map(Self);
        route.ok_or_else(|| Error::internal("the request has no route: it did not pass a router"))
    }
}

impl OptionalFromRequestParts for MatchedRoute {
    async fn from_request_parts_if_any(parts: &mut Parts) -> Result<Option<Self>> {
        Ok(parts.route().cloned().map(Self))
    }
}
