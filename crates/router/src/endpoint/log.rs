//! The log line of a request, and the span around its handler.

use std::time::Instant;

use tracing::{Level, Span};
use zzz_core::Error;
use zzz_core::http::problem::ErrorInfo;
use zzz_core::http::{RequestId, Response, RouteInfo};

use super::Seen;

/// The target of request logs, for the filter: `LOG=zzz::request=warn`.
const TARGET: &str = "zzz::request";

/// The span that every log line of a handler stands in.
pub(super) fn span(id: &RequestId) -> Span {
    tracing::info_span!(target: TARGET, "request", %id)
}

/// Whether the lines of requests are shown.
pub(super) fn is_on() -> bool {
    tracing::enabled!(target: TARGET, Level::INFO)
}

/// `GET /posts/7 200 in 1.2ms`. The query string is left out, since it may hold secrets. A 5xx is an error,
/// with its causes; everything else is information.
pub(super) fn line(
    response: &Response,
    seen: &Seen,
    id: &RequestId,
    route: Option<&RouteInfo>,
    started: Option<Instant>,
) {
    let status = response.status().as_u16();
    if status < 500 && started.is_none() {
        return;
    }
    let path = seen.path();
    let route = route.map(|route| route.pattern.as_str());
    let took = started.map(|started| started.elapsed()).unwrap_or_default();
    if status < 500 {
        tracing::info!(target: TARGET, %id, route, "{} {path} {status} in {took:.1?}", seen.method);
        return;
    }
    let error = response.extensions().get::<ErrorInfo>().map(|info| &info.0);
    let at = error.map(|error| error.location().to_string());
    let causes = error.map(|error| error.chain().collect::<Vec<_>>().join(": "));
    let answer = error.and_then(|error| Error::public_message(error));
    tracing::error!(
        target: TARGET, %id, route, at, causes, answer,
        "{} {path} {status} in {took:.1?}", seen.method
    );
}
