//! Opening and reading files, on tokio's pool for what blocks.

use std::fs::{File, Metadata};
use std::future::Future;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use zzz_core::http::{Body, HeaderValue, Response, Share};
use zzz_core::{Error, Result};

use super::encoding::Coding;
use super::{Conditions, ETag, Modified, Representation, Validators};

/// The first chunk of a file; a file that is not longer is sent in one piece.
const FIRST_CHUNK: usize = 64 * 1024;

/// The longest chunk. Chunks grow to it for clients that are faster than the disk, so that a client that does not
/// read costs little memory, and one that does costs few switches to another thread.
const LONGEST_CHUNK: usize = 256 * 1024;

/// The shortest chunk, when so many files are being sent at once that no memory is left for them.
const SHORTEST_CHUNK: usize = 1024;

/// The same for a client that has taken four times as much; until then a chunk may be a quarter of that.
const SHORTEST_FOR_READERS: usize = 8 * 1024;

/// Where a file is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// At this path, wherever links lead.
    At(PathBuf),
    /// Within this folder, also after links are resolved; the path has `/` between folders.
    Below(PathBuf, String),
}

/// What of a file is sent, and how.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) asked: Conditions,
    pub(crate) content_type: HeaderValue,
    pub(crate) cache_control: HeaderValue,
    pub(crate) disposition: Option<HeaderValue>,
    /// Whether a variant beside the file (`.br`, `.zst`, `.gz`) may be sent instead.
    pub(crate) variants: bool,
}

/// The response with a file; `None` if there is no such regular file.
///
/// # Errors
/// 406, 412, 416; 500 if it can not be read.
pub(crate) async fn send(place: Place, wanted: Wanted) -> Result<Option<Response>> {
    runtime()?.spawn_blocking(move || answer(&place, wanted)).await?
}

/// Whether there is such a regular file, that can be read.
///
/// # Errors
/// 500 if that can not be told.
pub(crate) async fn is_there(place: Place) -> Result<bool> {
    Ok(runtime()?.spawn_blocking(move || place.open("")).await??.is_some())
}

fn runtime() -> Result<Handle> {
    Handle::try_current()
        .map_err(|_| Error::internal("files are read on tokio's threads, and there is no tokio runtime here"))
}

/// All that has to be done before the first byte is sent, so that it takes one switch to another thread.
fn answer(place: &Place, wanted: Wanted) -> Result<Option<Response>> {
    let Some(original) = place.open("")? else { return Ok(None) };
    let varies = wanted.variants;
    let mut chosen = None;
    for coding in wanted.asked.codings() {
        if *coding == Coding::Identity {
            chosen = Some((original, Coding::Identity));
            break;
        }
        if !varies {
            continue;
        }
        // A variant that is older than the file is one of an older version.
        if let Some(variant) = place.open(coding.extension())?
            && variant.modified() >= original.modified()
        {
            chosen = Some((variant, *coding));
            break;
        }
    }
    let Some((opened, coding)) = chosen else {
        return Err(Error::new(406, "The file is not there in an encoding that the request accepts."));
    };
    let now = SystemTime::now();
    let representation = Representation {
        length: opened.about.len(),
        content_type: wanted.content_type,
        coding,
        about: Validators {
            etag: ETag::of_file(&opened.about, now),
            modified: opened.modified().and_then(|time| Modified::of(time, now)),
        },
        cache_control: wanted.cache_control,
        disposition: wanted.disposition,
        varies,
    };
    representation.respond(&wanted.asked, |first, length| Ok(opened.body(first, length)?)).map(Some)
}

impl Place {
    /// Opens the file, or the one whose name has this at its end; `None` if it is no regular file.
    fn open(&self, extension: &str) -> io::Result<Option<Opened>> {
        let with_extension = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(extension);
            PathBuf::from(name)
        };
        let path = match self {
            Self::At(path) => with_extension(path),
            Self::Below(folder, path) => {
                let Some(folder) = there(folder.canonicalize())? else { return Ok(None) };
                let Some(path) = there(with_extension(&folder.join(path)).canonicalize())? else {
                    return Ok(None);
                };
                if !path.starts_with(&folder) {
                    return Ok(None);
                }
                path
            }
        };
        // A pipe would block whoever opens it, so it is looked at before; and after, should it have been swapped.
        if !there(path.metadata())?.is_some_and(|about| about.is_file()) {
            return Ok(None);
        }
        let Some(file) = there(File::open(&path))? else { return Ok(None) };
        let about = file.metadata()?;
        Ok(about.is_file().then_some(Opened { file, about }))
    }
}

/// `None` where a file is missing, or as good as.
fn there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound, PermissionDenied};
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.kind() {
            NotFound | NotADirectory | PermissionDenied | InvalidFilename | InvalidInput => Ok(None),
            _ => Err(error),
        },
    }
}

