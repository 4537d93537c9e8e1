//! The log line of a request, and the span around its handler.

use std::any::Any;
use std::time::Instant;

use tracing::span::Entered;
use tracing::{Level, Span};
use zzz_core::Error;
use zzz_core::http::frame::Kept;
use zzz_core::http::problem::ErrorInfo;
use zzz_core::http::{RequestId, Response};

/// The target of request logs, for the filter: `LOG=zzz::request=warn`.
const TARGET: &str = "zzz::request";

/// What a log line needs besides what is kept anyway.
struct Begun {
    /// The span that every log line of the handler stands in.
    span: Span,
    /// `None` if the request's own line is not shown.
    at: Option<Instant>,
}

/// Looks whether anybody reads the log of this request; the clock is read, and a box made, only then.
pub(super) fn begin(id: &RequestId) -> Option<Box<dyn Any + Send>> {
    let span = tracing::info_span!(target: TARGET, "request", %id);
    let at = tracing::enabled!(target: TARGET, Level::INFO).then(Instant::now);
    if span.is_none() && at.is_none() {
        return None;
    }
    Some(Box::new(Begun { span, at }))
}

fn begun(kept: &Kept) -> Option<&Begun> {
    kept.log.as_ref()?.downcast_ref()
}

/// Stands in the request's span until the guard is dropped.
pub(super) fn enter(kept: &Kept) -> Option<Entered<'_>> {
    begun(kept).map(|begun| begun.span.enter())
}

/// `GET /posts/7 200 in 1.2ms`. The query string is left out, since it may hold secrets. A 5xx is an error,
/// with its causes; everything else is information.
pub(super) fn line(response: &Response, kept: &Kept) {
    let status = response.status().as_u16();
    let started = begun(kept).and_then(|begun| begun.at);
    if status < 500 && started.is_none() {
        return;
    }
    let (id, method, path) = (&kept.id, kept.head.method(), kept.head.path());
    let route = kept.route.as_ref().map(|route| route.pattern.as_str());
    let took = started.map(|started| started.elapsed()).unwrap_or_default();
    if status < 500 {
        tracing::info!(target: TARGET, %id, route, "{method} {path} {status} in {took:.1?}");
        return;
    }
    let error = response.extensions().get::<ErrorInfo>().map(|info| &info.0);
    let at = error.map(|error| error.location().to_string());
    let causes = error.map(|error| error.chain().collect::<Vec<_>>().join(": "));
    let answer = error.and_then(|error| Error::public_message(error));
    tracing::error!(
        target: TARGET, %id, route, at, causes, answer,
        "{method} {path} {status} in {took:.1?}"
    );
}
