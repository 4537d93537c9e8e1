//! [`Part`]: one part of a form, and the ways to read it.

use std::borrow::Cow;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame};

use crate::error::MultipartError;
use crate::file_kind::FileKind;
use crate::file_name;
use crate::head::PartHead;
use crate::multipart::Multipart;
use crate::parameters::split;
use crate::spool::{TempFile, save, spool};

/// One part of a form: a field, or a file. Nothing of its content is read before it is asked for.
///
/// It is a stream, too: an `http_body::Body` of its content.
#[derive(Debug)]
pub struct Part<'a> {
    multipart: &'a mut Multipart,
    head: PartHead,
    /// How many more bytes may be read.
    left: u64,
    limit: u64,
}

impl<'a> Part<'a> {
    pub(crate) fn new(multipart: &'a mut Multipart, head: PartHead) -> Self {
        Self { multipart, head, left: u64::MAX, limit: u64::MAX }
    }

    /// The name of the form's field.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.head.name
    }

    /// Whether it is a file: whether it has a file name, be it an empty one. A browser sends an empty file without a
    /// name where nobody has chosen one.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.head.file_name.is_some()
    }

    /// The file's name for people to read: the last part of a path, without control characters and what changes the
    /// direction of text, at most 255 bytes; `None` if there is none. Not for the file system: two files may have it.
    #[must_use]
    pub fn file_name(&self) -> Option<Cow<'_, str>> {
        self.head.file_name.as_deref().and_then(file_name::display)
    }

    /// The file's name as the client sent it: it may be a path, have any character, and lie.
    #[must_use]
    pub fn raw_file_name(&self) -> Option<&str> {
        self.head.file_name.as_deref()
    }

    /// The media type that the client claims; [`kind`](Self::kind) looks at the content instead.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.head.content_type()
    }

    /// All headers of the part. The map is made by this call; name, file name and type do not need it.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        self.head.headers()
    }

    /// Lets at most `bytes` of its content be read, in whichever way: an error of status 413 beyond it.
    #[must_use]
    pub fn limit(mut self, bytes: u64) -> Self {
        (self.left, self.limit) = (bytes, bytes);
        self
    }

    /// What the content is, by its first bytes; `None` if they are nothing that [`FileKind`] knows. What is read for
    /// that is not lost.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk).
    pub async fn kind(&mut self) -> Result<Option<FileKind>, MultipartError> {
        self.multipart.sniff().await
    }

    /// The next piece of the content, as it came and not copied; `None` behind the last. The wait can be broken off
    /// and begun again.
    ///
    /// # Errors
    /// [`MultipartError`]: 413 beyond a limit, 400 if the body breaks a rule or ends too early.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, MultipartError> {
        std::future::poll_fn(|cx| self.poll_chunk(cx)).await
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, MultipartError>> {
        let chunk = ready!(self.multipart.poll_chunk(cx))?;
        if let Some(chunk) = &chunk {
            match self.left.checked_sub(chunk.len() as u64) {
                Some(left) => self.left = left,
                None => {
                    self.left = 0;
                    return Poll::Ready(Err(MultipartError::part_too_large(&self.head.name, self.limit)));
                }
            }
        }
        Poll::Ready(Ok(chunk))
    }

    /// The whole content, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk).
    pub async fn bytes(self, limit: u64) -> Result<Bytes, MultipartError> {
        let limit = limit.min(self.limit);
        let mut part = self.limit(limit);
        let Some(first) = part.chunk().await? else { return Ok(Bytes::new()) };
        let Some(second) = part.chunk().await? else { return Ok(first) };
        let mut all = BytesMut::with_capacity((first.len() + second.len()) * 2);
        all.extend_from_slice(&first);
        all.extend_from_slice(&second);
        part.multipart.hold(all.capacity());
        while let Some(chunk) = part.chunk().await? {
            all.extend_from_slice(&chunk);
            part.multipart.hold(all.capacity());
        }
        Ok(all.freeze())
    }

    /// The whole content as text, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk); besides 400 for what is not UTF-8 or has a NUL, and 415 if the part's type names
    /// another charset. RFC 7578, section 4.6, lets forms have one; browsers have not sent one for years, and what is
    /// read in a wrong one is wrong for ever.
    pub async fn text(self, limit: u64) -> Result<String, MultipartError> {
        let name = self.head.name.clone();
        if let Some(content_type) = self.content_type() {
            check_charset(content_type).map_err(|why| MultipartError::not_text(&name, why, 415))?;
        }
        let bytes = self.bytes(limit).await?;
        let text = String::from_utf8(bytes.into())
            .map_err(|_| MultipartError::not_text(&name, "is not valid UTF-8", 400))?;
        if text.contains('\0') {
            return Err(MultipartError::not_text(&name, "has a NUL character", 400));
        }
        Ok(text)
    }

    /// Writes the content to a temporary file, which is gone as soon as the [`TempFile`] is dropped. The content is
    /// written on tokio's threads for blocking work, in big pieces; while the disk is slower than the client, the
    /// client waits.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk); besides 507 if there is no room, and 500 if the file can not be written. In no case
    /// a file is left.
    pub async fn to_temp_file(mut self) -> Result<TempFile, MultipartError> {
        let uploads = std::sync::Arc::clone(self.multipart.uploads());
        spool(&mut self, uploads.folder()).await
    }

    /// Writes the content to a new file at `path`, all of it or nothing: it is written under a name of our own in the
    /// same folder, brought to the disk (`fsync`), and only then gets its name. Gives its length.
    ///
    /// A file that is there already is not replaced. The folder must exist. **The path must be the app's own work**:
    /// never put a file name that a client sent into it.
    ///
    /// # Errors
    /// As [`to_temp_file`](Self::to_temp_file); [`MultipartError::is_exists`] if there is a file at `path`.
    pub async fn save_to(mut self, path: impl AsRef<Path>) -> Result<u64, MultipartError> {
        let uploads = std::sync::Arc::clone(self.multipart.uploads());
        save(&mut self, uploads.folder(), path.as_ref()).await
    }
}

/// Only UTF-8 and its subset.
fn check_charset(content_type: &str) -> Result<(), &'static str> {
    let (_, mut parameters) = split(content_type.as_bytes(), true);
    while let Ok(Some(parameter)) = parameters.next() {
        let known = [&b"utf-8"[..], b"us-ascii"];
        if parameter.name.eq_ignore_ascii_case(b"charset")
            && !known.iter().any(|known| parameter.value.eq_ignore_ascii_case(known))
        {
            return Err("has another charset than UTF-8");
        }
    }
    Ok(())
}

impl HttpBody for Part<'_> {
    type Data = Bytes;
    type Error = MultipartError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, MultipartError>>> {
        self.get_mut().poll_chunk(cx).map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)).transpose())
    }
}
