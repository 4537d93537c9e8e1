//! [`StaticFiles`]: files under a path.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use zzz_core::http::{
    Assets, HeaderValue, IntoResponse, Method, Middleware, Next, Parts, Request, Response, StatusCode, header,
};
use zzz_core::{Error, Result};

use crate::files::disk::{self, Place, Wanted};
use crate::files::encoding::Coding;
use crate::files::{Conditions, ETag, Modified, Representation, Validators, content_type, is_plain, slice};

/// Ask every time; the answer is 304 as long as the file is the same.
const ASK: HeaderValue = HeaderValue::from_static("no-cache");

/// Serves files under a path, such as `/static/app.css`, before the router.
///
/// A file that is there answers at its address whatever the method is: GET and HEAD with itself, OPTIONS with 204 and
/// `Allow`, everything else with 405 and `Allow` (RFC 9110, section 15.5.6; nginx does the same). **What is no file goes
/// on** to what stands behind, as in `Plug.Static`: a route below the path, a fallback, or the router's 404, and its 400
/// for a path that can not be decoded. So files may be served under `/`, too; then every request looks for one first.
///
/// Only regular files of the folder are files here: a path with `..`, an empty segment, a backslash, a colon, a NUL or a
/// name that begins with a dot is none, and neither is a link that leads out of the folder.
///
/// A file has an `ETag` and `Last-Modified`; a client that has it already is answered with 304, one that asks for a part
/// with 206 (RFC 9110, sections 13 and 14). Where `app.css.br`, `app.css.zst` or `app.css.gz` stand beside `app.css` and
/// are not older, a client gets the one that it prefers.
pub struct StaticFiles {
    prefix: String,
    files: Files,
    cache_control: HeaderValue,
}

enum Files {
    /// On the disk.
    Folder(PathBuf),
    /// In the binary, with all that can be known of them.
    Embedded(HashMap<String, Asset>),
    /// Somewhere else; read anew each time.
    Live(Arc<dyn Assets>),
}

/// A file in memory, with its variants.
struct Asset {
    plain: Version,
    variants: Vec<(Coding, Version)>,
}

struct Version {
    content: Bytes,
    about: Validators,
}

impl StaticFiles {
    /// Serves `files` under `prefix`, such as `/static`.
    ///
    /// # Errors
    /// If the folder can not be read.
    pub fn new(prefix: &str, files: Arc<dyn Assets>) -> Result<Self> {
        if let Some(folder) = files.folder() {
            return Ok(Self::folder(prefix, folder));
        }
        let files = match files.is_live() {
            true => Files::Live(files),
            false => {
                // The program is as old as what it carries, or younger.
                let built = std::env::current_exe().and_then(|program| program.metadata()?.modified()).ok();
                let assets = files.list()?.into_iter().filter_map(|path| {
                    Asset::read(&*files, &path, built)
                        .map(|asset| asset.map(|asset| (path, asset)))
                        .transpose()
                });
                Files::Embedded(assets.collect::<Result<_>>()?)
            }
        };
        Ok(Self::of(prefix, files))
    }

    /// Serves the files of a folder on the disk under `prefix`, as they are when they are asked for.
    #[must_use]
    pub fn folder(prefix: &str, folder: impl Into<PathBuf>) -> Self {
        Self::of(prefix, Files::Folder(folder.into()))
    }

    fn of(prefix: &str, files: Files) -> Self {
        Self { prefix: format!("{}/", prefix.trim_end_matches('/')), files, cache_control: ASK }
    }

    /// Sets `Cache-Control`; by default `no-cache`: keep it, and ask each time whether it is still the same.
    ///
    /// # Errors
    /// If no header can hold it.
    pub fn cache_control(mut self, directives: &str) -> Result<Self> {
        self.cache_control = HeaderValue::try_from(directives)?;
        Ok(self)
    }

    /// The answer of the file at a path below the prefix; `None` if there is none.
    async fn answer(&self, request: &Parts, path: &str) -> Result<Option<Response>> {
        let Ok(path) = percent_decode_str(path).decode_utf8() else { return Ok(None) };
        if !is_plain(&path) {
            return Ok(None);
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let answer = || without_content(request.method());
            return self.files.have(path).await?.then(answer).transpose();
        }
        let asked = Conditions::of(request.method(), request.headers());
        let content_type = HeaderValue::from_static(content_type::of(&path));
        let cache_control = self.cache_control.clone();
        match &self.files {
            Files::Folder(folder) => {
                let wanted = Wanted { asked, content_type, cache_control, disposition: None, variants: true };
                let place = Place::Below(folder.clone(), path.into_owned());
                disk::send(place, wanted).await
            }
            Files::Embedded(assets) => {
                let asset = assets.get(&*path);
                asset.map(|asset| asset.respond(&asked, content_type, cache_control)).transpose()
            }
            Files::Live(files) => {
                let asset = Asset::read(&**files, &path, None)?;
                asset.map(|asset| asset.respond(&asked, content_type, cache_control)).transpose()
            }
        }
    }
}