/// A regular file, open, as it was when it was opened.
struct Opened {
    file: File,
    about: Metadata,
}

impl Opened {
    fn modified(&self) -> Option<SystemTime> {
        self.about.modified().ok()
    }

    /// The bytes from `first` on, as many as `length`, with the first chunk read already.
    fn body(mut self, first: u64, length: u64) -> io::Result<Body> {
        if first > 0 {
            self.file.seek(SeekFrom::Start(first))?;
        }
        let mut reader = Reader { opened: self, left: length };
        let wanted = usize::try_from(length).unwrap_or(usize::MAX).min(FIRST_CHUNK);
        let chunk = reader.read(Share::of(wanted, SHORTEST_CHUNK))?;
        if reader.left == 0 {
            return Ok(Body::full(chunk));
        }
        let reading = Reading::Idle(reader);
        let body = FileBody {
            first: Some(chunk),
            reading,
            taken: 0,
            left: length,
            chunk: FIRST_CHUNK,
            waited: false,
        };
        Ok(Body::from_http_body(body))
    }
}

/// Reads a file as long as it is the one that was opened.
struct Reader {
    opened: Opened,
    left: u64,
}

impl Reader {
    /// The next bytes, at most as many as the share has; they hold it until they have left.
    fn read(&mut self, share: Share) -> io::Result<Bytes> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(share.size());
        let mut chunk = Vec::with_capacity(wanted);
        (&self.opened.file).take(wanted as u64).read_to_end(&mut chunk)?;
        if chunk.len() < wanted {
            return Err(io::Error::other("the file became shorter while it was read"));
        }
        let (was, is) = (&self.opened.about, self.opened.file.metadata()?);
        if is.len() != was.len() || is.modified().ok() != was.modified().ok() {
            return Err(io::Error::other("the file was changed while it was read"));
        }
        self.left -= chunk.len() as u64;
        Ok(share.hold(chunk))
    }
}

/// A file's bytes. While one chunk is on its way to the client, the next is read, and not more than that.
struct FileBody {
    first: Option<Bytes>,
    reading: Reading,
    /// The bytes that were handed over.
    taken: u64,
    /// The bytes that were not handed over yet.
    left: u64,
    /// How long the next chunk is to be.
    chunk: usize,
    /// Whether the client was faster than the disk.
    waited: bool,
}

enum Reading {
    Idle(Reader),
    Busy(JoinHandle<(Reader, io::Result<Bytes>)>),
    Over,
}

impl FileBody {
    /// Begins to read the next chunk, which takes this share.
    fn read(&mut self, share: Share) -> io::Result<()> {
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let Reading::Idle(mut reader) = std::mem::replace(&mut self.reading, Reading::Over) else {
            return Ok(());
        };
        self.reading = Reading::Busy(runtime.spawn_blocking(move || {
            let chunk = reader.read(share);
            (reader, chunk)
        }));
        Ok(())
    }

    /// How long the next chunk is at least. Who has taken nothing yet may never do so.
    fn shortest(&self) -> usize {
        usize::try_from(self.taken / 4).unwrap_or(usize::MAX).clamp(SHORTEST_CHUNK, SHORTEST_FOR_READERS)
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        if matches!(self.reading, Reading::Idle(_)) {
            self.read(Share::of(self.chunk, self.shortest()))?;
        }
        let Reading::Busy(busy) = &mut self.reading else { return Poll::Ready(None) };
        let polled = Pin::new(busy).poll(cx);
        self.waited |= polled.is_pending();
        let (reader, chunk) = match ready!(polled) {
            Ok(read) => read,
            Err(error) => return Poll::Ready(Some(Err(io::Error::other(error)))),
        };
        if reader.left > 0 {
            self.reading = Reading::Idle(reader);
        } else {
            self.reading = Reading::Over;
        }
        if std::mem::take(&mut self.waited) {
            self.chunk = (self.chunk * 2).min(LONGEST_CHUNK);
        }
        Poll::Ready(Some(chunk))
    }
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        let Some(chunk) = ready!(this.poll_chunk(cx)?) else { return Poll::Ready(None) };
        this.taken += chunk.len() as u64;
        this.left = this.left.saturating_sub(chunk.len() as u64);
        if matches!(this.reading, Reading::Idle(_))
            && let Some(share) = Share::to_spare(this.chunk, this.shortest())
        {
            this.read(share)?;
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl Drop for FileBody {
    fn drop(&mut self) {
        // What has not begun need not.
        if let Reading::Busy(busy) = &self.reading {
            busy.abort();
        }
    }
}

#[cfg(test)]
mod tests;
