//! [`SendFile`]: a handler's argument that sends a file.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use zzz_core::http::{Body, FromRequestParts, HeaderValue, Parts, Response};
use zzz_core::{Error, Result};

use super::disk::{self, Place, Wanted};
use super::disposition::{self, Disposition};
use super::encoding::Coding;
use super::{Conditions, ETag, Representation, Validators, content_type};

/// What a file of a handler's own is told to caches: keep it for this reader, and ask each time.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Sends a file in answer to this request: as a handler's argument it knows which part the client asks for, and
/// which version it has.
///
/// ```
/// use zzz_core::Result;
/// use zzz_core::http::Response;
/// use zzz_middleware::files::SendFile;
///
/// async fn report(send: SendFile) -> Result<Response> {
///     send.attachment("Report 2026.pdf").file("data/reports/7.pdf").await
/// }
/// ```
///
/// It answers with 200 or a part (206), 304 if the client has this version, 412 and 416 (RFC 9110, sections 13 and
/// 14), and 404 if there is no such file or if it is no regular one. A file is read on tokio's threads for what blocks,
/// in chunks of at most 256KiB, the next while one is on its way. If it changes meanwhile, the response is broken off,
/// so that nobody takes a mix of two versions for a file.
#[derive(Debug)]
pub struct SendFile {
    asked: Conditions,
    content_type: Option<String>,
    cache_control: Option<String>,
    disposition: Option<HeaderValue>,
}

impl FromRequestParts for SendFile {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        Ok(Self {
            asked: Conditions::of(parts.method(), parts.headers()),
            content_type: None,
            cache_control: None,
            disposition: None,
        })
    }
}

impl SendFile {
    /// The browser saves it, under this name (see [`disposition::header`]).
    #[must_use]
    pub fn attachment(self, name: &str) -> Self {
        Self { disposition: Some(disposition::header(Disposition::Attachment, name)), ..self }
    }

    /// The browser shows it if it can; the name is for readers who save it. What users have uploaded may be a page
    /// that acts in your site's name: send that as an [`attachment`](Self::attachment).
    #[must_use]
    pub fn inline(self, name: &str) -> Self {
        Self { disposition: Some(disposition::header(Disposition::Inline, name)), ..self }
    }

    /// The media type; by default it is told from the file's name, and is `application/octet-stream` for names
    /// that tell nothing. Browsers are told not to guess (`x-content-type-options: nosniff`).
    #[must_use]
    pub fn content_type(self, media: impl Into<String>) -> Self {
        Self { content_type: Some(media.into()), ..self }
    }

    /// `Cache-Control`; by default `private, no-cache`: kept for this reader alone, who asks each time whether it
    /// is still the same.
    #[must_use]
    pub fn cache_control(self, directives: impl Into<String>) -> Self {
        Self { cache_control: Some(directives.into()), ..self }
    }

    /// Sends the file at this path, which nobody outside has a say in: links are followed wherever they lead.
    ///
    /// # Errors
    /// 404 if there is none, 412, 416; 500 if it can not be read.
    pub async fn file(self, path: impl Into<PathBuf>) -> Result<Response> {
        let path = path.into();
        let name = path.to_string_lossy().into_owned();
        self.send(Place::At(path), &name).await
    }

    /// Sends the file at a path within a folder, which may have come from outside: with `/` between folders and
    /// percent-decoded. A path that leads elsewhere, by `..`, by a link, by an absolute name, is 404, and so is a name
    /// that begins with a dot.
    ///
    /// # Errors
    /// As [`file`](Self::file).
    pub async fn file_below(self, folder: impl Into<PathBuf>, path: &str) -> Result<Response> {
        if !is_plain(path) {
            return Err(missing());
        }
        self.send(Place::Below(folder.into(), path.to_owned()), path).await
    }

    /// Sends what is in memory as a file of this name would be.
    ///
    /// # Errors
    /// 412, 416.
    pub fn bytes(self, name: &str, content: impl Into<Bytes>) -> Result<Response> {
        let content = content.into();
        let wanted = self.wanted(name)?;
        let representation = Representation {
            length: content.len() as u64,
            content_type: wanted.content_type,
            coding: Coding::Identity,
            about: Validators { etag: ETag::of_bytes(&content), modified: None },
            cache_control: wanted.cache_control,
            disposition: wanted.disposition,
            varies: false,
        };
        representation.respond(&wanted.asked, |first, length| Ok(slice(&content, first, length)))
    }