impl Files {
    /// Whether there is a file at this path.
    async fn have(&self, path: Cow<'_, str>) -> Result<bool> {
        match self {
            Self::Folder(folder) => disk::is_there(Place::Below(folder.clone(), path.into_owned())).await,
            Self::Embedded(assets) => Ok(assets.contains_key(&*path)),
            Self::Live(files) => Ok(files.read(&path)?.is_some()),
        }
    }
}

/// What a file answers that is not asked for its content.
fn without_content(method: &Method) -> Result<Response> {
    const ALLOW: &str = "GET, HEAD, OPTIONS";
    if method == Method::OPTIONS {
        return Ok((StatusCode::NO_CONTENT, [(header::ALLOW, ALLOW.to_owned())], ()).into_response());
    }
    let message = format!("This address answers {ALLOW}, not {method}.");
    Err(Error::new(405, message).with_header("allow", ALLOW))
}

impl Asset {
    /// Reads a file and its variants; `None` if it is not there.
    fn read(files: &dyn Assets, path: &str, modified: Option<SystemTime>) -> Result<Option<Self>> {
        let version = |path: &str| -> Result<Option<Version>> {
            let Some(content) = files.read(path)? else { return Ok(None) };
            let content = match content {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => Bytes::from(bytes),
            };
            let etag = ETag::of_bytes(&content);
            let modified = modified.and_then(|time| Modified::of(time, SystemTime::now()));
            Ok(Some(Version { content, about: Validators { etag, modified } }))
        };
        let Some(plain) = version(path)? else { return Ok(None) };
        let mut variants = Vec::new();
        for coding in Coding::COMPRESSED {
            if let Some(variant) = version(&format!("{path}{}", coding.extension()))? {
                variants.push((coding, variant));
            }
        }
        Ok(Some(Self { plain, variants }))
    }

    fn respond(
        &self,
        asked: &Conditions,
        content_type: HeaderValue,
        cache_control: HeaderValue,
    ) -> Result<Response> {
        let version_in = |coding: Coding| match coding {
            Coding::Identity => Some(&self.plain),
            _ => self.variants.iter().find(|(known, _)| *known == coding).map(|(_, version)| version),
        };
        let chosen = asked.codings().iter().find_map(|coding| Some((*coding, version_in(*coding)?)));
        let (coding, version) = chosen.ok_or_else(|| {
            Error::new(406, "The file is not there in an encoding that the request accepts.")
        })?;
        let representation = Representation {
            length: version.content.len() as u64,
            content_type,
            coding,
            about: version.about.clone(),
            cache_control,
            disposition: None,
            varies: true,
        };
        representation.respond(asked, |first, length| Ok(slice(&version.content, first, length)))
    }
}

impl Middleware for StaticFiles {
    async fn handle(&self, request: Request, next: Next) -> Response {
        let parts: &Parts = &request;
        if let Some(path) = parts.path().strip_prefix(&self.prefix)
            && let Some(answer) = self.answer(parts, path).await.transpose()
        {
            return answer.into_response();
        }
        next.run(request).await
    }
}

