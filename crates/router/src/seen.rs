//! [`Seen`]: what is found out about a request behind middleware, told to the stages before it.

use std::sync::{Arc, Mutex, PoisonError};

use zzz_core::http::{Method, Request, RouteInfo};

use crate::table::Found;

/// Tells the stages of an endpoint what a request was looked up with and which route was found, also if what is behind
/// it panics. It travels among the request's assigns.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Option<LookUp>>);

#[derive(Debug, Clone)]
struct LookUp {
    method: Method,
    route: Option<Arc<RouteInfo>>,
}

impl Seen {
    /// Lets whoever looks a request up tell of it.
    #[inline(never)]
    pub(crate) fn by(request: &mut Request) -> Arc<Self> {
        let seen = Arc::new(Self::default());
        request.assigns_mut().insert(Arc::clone(&seen));
        seen
    }

    /// Notes a look-up. One behind another, where a router forwards to a router, knows better.
    pub(crate) fn note(request: &Request, found: &Found<'_>) {
        let Some(seen) = request.assigns().get::<Arc<Self>>() else { return };
        let route = match found {
            Found::Route(route, _) => Some(Arc::clone(route)),
            Found::Answer(_) => None,
        };
        let mut place = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What a router answers itself belongs to the forward that led there.
        let route = route.or_else(|| place.take().and_then(|earlier| earlier.route));
        *place = Some(LookUp { method: request.method().clone(), route });
    }

    /// The method that the route was looked up with, and the route if there is one.
    pub(crate) fn look_up(&self) -> Option<(Method, Option<Arc<RouteInfo>>)> {
        let place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        place.clone().map(|look_up| (look_up.method, look_up.route))
    }
}