    async fn send(self, place: Place, name: &str) -> Result<Response> {
        let wanted = self.wanted(name)?;
        disk::send(place, wanted).await?.ok_or_else(missing)
    }

    fn wanted(self, name: &str) -> Result<Wanted> {
        let content_type = match self.content_type {
            Some(media) => value("content-type", media)?,
            None => HeaderValue::from_static(content_type::of(name)),
        };
        let cache_control = match self.cache_control {
            Some(directives) => value("cache-control", directives)?,
            None => PRIVATE,
        };
        // A handler's file has no variants, so that only what is refused altogether is refused.
        let wanted = Wanted {
            asked: self.asked,
            content_type,
            cache_control,
            disposition: self.disposition,
            variants: false,
        };
        Ok(wanted)
    }
}

fn value(name: &str, text: String) -> Result<HeaderValue> {
    HeaderValue::try_from(text)
        .map_err(|error| Error::internal(format!("the value of header `{name}`: {error}")))
}

fn missing() -> Error {
    Error::not_found("There is no such file.")
}

/// A part of a content in memory.
pub(crate) fn slice(content: &Bytes, first: u64, length: u64) -> Body {
    let at = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(content.len());
    Body::full(content.slice(at(first)..at(first.saturating_add(length))))
}

/// Whether a path names something below a folder and nothing else: no `..`, no empty part, no dot in front, no
/// backslash, colon or NUL.
pub(crate) fn is_plain(path: &str) -> bool {
    let plain = |segment: &str| !segment.is_empty() && !segment.starts_with('.');
    path.split('/').all(plain) && !path.contains(['\\', '\0', ':']) && !Path::new(path).is_absolute()
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::http::{HandlerExt, IntoResponse, Request, now_or_never};

    fn send(
        request: Request,
        with: impl Fn(SendFile) -> Result<Response> + Clone + Send + Sync + 'static,
    ) -> Response {
        let handler = move |send: SendFile| {
            let with = with.clone();
            async move { with(send) }
        };
        now_or_never(handler.erase().call(request)).unwrap().into_response()
    }

    fn header<'a>(response: &'a Response, name: &str) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn what_is_in_memory_is_sent_as_a_file_is() {
        let with = |send: SendFile| send.attachment("data.csv").bytes("data.csv", "a,b\n1,2\n");
        let whole = send(Request::get("/"), with);
        assert_eq!(whole.status(), 200);
        for (name, value) in [
            ("content-type", "text/csv; charset=utf-8"),
            ("content-length", "8"),
            ("content-disposition", "attachment; filename=\"data.csv\""),
            ("cache-control", "private, no-cache"),
            ("accept-ranges", "bytes"),
            ("x-content-type-options", "nosniff"),
            ("vary", ""),
        ] {
            assert_eq!(header(&whole, name), value, "{name}");
        }
        let etag = header(&whole, "etag").to_owned();
        let part =
            send(Request::get("/").with_header("range", "bytes=4-6").with_header("if-range", &etag), with);
        assert_eq!((part.status().as_u16(), header(&part, "content-range")), (206, "bytes 4-6/8"));
        assert_eq!(part.into_body().full_bytes().unwrap(), "1,2");
        let known = send(Request::get("/").with_header("if-none-match", &etag), with);
        assert_eq!((known.status().as_u16(), header(&known, "etag")), (304, etag.as_str()));
        assert_eq!(header(&known, "content-length"), "");
        let beyond = send(Request::get("/").with_header("range", "bytes=8-"), with);
        assert_eq!((beyond.status().as_u16(), header(&beyond, "content-range")), (416, "bytes */8"));
        let other = send(Request::get("/").with_header("if-match", "\"x\""), with);
        assert_eq!(other.status(), 412);
        let head = Request::new(zzz_core::http::Method::HEAD, "/", Body::empty());
        let head = send(head, with);
        assert_eq!((header(&head, "content-length"), head.body().is_empty()), ("8", true));
    }

    #[test]
    fn nothing_gets_into_a_header() {
        let response = send(Request::get("/"), |send| send.content_type("a/b\r\nx: y").bytes("a", "x"));
        assert_eq!((response.status().as_u16(), response.headers().contains_key("x")), (500, false));
    }
}
