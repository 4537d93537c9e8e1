//! The log line of a request, and the span around its handler.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use tracing::level_filters::LevelFilter;
use tracing::span::Entered;
use tracing::{Level, Span};
use zzz_core::Error;
use zzz_core::http::frame::Kept;
use zzz_core::http::problem::ErrorInfo;
use zzz_core::http::{Method, RequestId, Response, RouteInfo, RouteLog};

use crate::seen::Seen;

/// The target of request logs, for the filter: `LOG=zzz::request=warn`.
const TARGET: &str = "zzz::request";

/// What a log line needs besides what is kept anyway.
struct Begun {
    /// The span that every log line of the handler stands in.
    span: Span,
    /// `None` if the request's own line is not shown.
    at: Option<Instant>,
    /// What is found out behind middleware.
    seen: Option<Arc<Seen>>,
}

/// Looks whether anybody reads the log of this request, of which a route's own level may make a warning; the clock is
/// read, and a box made, only then.
#[inline]
pub(super) fn begin(
    id: &RequestId,
    may_be_loud: bool,
    seen: Option<Arc<Seen>>,
) -> Option<Box<dyn Any + Send>> {
    // Less than asking for the span and for the line.
    if seen.is_none() && !may_be_loud && LevelFilter::current() < Level::INFO {
        return None;
    }
    begin_logged(id, may_be_loud, seen)
}

#[inline(never)]
fn begin_logged(id: &RequestId, may_be_loud: bool, seen: Option<Arc<Seen>>) -> Option<Box<dyn Any + Send>> {
    let span = tracing::info_span!(target: TARGET, "request", %id);
    let is_read = tracing::enabled!(target: TARGET, Level::INFO)
        || (may_be_loud && tracing::enabled!(target: TARGET, Level::ERROR));
    let at = is_read.then(Instant::now);
    if span.is_none() && at.is_none() && seen.is_none() {
        return None;
    }
    Some(Box::new(Begun { span, at, seen }))
}

fn begun(kept: &Kept) -> Option<&Begun> {
    kept.log.as_ref()?.downcast_ref()
}

/// The method that the request was handled with: the one that came, or what a middleware made of it.
pub(super) fn method(kept: &Kept) -> Method {
    let seen = begun(kept).and_then(|begun| begun.seen.as_ref()?.look_up());
    seen.map_or_else(|| kept.head.method().clone(), |(method, _)| method)
}

/// The route that was found behind middleware.
pub(super) fn route(kept: &Kept) -> Option<Arc<RouteInfo>> {
    begun(kept)?.seen.as_ref()?.look_up()?.1
}

/// Stands in the request's span until the guard is dropped.
pub(super) fn enter(kept: &Kept) -> Option<Entered<'_>> {
    begun(kept).map(|begun| begun.span.enter())
}

/// `GET /posts/7 200 in 1.2ms`, with the method that the request was handled with. The query string is left out, since
/// it may hold secrets. A 5xx is an error, with its causes; everything else stands at the route's level.
pub(super) fn line(response: &Response, kept: &Kept) {
    let status = response.status().as_u16();
    let started = begun(kept).and_then(|begun| begun.at);
    if status < 500 && started.is_none() {
        return;
    }
    let (id, method, path) = (kept.id(), &method(kept), kept.head.path());
    // Method override has made another one of it.
    let came_as = Some(kept.head.method()).filter(|came| *came != method).map(Method::as_str);
    let route = kept.route.as_ref().map(|route| route.pattern.as_str());
    let took = started.map(|started| started.elapsed()).unwrap_or_default();
    if status < 500 {
        macro_rules! line {
            ($level:ident) => {
                tracing::event!(
                    target: TARGET, Level::$level, %id, route, came_as, "{method} {path} {status} in {took:.1?}"
                )
            };
        }
        match kept.route.as_ref().map_or(RouteLog::Info, |route| route.log) {
            RouteLog::Info => line!(INFO),
            RouteLog::Off => {}
            RouteLog::Trace => line!(TRACE),
            RouteLog::Debug => line!(DEBUG),
            RouteLog::Warn => line!(WARN),
            RouteLog::Error => line!(ERROR),
        }
        return;
    }
    let error = response.extensions().get::<ErrorInfo>().map(|info| &info.0);
    let at = error.map(|error| error.location().to_string());
    let causes = error.map(|error| error.chain().collect::<Vec<_>>().join(": "));
    let answer = error.and_then(|error| Error::public_message(error));
    tracing::error!(
        target: TARGET, %id, route, came_as, at, causes, answer,
        "{method} {path} {status} in {took:.1?}"
    );
}
