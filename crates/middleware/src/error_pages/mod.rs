//! [`ErrorPages`]: what stands in a response of status 400 and above.

mod dev;

use std::path::PathBuf;
use std::sync::Arc;

use zzz_core::http::{ErrorPage, ErrorRenderer, Format, Html, IntoResponse, Response};

/// Draws an app's own page for an error; `None` to leave it to us.
pub type OwnPage = Arc<dyn Fn(&ErrorPage<'_>) -> Option<String> + Send + Sync>;

/// Draws error pages: problem documents for JSON clients, HTML pages for all others.
///
/// In dev an error with a cause, and every 5xx, shows its causes, the line of code it comes from, and the
/// request (JSON clients find them in the member `dev`); otherwise nothing private is shown, only the public
/// message and the request's id.
pub struct ErrorPages {
    dev: Option<PathBuf>,
    own: Option<OwnPage>,
}

impl ErrorPages {
    /// Pages that show nothing private.
    #[must_use]
    pub fn new() -> Self {
        Self { dev: None, own: None }
    }

    /// Shows causes and source; `root` is the folder that source paths begin at.
    #[must_use]
    pub fn dev(mut self, root: impl Into<PathBuf>) -> Self {
        self.dev = Some(root.into());
        self
    }

    /// Uses the app's own pages where it has one.
    #[must_use]
    pub fn own(mut self, own: OwnPage) -> Self {
        self.own = Some(own);
        self
    }

    fn html(&self, page: &ErrorPage<'_>) -> String {
        let has_cause =
            page.status.is_server_error() || page.error.is_some_and(|error| error.cause().is_some());
        if let Some(root) = self.dev.as_ref().filter(|_| has_cause) {
            return dev::page(page, root);
        }
        self.own.as_ref().and_then(|own| own(page)).unwrap_or_else(|| plain(page))
    }
}

impl Default for ErrorPages {
    fn default() -> Self {
        Self::new()
    }
}

impl ErrorRenderer for ErrorPages {
    fn render(&self, page: &ErrorPage<'_>) -> Response {
        match page.format {
            Format::Html => Html(self.html(page)).into_response(),
            Format::Json => page.problem(self.dev.as_ref().map(|_| dev::details(page))),
        }
    }
}

impl std::fmt::Debug for ErrorPages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ErrorPages").field("dev", &self.dev).field("own", &self.own.is_some()).finish()
    }
}

/// The page of an app that has none of its own.
fn plain(page: &ErrorPage<'_>) -> String {
    let (status, reason) = (page.status.as_u16(), page.reason());
    let message = page.message().map(|message| format!("<p>{}</p>", escape(message))).unwrap_or_default();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{status} {reason}</title>\
         <style>{}</style></head><body><main><h1>{status} {reason}</h1>{message}\
         <p class=\"id\">Request {}</p></main></body></html>\n",
        dev::STYLE,
        escape(&page.id.to_string())
    )
}

/// Text as it may stand in HTML, between tags and in quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::Error;
    use zzz_core::http::{Method, RequestId, StatusCode};

    fn draw(pages: &ErrorPages, status: StatusCode, error: &Error, format: Format) -> String {
        let page = ErrorPage {
            status,
            error: Some(error),
            format,
            id: &RequestId::new(),
            method: &Method::GET,
            path: "/<script>",
            route: None,
        };
        String::from_utf8(pages.render(&page).into_body().full_bytes().unwrap().to_vec()).unwrap()
    }

    fn dev() -> ErrorPages {
        ErrorPages::new().dev(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
    }

    #[test]
    fn outside_dev_nothing_private_is_shown() {
        let error = Error::internal("password=hunter2");
        for format in [Format::Html, Format::Json] {
            let text = draw(&ErrorPages::new(), StatusCode::INTERNAL_SERVER_ERROR, &error, format);
            assert!(text.contains("500") && !text.contains("hunter2") && !text.contains(".rs"), "{text}");
        }
    }

    #[test]
    fn dev_shows_cause_source_and_request() {
        let error = Error::internal("the <b>cause</b>");
        let html = draw(&dev(), StatusCode::INTERNAL_SERVER_ERROR, &error, Format::Html);
        for part in [
            "the &lt;b&gt;cause&lt;/b&gt;",
            "error_pages/mod.rs",
            "Error::internal(",
            "GET",
            "/&lt;script&gt;",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        let json = draw(&dev(), StatusCode::INTERNAL_SERVER_ERROR, &error, Format::Json);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let dev = &json["dev"];
        assert_eq!(dev["causes"], serde_json::json!(["the <b>cause</b>"]));
        assert!(dev["source"].as_str().unwrap().contains("error_pages/mod.rs:"), "{dev}");
        assert_eq!(
            dev["request"],
            serde_json::json!({ "method": "GET", "path": "/<script>", "route": null, "handler": null })
        );
    }

    #[test]
    fn an_app_may_draw_its_own() {
        let own: OwnPage = Arc::new(|page| (page.status == StatusCode::NOT_FOUND).then(|| "ours".to_owned()));
        let pages = ErrorPages::new().own(own);
        assert_eq!(draw(&pages, StatusCode::NOT_FOUND, &Error::not_found("x"), Format::Html), "ours");
        assert!(
            draw(&pages, StatusCode::GONE, &Error::new(410, "<gone>"), Format::Html).contains("&lt;gone&gt;")
        );
    }
}
