//! [`Multipart`]: a body of `multipart/form-data`, part by part.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Body as _;
use zzz_core::Result;
use zzz_core::http::extract::ViaBody;
use zzz_core::http::{Body, FromRequest, OptionalFromRequest, Request};

use crate::boundary::Boundary;
use crate::error::MultipartError;
use crate::file_kind::{self, FileKind};
use crate::head::PartHead;
use crate::parser::{Event, Fault, Parser};
use crate::part::Part;
use crate::uploads::Uploads;

/// A body of `multipart/form-data`, read part by part as it comes.
///
/// As a handler's last argument it refuses, before anything is read, a request of another media type (415), one
/// without a valid boundary (400), and one whose `Content-Length` is over the limit (413). The limit is the route's own
/// ([`Limits::body`](zzz_core::http::Limits)) if it has one, else `[upload] max_total`. It holds for what is read, over
/// whichever protocol it comes.
///
/// ```
/// use zzz_multipart::Multipart;
/// use zzz_core::Result;
///
/// async fn count(mut form: Multipart) -> Result<String> {
///     let (mut files, mut bytes) = (0, 0);
///     while let Some(mut part) = form.next_part().await? {
///         files += usize::from(part.is_file());
///         while let Some(chunk) = part.chunk().await? {
///             bytes += chunk.len();
///         }
///     }
///     Ok(format!("{files} files, {bytes} bytes"))
/// }
/// # use zzz_core::http::{HandlerExt, Request, now_or_never};
/// # let body = "--x\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\nHello\r\n--x--\r\n";
/// # let request = Request::post("/", body).with_header("content-type", "multipart/form-data; boundary=x");
/// # let response = now_or_never(count.erase().call(request)).unwrap();
/// # assert_eq!(response.into_body().full_bytes().unwrap(), "1 files, 5 bytes");
/// ```
///
/// A part that is not read to its end is skipped by the next call of [`next_part`](Self::next_part). What is behind the
/// last part is read and checked by the call that answers `None`; only then it is certain that the body was complete.
pub struct Multipart {
    body: Body,
    parser: Parser,
    uploads: Arc<Uploads>,
    fields: usize,
    files: usize,
    /// How many bytes of texts are kept by whoever reads the form.
    kept: usize,
    current: Current,
}

/// The part that is being read.
#[derive(Default)]
struct Current {
    /// Content that was looked at, and not handed out yet.
    ahead: Bytes,
    /// Whether more may follow it.
    open: bool,
}

impl Multipart {
    /// Reads a body with this boundary, held to the limits of `uploads`. The limit of the body as a whole is the body's
    /// own ([`Body::set_limit`]).
    ///
    /// This is for bodies that do not come through a handler's argument; one of another library comes in by way of
    /// [`Body::from_http_body`].
    #[must_use]
    pub fn new(boundary: &Boundary, body: Body, uploads: Arc<Uploads>) -> Self {
        let parser = Parser::new(boundary, uploads.config().max_part_head.as_usize());
        Self { body, parser, uploads, fields: 0, files: 0, kept: 0, current: Current::default() }
    }

