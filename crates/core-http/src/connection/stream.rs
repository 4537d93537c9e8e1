//! [`Stream`]: the byte stream under a connection, and how one comes to be.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
#[cfg(feature = "tls")]
use tokio_rustls::server::TlsStream;

#[cfg(feature = "tls")]
use super::Counted;
use super::Facts;

/// What bytes come from and go to. A variant that is large goes into a box: plain TCP is the fast path.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream<Counted>>),
}

impl Stream {
    /// Whether the peer is gone, found out without taking what it has sent from whoever reads next. If it is
    /// there and silent, the task is woken when that changes.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let peeked = match self {
            Self::Tcp(stream) => {
                let mut byte = [std::mem::MaybeUninit::uninit()];
                stream.poll_peek(cx, &mut ReadBuf::uninit(&mut byte))
            }
            #[cfg(unix)]
            Self::Unix(stream) => unix::poll_peek(stream, cx),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => tls::poll_peek(stream, cx),
        };
        peeked.map_ok(|count| count == 0)
    }
}

/// Opens a stream that is not ready as it is accepted: reads a PROXY header, shakes hands. It runs within the
/// connection's task, and the deadline of the first head holds for it too.
pub(crate) type Opening = Pin<Box<dyn Future<Output = io::Result<(Stream, Facts)>> + Send>>;

/// What a connection starts from.
pub(crate) enum Start {
    /// A stream that speaks HTTP from its first byte.
    Open(Stream, Facts),
    /// A stream that has to be opened first.
    Opening(Opening),
}

/// Calls the same method on whichever stream it is.
macro_rules! each {
    ($self:expr, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Stream::Tcp($stream) => $call,
            #[cfg(unix)]
            Stream::Unix($stream) => $call,
            #[cfg(feature = "tls")]
            Stream::Tls($stream) => $call,
        }
    };
}

impl Stream {
    /// Whether TLS was agreed on here, where it was settled what is spoken; a proxy in front may have done so too.
    #[cfg(feature = "http2")]
    pub(super) fn is_encrypted(&self) -> bool {
        match self {
            Self::Tcp(_) => false,
            #[cfg(unix)]
            Self::Unix(_) => false,
            #[cfg(feature = "tls")]
            Self::Tls(_) => true,
        }
    }

    /// How many bytes the socket under an encrypted stream has taken; 0 for a plain one, whose writes tell. A
    /// peer that takes less than a record at a time makes progress that only this shows.
    pub(super) fn passed_on(&self) -> u64 {
        match self {
            Self::Tcp(_) => 0,
            #[cfg(unix)]
            Self::Unix(_) => 0,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.get_ref().0.taken,
        }
    }

    /// Writes if that needs no waiting; else, and if the stream is encrypted, the error is `WouldBlock`.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_write(bytes),
            #[cfg(feature = "tls")]
            Self::Tls(_) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Whether the peer has reset the connection, which what it sent before hides from whoever looks.
    pub(super) fn is_reset(&self) -> bool {
        let socket = match self {
            Self::Tcp(stream) => socket2::SockRef::from(stream),
            #[cfg(unix)]
            Self::Unix(stream) => socket2::SockRef::from(stream),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => socket2::SockRef::from(&stream.get_ref().0.socket),
        };
        !matches!(socket.take_error(), Ok(None))
    }

    /// Makes the end of this stream a reset, when it is dropped: the peer sees that something is missing, and the
    /// kernel keeps nothing for one that does not read.
    pub(super) fn abort(&self) {
        match self {
            // If it can not be set, the stream ends as streams do.
            Self::Tcp(stream) => drop(stream.set_zero_linger()),
            // It has no such end.
            #[cfg(unix)]
            Self::Unix(_) => {}
            #[cfg(feature = "tls")]
            Self::Tls(stream) => drop(stream.get_ref().0.socket.set_zero_linger()),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            #[cfg(unix)]
            Self::Unix(stream) => stream.is_write_vectored(),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::mem::MaybeUninit;

    use tokio::io::Interest;

    /// As [`TcpStream::poll_peek`], which tokio has for TCP only.
    pub(super) fn poll_peek(stream: &UnixStream, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            std::task::ready!(stream.poll_read_ready(cx))?;
            let peek = || socket2::SockRef::from(stream).peek(&mut [MaybeUninit::uninit()]);
            match stream.try_io(Interest::READABLE, peek) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                peeked => return Poll::Ready(peeked),
            }
        }
    }
}

#[cfg(feature = "tls")]
mod tls {
    use super::*;

    /// What comes has to be decrypted before it is known to be a farewell; it waits in rustls's own buffer for
    /// whoever reads it.
    pub(super) fn poll_peek(
        stream: &mut TlsStream<Counted>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let (counted, tls) = stream.get_mut();
        loop {
            std::task::ready!(counted.socket.poll_read_ready(cx))?;
            match tls.read_tls(&mut Now(counted)) {
                Ok(0) => return Poll::Ready(Ok(0)),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                // Full of requests that nobody has read yet: the peer is there.
                Err(error) if error.kind() == io::ErrorKind::Other => return Poll::Ready(Ok(1)),
                Err(error) => return Poll::Ready(Err(error)),
            }
            match tls.process_new_packets() {
                Err(error) => return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error))),
                Ok(state) if state.plaintext_bytes_to_read() > 0 => return Poll::Ready(Ok(1)),
                Ok(state) if state.peer_has_closed() => return Poll::Ready(Ok(0)),
                Ok(_) => {}
            }
        }
    }

    /// A socket that does what can be done now.
    struct Now<'a>(&'a mut Counted);

    impl io::Read for Now<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0.try_read(buf)
        }
    }
}
