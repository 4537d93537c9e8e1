//! The page of a 5xx in dev: causes, source, request.

use std::fmt::Write;
use std::path::Path;

use zzz_core::Error;
use zzz_core::http::ErrorPage;

use super::escape;

/// How many lines of source stand above and below the one that failed.
const AROUND: usize = 6;

pub(super) const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c1b22;--paper:#fbfaf7;--dim:#6b6876;--line:#dedbd2;--mark:#fbe9b7;--red:#b3261e}\
@media(prefers-color-scheme:dark){:root{--ink:#e9e6df;--paper:#14151d;--dim:#9a97a6;--line:#2f3140;--mark:#4a3d12;--red:#ff8a80}}\
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
main{max-width:60rem;margin:0 auto;padding:2rem 1rem}\
h1{font-size:1.1rem;color:var(--red);margin:0}h2{font-size:1.6rem;line-height:1.25;margin:.2rem 0 1.5rem;overflow-wrap:anywhere}\
h3{font-size:.85rem;text-transform:uppercase;letter-spacing:.06em;color:var(--dim);margin:2rem 0 .5rem}\
ol{margin:0;padding-left:1.2rem}pre{margin:0;padding:.75rem 0;border:1px solid var(--line);border-radius:6px;overflow-x:auto;font:13px/1.6 ui-monospace,monospace}\
pre span{display:block;padding:0 .75rem}pre .at{background:var(--mark)}pre i{color:var(--dim);font-style:normal;display:inline-block;width:3rem}\
dl{display:grid;grid-template-columns:8rem 1fr;gap:.25rem 1rem;margin:0}dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere;font-family:ui-monospace,monospace;font-size:.9em}\
.id{color:var(--dim);font-size:.85rem}";

pub(super) fn page(page: &ErrorPage<'_>, root: &Path) -> String {
    let (status, reason) = (page.status.as_u16(), page.reason());
    let causes: Vec<String> = page.error.map(|error| error.chain().collect()).unwrap_or_default();
    let headline = causes.first().map_or_else(|| page.message().unwrap_or(reason), String::as_str);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{status} {title}</title>\
         <style>{STYLE}</style></head><body><main><h1>{status} {reason}</h1><h2>{title}</h2>",
        title = escape(headline)
    );
    if causes.len() > 1 {
        html.push_str("<h3>Caused by</h3><ol>");
        for cause in &causes[1..] {
            let _ = write!(html, "<li>{}</li>", escape(cause));
        }
        html.push_str("</ol>");
    }
    if let Some(error) = page.error {
        source(&mut html, error, root);
    }
    request(&mut html, page);
    html.push_str("<p class=\"id\">This page is shown in dev only.</p></main></body></html>\n");
    html
}

/// What a JSON client sees of all that.
pub(super) fn details(page: &ErrorPage<'_>) -> serde_json::Value {
    serde_json::json!({
        "causes": page.error.map(|error| error.chain().collect::<Vec<_>>()).unwrap_or_default(),
        "source": page.error.map(|error| error.location().to_string()),
        "request": {
            "method": page.method.as_str(),
            "path": page.path,
            "route": page.route.map(|route| &*route.pattern),
            "handler": page.route.map(|route| route.handler),
        },
    })
}

/// The line that the error comes from, with its neighbours.
fn source(html: &mut String, error: &Error, root: &Path) {
    let at = error.location();
    let _ = write!(html, "<h3>Source</h3><p><code>{}:{}</code></p>", escape(at.file()), at.line());
    let Ok(text) = std::fs::read_to_string(root.join(at.file())) else { return };
    let line = at.line() as usize;
    html.push_str("<pre>");
    for (index, text) in text.lines().enumerate().skip(line.saturating_sub(AROUND + 1)).take(2 * AROUND + 1) {
        let number = index + 1;
        let class = if number == line { " class=\"at\"" } else { "" };
        let _ = write!(html, "<span{class}><i>{number}</i>{}</span>", escape(text));
    }
    html.push_str("</pre>");
}

fn request(html: &mut String, page: &ErrorPage<'_>) {
    html.push_str("<h3>Request</h3><dl>");
    let mut row = |name: &str, value: &str| {
        let _ = write!(html, "<dt>{name}</dt><dd>{}</dd>", escape(value));
    };
    row("Method", page.method.as_str());
    row("Path", page.path);
    row("Id", &page.id.to_string());
    if let Some(route) = page.route {
        row("Route", &route.pattern);
        row("Handler", route.handler);
        row("Pipelines", &route.pipelines.join(", "));
    }
    html.push_str("</dl>");
}
