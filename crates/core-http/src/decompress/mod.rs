//! Request bodies that come compressed (RFC 9110, section 8.4), with `[http] decompress = true`.
//!
//! What a handler reads is decoded as it is read, piece by piece, and the body's limit counts decoded bytes. So a
//! body that decodes to ten gigabytes costs what its limit costs, and then it is 413. What the decoders themselves
//! keep is bounded too: gzip 32KiB, br 16MiB (the longest window of RFC 7932), zstd as much as the body's limit, from
//! 2MiB to 8MiB.

mod brotli;
mod gzip;
#[cfg(test)]
mod tests;
mod zstd;

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::{HeaderMap, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use zzz_core::ErrorStatus;
use zzz_core::http::{Body, RequestBody};

/// What `Accept-Encoding` says with status 415 (RFC 9110, section 12.5.3).
const ACCEPTED: &str = "gzip, br, zstd";

/// How much is decoded in one go.
const PIECE: usize = 32 * 1024;

/// How much longer than what it decodes to a body may be: no encoder makes even half of this. Endless frames
/// without content would cost time and never reach a limit.
const OVERHEAD: u64 = 64 * 1024;

type BoxError = Box<dyn StdError + Send + Sync>;

/// The body of a request as handlers read it: decoded, and with a head that says so.
///
/// `limit` is the server's limit of a body, which also bounds what a decoder may keep.
pub(crate) fn body<B>(headers: &mut HeaderMap, incoming: B, limit: u64) -> Body
where
    B: RequestBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let decoder: Box<dyn Decoder> = match coding(headers) {
        Coding::Identity => return Body::from_request_body(incoming),
        Coding::Unknown(name) => return Body::from_http_body(Refused(Some(Undecodable::coding(&name)))),
        Coding::Gzip => Box::new(gzip::Gzip::default()),
        Coding::Brotli => Box::new(brotli::Brotli::new()),
        Coding::Zstd => Box::new(zstd::Zstd::new(limit)),
    };
    // They are about what came, and not about what is read.
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    Body::from_request_body(Decoded {
        incoming: Box::pin(incoming),
        decoder,
        input: Bytes::new(),
        came: 0,
        went: 0,
        trailers: None,
        is_over: false,
    })
}

enum Coding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
    Unknown(String),
}

/// One coding, in one line: nobody means well with a body that is compressed twice.
fn coding(headers: &HeaderMap) -> Coding {
    let mut lines = headers.get_all(header::CONTENT_ENCODING).iter();
    let Some(first) = lines.next() else { return Coding::Identity };
    let name = String::from_utf8_lossy(first.as_bytes()).trim().to_ascii_lowercase();
    match name.as_str() {
        _ if lines.next().is_some() => Coding::Unknown(format!("{name}, ...")),
        "" | "identity" => Coding::Identity,
        "gzip" | "x-gzip" => Coding::Gzip,
        "br" => Coding::Brotli,
        "zstd" => Coding::Zstd,
        _ => Coding::Unknown(name),
    }
}

/// Decodes a body, piece by piece.
trait Decoder: Send {
    /// Its coding's name.
    fn name(&self) -> &'static str;

    /// Takes from `input` and adds to `out`, until it has added something or taken everything. It adds about
    /// [`PIECE`] at most, or one unit of the coding where that is longer.
    fn decode(&mut self, input: &mut Bytes, out: &mut Vec<u8>) -> Result<(), Fault>;

    /// Whether what came is complete.
    fn is_complete(&self) -> bool;

    /// How many decoded bytes it may keep back until there are more.
    fn keeps_back(&self) -> u64 {
        0
    }
}

/// What a decoder stumbles over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It is not what its coding allows.
    Corrupt,
    /// It wants more memory than it gets.
    Window,
}

/// A body that is decoded while it is read.
struct Decoded<B> {
    incoming: Pin<Box<B>>,
    decoder: Box<dyn Decoder>,
    input: Bytes,
    /// Encoded bytes so far.
    came: u64,
    /// Decoded bytes so far.
    went: u64,
    trailers: Option<Frame<Bytes>>,
    is_over: bool,
}

impl<B> RequestBody for Decoded<B>
where
    B: RequestBody<Data = Bytes, Error: Into<BoxError>>,
{
    fn set_held(mut self: Pin<&mut Self>, bytes: u64) {
        self.incoming.as_mut().set_held(bytes);
    }
}

impl<B> HttpBody for Decoded<B>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        loop {
            let mut out = Vec::new();
            if let Err(fault) = this.decoder.decode(&mut this.input, &mut out) {
                return Poll::Ready(Some(Err(Undecodable::of(this.decoder.name(), fault).into())));
            }
            if !out.is_empty() {
                this.went += out.len() as u64;
                return Poll::Ready(Some(Ok(Frame::data(out.into()))));
            }
            let most = this
                .went
                .saturating_add(this.decoder.keeps_back())
                .saturating_mul(2)
                .saturating_add(OVERHEAD);
            if this.came > most {
                let error = Undecodable::of(this.decoder.name(), Fault::Corrupt);
                return Poll::Ready(Some(Err(error.into())));
            }
            if this.is_over {
                return Poll::Ready(this.trailers.take().map(Ok));
            }
            match ready!(this.incoming.as_mut().poll_frame(cx)) {
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        this.came += data.len() as u64;
                        this.input = data;
                    }
                    Err(trailers) => this.trailers = Some(trailers),
                },
                None if this.decoder.is_complete() => this.is_over = true,
                None => {
                    let error = Undecodable::of(this.decoder.name(), Fault::Corrupt);
                    return Poll::Ready(Some(Err(error.into())));
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// A body in a coding that we do not know: whoever reads it is told so.
struct Refused(Option<Undecodable>);

impl HttpBody for Refused {
    type Data = Bytes;
    type Error = Undecodable;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Undecodable>>> {
        Poll::Ready(self.0.take().map(Err))
    }
}

/// Why a body can not be decoded, with the status of that.
#[derive(Debug)]
struct Undecodable {
    what: String,
    status: ErrorStatus,
}

impl Undecodable {
    fn coding(name: &str) -> Self {
        let shown: String = name.chars().take(60).collect();
        let status = ErrorStatus::new(415)
            .message("Send the body as it is, or in one of the encodings gzip, br and zstd, and only once.")
            .header("accept-encoding", ACCEPTED);
        Self { what: format!("its encoding is {shown:?}"), status }
    }

    fn of(name: &'static str, fault: Fault) -> Self {
        match fault {
            Fault::Corrupt => Self {
                what: format!("it is no valid {name}"),
                status: ErrorStatus::new(400)
                    .message(format!("The body is not valid {name}, or not complete.")),
            },
            Fault::Window => Self {
                what: format!("its {name} window is too large"),
                status: ErrorStatus::new(413).message(format!(
                    "The body's {name} window is larger than allowed here; compress it with a smaller one."
                )),
            },
        }
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl StdError for Undecodable {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.status)
    }
}

/// Moves bytes from `input` to `held` until that has `length` of them; whether it has.
fn hold(held: &mut Vec<u8>, input: &mut Bytes, length: usize) -> bool {
    let missing = length.saturating_sub(held.len()).min(input.len());
    held.extend_from_slice(&input[..missing]);
    input.advance(missing);
    held.len() >= length
}