    /// The next part; `None` behind the last one. The wait can be broken off and begun again.
    ///
    /// # Errors
    /// [`MultipartError`]: 400 for a body that breaks a rule, or ends or breaks off before its last boundary; 413 for
    /// more parts, or more bytes, than there may be. After an error no part follows.
    pub async fn next_part(&mut self) -> Result<Option<Part<'_>>, MultipartError> {
        while std::future::poll_fn(|cx| self.poll_chunk(cx)).await?.is_some() {}
        match std::future::poll_fn(|cx| self.poll_event(cx)).await? {
            Event::Part(head) => {
                self.count(&head)?;
                self.current = Current { ahead: Bytes::new(), open: true };
                Ok(Some(Part::new(self, head)))
            }
            _ => Ok(None),
        }
    }

    fn count(&mut self, head: &PartHead) -> Result<(), MultipartError> {
        let config = self.uploads.config();
        let (count, limit, what) = match head.file_name {
            Some(_) => (&mut self.files, config.max_files, "files"),
            None => (&mut self.fields, config.max_fields, "fields"),
        };
        *count += 1;
        if *count > limit {
            let fault = Fault::TooMany(what, limit);
            self.parser.fail(fault.clone());
            return Err(fault.into());
        }
        Ok(())
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, MultipartError>> {
        loop {
            match self.parser.next() {
                Ok(Event::NeedsInput) => {}
                Ok(event) => return Poll::Ready(Ok(event)),
                Err(fault) => return Poll::Ready(Err(fault.into())),
            }
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.parser.feed(data);
                    }
                }
                Some(Err(error)) => {
                    self.parser.fail(Fault::Incomplete);
                    return Poll::Ready(Err(error.into()));
                }
                None => self.parser.end(),
            }
        }
    }

    /// The next piece of the current part's content.
    pub(crate) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, MultipartError>> {
        if self.current.ahead.is_empty() {
            return self.poll_content(cx);
        }
        Poll::Ready(Ok(Some(std::mem::take(&mut self.current.ahead))))
    }

    fn poll_content(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, MultipartError>> {
        if !self.current.open {
            return Poll::Ready(Ok(None));
        }
        let event = ready!(self.poll_event(cx));
        if let Ok(Event::Data(data)) = event {
            return Poll::Ready(Ok(Some(data)));
        }
        self.current.open = false;
        Poll::Ready(event.map(|_| None))
    }

    /// What the current part's content is by its beginning. What is read for that is kept to be read.
    pub(crate) async fn sniff(&mut self) -> Result<Option<FileKind>, MultipartError> {
        while self.current.ahead.len() < file_kind::ENOUGH && self.current.open {
            if let Some(more) = std::future::poll_fn(|cx| self.poll_content(cx)).await? {
                let ahead = &mut self.current.ahead;
                *ahead = if ahead.is_empty() { more } else { Bytes::from([&ahead[..], &more[..]].concat()) };
            }
        }
        Ok(FileKind::of(&self.current.ahead))
    }

    /// So many bytes of texts are kept until the form has come as a whole.
    pub(crate) fn keep(&mut self, bytes: usize) {
        self.kept += bytes;
        self.hold(0);
    }

    /// Tells the body how much of it is in memory: the texts, and so many bytes of the current part.
    pub(crate) fn hold(&mut self, bytes: usize) {
        self.body.set_held((self.kept + bytes) as u64);
    }

    pub(crate) fn uploads(&self) -> &Arc<Uploads> {
        &self.uploads
    }
}

impl From<Fault> for MultipartError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Malformed(what) => Self::malformed(what),
            Fault::Incomplete => Self::incomplete(),
            Fault::TooMany(what, limit) => Self::too_many(what, limit),
        }
    }
}

impl FromRequest<ViaBody> for Multipart {
    async fn from_request(request: Request) -> Result<Self> {
        let boundary = Boundary::of_headers(request.headers())?;
        let uploads = Uploads::of(request.services());
        let of_route = request.route().and_then(|route| route.limits.body);
        let mut body = request.into_parts().1;
        if of_route.is_none() {
            body.set_limit(uploads.config().max_total.0);
        }
        body.check_limit()?;
        Ok(Self::new(&boundary, body, uploads))
    }
}

/// `None` for a request without a body and without a `Content-Type`.
impl OptionalFromRequest for Multipart {
    async fn from_request_if_any(request: Request) -> Result<Option<Self>> {
        if request.announces_body() { Self::from_request(request).await.map(Some) } else { Ok(None) }
    }
}

impl std::fmt::Debug for Multipart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Multipart").field("parts", &self.parser.parts()).finish_non_exhaustive()
    }
}
