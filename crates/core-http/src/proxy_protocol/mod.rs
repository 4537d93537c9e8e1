//! The PROXY protocol: who a connection through a proxy really comes from.
//!
//! A proxy that works on connections, such as haproxy in TCP mode, sends a header before the first byte of the
//! client's: a line (version 1) or a binary block (version 2). This is a strict reader of both, after
//! <https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt>; what the document does not allow is refused.
//!
//! ```
//! use zzz_core_http::proxy_protocol::{Origin, Progress, parse};
//!
//! let bytes = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\nGET / HTTP/1.1\r\n";
//! let Progress::Done { header, length } = parse(bytes).unwrap() else { panic!("it is complete") };
//! assert_eq!(&bytes[length..], b"GET / HTTP/1.1\r\n");
//! let client = "192.0.2.7:56324".parse().unwrap();
//! let server = "198.51.100.1:443".parse().unwrap();
//! assert_eq!(header.origin, Origin::Inet { client, server });
//! ```

mod v1;
mod v2;

use std::fmt;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest header that is read. Version 1 has at most 107 bytes; version 2 may carry more than anybody needs.
pub const MAX_LENGTH: usize = 4096;

/// What a proxy says of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Where the connection comes from.
    pub origin: Origin,
    /// Whether the client speaks TLS with the proxy (`PP2_CLIENT_SSL`); version 1 can not say it.
    pub secure: bool,
}

/// Where a connection comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// From the proxy itself, such as a health check, or from where it can not say (`LOCAL`, `UNKNOWN`,
    /// `AF_UNSPEC`): the connection's own addresses hold.
    Own,
    /// From an address.
    Inet {
        /// The client's address.
        client: SocketAddr,
        /// The address that the client connected to.
        server: SocketAddr,
    },
    /// From a unix socket on the proxy's machine.
    Unix,
}

/// How far a header has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// At least this many bytes more belong to it.
    Needs(usize),
    /// It is there.
    Done {
        /// What it says.
        header: Header,
        /// How many bytes it took.
        length: usize,
    },
}

/// Why something is no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoHeader(pub(crate) &'static str);

impl fmt::Display for NoHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no PROXY header: {}", self.0)
    }
}

impl std::error::Error for NoHeader {}

/// Reads the header that `bytes` begin with, as far as they go.
///
/// # Errors
/// If no continuation could make it a header, or it is longer than [`MAX_LENGTH`].
pub fn parse(bytes: &[u8]) -> Result<Progress, NoHeader> {
    match bytes.first() {
        None => Ok(Progress::Needs(v1::SHORTEST)),
        Some(b'P') => v1::parse(bytes),
        Some(_) => v2::parse(bytes),
    }
}

/// Reads a header from a stream, and nothing of what follows.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Header> {
    let mut bytes = Vec::new();
    loop {
        match parse(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))? {
            Progress::Done { header, .. } => return Ok(header),
            Progress::Needs(more) => {
                let have = bytes.len();
                bytes.resize(have + more, 0);
                stream.read_exact(&mut bytes[have..]).await?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn reads_the_header_and_nothing_after_it() {
        let v1 = b"PROXY TCP6 2001:db8::1 ::1 1 65535\r\n".to_vec();
        let v2 = [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".as_slice(), &[1, 2, 3, 4, 5, 6, 7, 8, 0, 9, 1, 0]]
            .concat();
        for (mut bytes, client) in [(v1, "[2001:db8::1]:1"), (v2, "1.2.3.4:9")] {
            bytes.extend_from_slice(b"PROXY");
            let mut rest = bytes.as_slice();
            let header = block_on(read(&mut rest)).unwrap();
            assert!(matches!(header.origin, Origin::Inet { client: read, .. } if read.to_string() == client));
            assert_eq!(rest, b"PROXY");
        }
    }

    #[test]
    fn a_stream_that_ends_within_the_header_is_an_error() {
        for bytes in [b"".as_slice(), b"PROXY TCP4 1.2.3.4", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c123"] {
            let mut rest = bytes;
            let error = block_on(read(&mut rest)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn what_is_no_header_is_known_early() {
        for bytes in [b"GET / HTTP/1.1\r\n".as_slice(), b"\x16\x03\x01\x02\0", b"POST", b"\r\nGET", b"proxy"]
        {
            assert!(parse(bytes).is_err(), "{bytes:?}");
        }
    }
}