impl std::fmt::Debug for StaticFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaticFiles").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::http::{Body, Embedded, HandlerExt, MiddlewareExt, Stack, now_or_never};

    const FILES: Embedded = Embedded(&[
        ("app.css", b"body{}"),
        ("app.css.br", b"brotli"),
        ("app.css.gz", b"gzip!"),
        ("img/owl mark.svg", b"<svg/>"),
    ]);

    async fn behind() -> &'static str {
        "behind"
    }

    fn call(request: Request) -> Response {
        let files = StaticFiles::new("/static", Arc::new(FILES)).unwrap();
        now_or_never(Stack::new(vec![files.erase()], behind.erase()).run(request)).unwrap()
    }

    fn header<'a>(response: &'a Response, name: &str) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn serves_files_with_their_type_and_validators() {
        let response = call(Request::get("/static/app.css"));
        for (name, value) in [
            ("content-type", "text/css; charset=utf-8"),
            ("content-length", "6"),
            ("cache-control", "no-cache"),
            ("accept-ranges", "bytes"),
            ("vary", "accept-encoding"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(header(&response, name), value, "{name}");
        }
        assert_eq!(response.body().full_bytes().unwrap(), "body{}");
        assert!(header(&response, "last-modified").ends_with(" GMT"), "{response:?}");
        let etag = header(&response, "etag").to_owned();
        for known in [etag.clone(), format!("\"x\", W/{etag}"), "*".into()] {
            let again = call(Request::get("/static/app.css").with_header("if-none-match", &known));
            assert_eq!((again.status().as_u16(), again.body().is_empty()), (304, true), "{known}");
            assert_eq!(
                [header(&again, "etag"), header(&again, "vary"), header(&again, "cache-control")],
                [etag.as_str(), "accept-encoding", "no-cache"]
            );
        }
        assert_eq!(
            header(&call(Request::get("/static/img/owl%20mark.svg")), "content-type"),
            "image/svg+xml"
        );
    }

    #[test]
    fn a_file_answers_every_method_and_what_is_none_goes_on() {
        let ask = |method: &str, path: &str| {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let response = call(Request::new(method, path, Body::empty()));
            let text = String::from_utf8(response.body().full_bytes().unwrap().to_vec()).unwrap();
            (response.status().as_u16(), header(&response, "allow").to_owned(), text)
        };
        let allow = "GET, HEAD, OPTIONS".to_owned();
        for path in ["/static/app.css", "/static/img/owl%20mark.svg"] {
            assert_eq!(ask("OPTIONS", path), (204, allow.clone(), String::new()), "{path}");
            for method in ["POST", "PUT", "DELETE", "PURGE"] {
                let (status, allowed, _) = ask(method, path);
                assert_eq!((status, &allowed), (405, &allow), "{method} {path}");
            }
        }
        for path in ["/static/none.css", "/static/img", "/static/", "/static", "/statics/app.css"] {
            for method in ["GET", "HEAD", "OPTIONS", "POST", "DELETE", "PURGE"] {
                assert_eq!(ask(method, path), (200, String::new(), "behind".into()), "{method} {path}");
            }
        }
    }

    #[test]
    fn files_under_the_root_leave_everything_else_alone() {
        let files = StaticFiles::new("/", Arc::new(FILES)).unwrap();
        let stack = Stack::new(vec![files.erase()], behind.erase());
        let get = |path: &str| {
            now_or_never(stack.run(Request::get(path))).unwrap().into_body().full_bytes().unwrap()
        };
        assert_eq!(get("/app.css"), "body{}");
        for path in ["/", "/posts", "/posts/", "//app.css", "/app.css/"] {
            assert_eq!(get(path), "behind", "{path}");
        }
    }

    #[test]
    fn serves_the_variant_that_is_wanted() {
        let get = |accept: &str| {
            let response = call(Request::get("/static/app.css").with_header("accept-encoding", accept));
            let (coding, etag) = (header(&response, "content-encoding"), header(&response, "etag"));
            assert_eq!(header(&response, "vary"), "accept-encoding");
            (coding.to_owned(), etag.to_owned(), response.body().full_bytes().unwrap())
        };
        let (brotli, gzip, plain) = (get("gzip, br"), get("gzip, br;q=0.5"), get("gzip;q=0"));
        assert_eq!((brotli.0.as_str(), &brotli.2[..]), ("br", &b"brotli"[..]));
        assert_eq!((gzip.0.as_str(), &gzip.2[..]), ("gzip", &b"gzip!"[..]));
        assert_eq!((plain.0.as_str(), &plain.2[..]), ("", &b"body{}"[..]));
        assert!(brotli.1 != gzip.1 && gzip.1 != plain.1 && brotli.1 != plain.1);

        let part = Request::get("/static/app.css").with_header("accept-encoding", "gzip");
        let part = call(part.with_header("range", "bytes=4-").with_header("if-range", &gzip.1));
        assert_eq!(part.status(), 206);
        assert_eq!(
            [header(&part, "content-range"), header(&part, "content-encoding")],
            ["bytes 4-4/5", "gzip"]
        );
        assert_eq!(part.body().full_bytes().unwrap(), "!");
        // The part of one variant is no part of another.
        let other =
            Request::get("/static/app.css").with_header("range", "bytes=4-").with_header("if-range", &gzip.1);
        assert_eq!(call(other).status(), 200);
        let none = call(Request::get("/static/app.css").with_header("accept-encoding", "*;q=0"));
        assert_eq!(none.status(), 406);
    }

    #[test]
    fn head_says_what_get_would() {
        let head = call(Request::new(Method::HEAD, "/static/app.css", Body::empty()));
        assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, "6"));
        assert!(head.body().is_empty());
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
            "%2fetc/passwd",
            ".env",
            "img/.git/config",
            "img",
            "img/",
            "./app.css",
            "C:/x",
            "%ff",
        ] {
            for request in [Request::get, |target: &str| Request::post(target, "")] {
                let response = call(request(&format!("/static/{path}")));
                assert_eq!(response.into_body().full_bytes().unwrap(), "behind", "{path}");
            }
        }
    }

    #[tokio::test]
    async fn serves_a_folder_on_the_disk() {
        let files = StaticFiles::folder("/source", concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
        let files = files.cache_control("public, max-age=60").unwrap();
        let stack = Stack::new(vec![files.erase()], behind.erase());
        let this = stack.run(Request::get("/source/files/mod.rs").with_header("range", "bytes=0-4")).await;
        assert_eq!((this.status().as_u16(), header(&this, "cache-control")), (206, "public, max-age=60"));
        assert_eq!(this.into_body().read().await.unwrap(), "//! F");
        for path in ["files", "files/", "../Cargo.toml", "%2e%2e/Cargo.toml", "none.rs", "", "lib.rs/x"] {
            let answer = stack.run(Request::get(&format!("/source/{path}"))).await;
            assert_eq!(answer.into_body().full_bytes().unwrap(), "behind", "{path}");
        }
        let put = |path: &str| stack.run(Request::new(Method::PUT, path, Body::empty()));
        assert_eq!(put("/source/lib.rs").await.status(), 405);
        assert_eq!(put("/source/none.rs").await.into_body().full_bytes().unwrap(), "behind");
    }
}
