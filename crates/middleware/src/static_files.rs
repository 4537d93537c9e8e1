//! [`StaticFiles`]: files under a path.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use zzz_core::http::{
    Assets, Body, HeaderValue, IntoResponse, Method, Middleware, Next, Request, Response, StatusCode, header,
};
use zzz_core::{Error, Result};

/// Serves files under a path, such as `/static/app.css`, before the router.
///
/// Only files of the folder are served: a path with `..`, an empty segment, a backslash, a NUL or a name that
/// begins with a dot is 404. A file has an `ETag`; a client that has it already is answered with 304.
pub struct StaticFiles {
    prefix: String,
    files: Arc<dyn Assets>,
    /// The ETags of files that can not change.
    etags: HashMap<String, HeaderValue>,
}

impl StaticFiles {
    /// Serves `files` under `prefix`, such as `/static`.
    ///
    /// # Errors
    /// If the folder can not be read.
    pub fn new(prefix: &str, files: Arc<dyn Assets>) -> Result<Self> {
        let mut etags = HashMap::new();
        if !files.is_live() {
            for path in files.list()? {
                if let Some(content) = files.read(&path)? {
                    etags.insert(path, etag(&content));
                }
            }
        }
        Ok(Self { prefix: format!("{}/", prefix.trim_end_matches('/')), files, etags })
    }

    fn answer(&self, request: &Request, path: &str) -> Result<Response> {
        let missing = || Error::not_found("There is no such file.");
        let path = percent_decode_str(path).decode_utf8().map_err(|_| missing())?;
        if !is_plain(&path) {
            return Err(missing());
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Error::new(405, "A file can only be read.").with_header("allow", "GET, HEAD"));
        }
        let content = self.files.read(&path)?.ok_or_else(missing)?;
        let etag = self.etags.get(&*path).cloned().unwrap_or_else(|| etag(&content));
        let known = request.header(header::IF_NONE_MATCH).is_some_and(|known| matches_etag(known, &etag));
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let body = match content {
                Cow::Borrowed(bytes) => Body::from(bytes),
                Cow::Owned(bytes) => Body::from(bytes),
            };
            let mut response = body.into_response();
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(&path)));
            response
        };
        response.headers_mut().insert(header::ETAG, etag);
        // Ask every time; the answer is 304 as long as the file is the same.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Ok(response)
    }
}

impl Middleware for StaticFiles {
    async fn handle(&self, request: Request, next: Next) -> Response {
        match request.path().strip_prefix(&self.prefix) {
            Some(path) => self.answer(&request, path).into_response(),
            None => next.run(request).await,
        }
    }
}

impl std::fmt::Debug for StaticFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaticFiles").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Whether a path names a file below the folder and nothing else.
fn is_plain(path: &str) -> bool {
    let plain = |segment: &str| !segment.is_empty() && !segment.starts_with('.');
    path.split('/').all(plain) && !path.contains(['\\', '\0', ':'])
}

fn etag(content: &[u8]) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    let tag = format!("\"{:016x}{:x}\"", hasher.finish(), content.len());
    HeaderValue::try_from(tag).unwrap_or_else(|_| HeaderValue::from_static("\"-\""))
}

/// `If-None-Match` compares weakly (RFC 9110, section 13.1.2).
fn matches_etag(known: &str, etag: &HeaderValue) -> bool {
    let same = |tag: &str| tag.trim().trim_start_matches("W/").as_bytes() == etag.as_bytes();
    known.trim() == "*" || known.split(',').any(same)
}

/// The types of files that web pages are made of; anything else is a download.
fn content_type(path: &str) -> &'static str {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "xml" => "application/xml",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "pdf" => "application/pdf",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::http::{Embedded, HandlerExt, MiddlewareExt, Stack, now_or_never};

    const FILES: Embedded = Embedded(&[("app.css", b"body{}"), ("img/owl mark.svg", b"<svg/>")]);

    async fn behind() -> &'static str {
        "behind"
    }

    fn call(request: Request) -> Response {
        let files = StaticFiles::new("/static", Arc::new(FILES)).unwrap();
        now_or_never(Stack::new(vec![files.erase()], behind.erase()).run(request)).unwrap()
    }

    #[test]
    fn serves_files_with_their_type_and_etag() {
        let response = call(Request::get("/static/app.css"));
        assert_eq!(response.headers()["content-type"], "text/css; charset=utf-8");
        assert_eq!(response.body().full_bytes().unwrap(), "body{}");
        let etag = response.headers()["etag"].to_str().unwrap().to_owned();
        for known in [etag.clone(), format!("\"x\", W/{etag}"), "*".into()] {
            let again = call(Request::get("/static/app.css").with_header("if-none-match", &known));
            assert_eq!((again.status().as_u16(), again.body().is_empty()), (304, true), "{known}");
        }
        assert_eq!(
            call(Request::get("/static/img/owl%20mark.svg")).headers()["content-type"],
            "image/svg+xml"
        );
        assert_eq!(call(Request::post("/static/app.css", "")).status(), 405);
        assert_eq!(call(Request::get("/statics")).body().full_bytes().unwrap(), "behind");
    }

    #[test]
    fn serves_nothing_outside_the_folder() {
        for path in [
            "",
            "/",
            "../Cargo.toml",
            "%2e%2e/Cargo.toml",
            "..%5cCargo.toml",
            "%252e%252e/x",
            "%c0%ae%c0%ae/x",
            "app.css%00",
            "/etc/passwd",
            ".env",
            "img/.git/config",
            "img",
            "img/",
            "./app.css",
            "C:/x",
            "%ff",
        ] {
            assert_eq!(call(Request::get(&format!("/static/{path}"))).status(), 404, "{path}");
        }
    }
}
