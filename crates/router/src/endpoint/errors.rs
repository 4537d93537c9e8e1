//! Error pages: what stands in a response of status 400 and above.

use std::panic::{AssertUnwindSafe, catch_unwind};

use zzz_core::http::frame::Kept;
use zzz_core::http::problem::ErrorInfo;
use zzz_core::http::{Body, ErrorPage, ErrorRenderer, Format, Html, IntoResponse, Response, header};

use super::guard::panicked;

/// Puts a page into a response that came from an [`Error`](zzz_core::Error) or has no content; a handler's own
/// page is left alone.
pub(super) fn put_page(response: &mut Response, renderer: &dyn ErrorRenderer, kept: &Kept) {
    let error = response.extensions().get::<ErrorInfo>().map(|info| info.0.clone());
    let has_own_page = !response.body().is_empty() || response.headers().contains_key(header::CONTENT_TYPE);
    if error.is_none() && has_own_page {
        return;
    }
    // What the pipeline speaks counts more than what the client would like.
    let format =
        response.extensions().get::<Format>().copied().or(kept.head.format()).unwrap_or(Format::Html);
    let method = super::log::method(kept);
    let page = ErrorPage {
        status: response.status(),
        error: error.as_deref(),
        format,
        id: kept.id(),
        method: &method,
        path: kept.head.path(),
        route: kept.route.as_deref(),
    };
    // A renderer is the app's code too.
    let drawn = catch_unwind(AssertUnwindSafe(|| renderer.render(&page))).unwrap_or_else(|panic| {
        let error = panicked(&*panic);
        tracing::error!(id = %kept.id(), %error, "the error page itself failed");
        Plain.render(&page)
    });
    let (drawn, body) = drawn.into_parts();
    *response.body_mut() = body;
    // A page replaces what describes the content, and keeps the rest: allow, retry-after, set-cookie.
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    for (name, value) in &drawn.headers {
        headers.insert(name, value.clone());
    }
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
}

/// The page of an endpoint that was given no renderer.
pub(super) struct Plain;

impl ErrorRenderer for Plain {
    fn render(&self, page: &ErrorPage<'_>) -> Response {
        match page.format {
            Format::Json => page.problem(None),
            Format::Html => {
                let (status, reason) = (page.status.as_u16(), page.reason());
                let html =
                    format!("<!doctype html><title>{status} {reason}</title><h1>{status} {reason}</h1>");
                Html(Body::from(html)).into_response()
            }
        }
    }
}
