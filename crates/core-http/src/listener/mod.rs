//! Sockets to accept from: of our own, or inherited; over TCP or a unix socket.

mod address;
mod inherited;
mod tcp;
#[cfg(unix)]
mod unix;

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use socket2::SockRef;

pub use address::Listen;

use crate::connection::{Facts, Stream};
use crate::error::ServeError;

pub(crate) use inherited::{Inherited, Purpose};

/// Connections that the kernel queues for each listener while the server is busy or full.
const BACKLOG: i32 = 1024;

/// How many bytes that were not sent the kernel takes for a connection; it takes more when half of them have left.
///
/// By default it would take some MiB, and more only when a third of that has left: a client that reads steadily, but
/// slowly, would show no progress for minutes.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 32 * 1024;

/// Where one kind of connection is accepted: plain ones, or those with TLS.
#[derive(Debug)]
pub(crate) struct Place {
    /// At least one; each has a queue of its own.
    sockets: Vec<Socket>,
    /// As a person reads it: `127.0.0.1:4000` or `unix:/path`.
    pub(crate) name: String,
    /// The first one over TCP.
    pub(crate) address: Option<SocketAddr>,
    /// The file of a unix socket, which goes when the listeners do.
    #[cfg(unix)]
    file: Option<unix::SocketFile>,
}

/// A socket that listens, not yet known to any runtime.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(std::net::TcpListener),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener),
}

/// A socket that listens within a runtime.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(tokio::net::TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
}

impl Place {
    /// Listens on `address` for this many workers; `key` is the setting that chooses the port.
    pub(crate) fn bind(address: &Listen, workers: usize, key: &str) -> Result<Self, ServeError> {
        match address {
            Listen::Tcp(address) => tcp::bind(address, workers, key),
            #[cfg(unix)]
            Listen::Unix(path) => unix::bind(path),
            #[cfg(not(unix))]
            Listen::Unix(path) => Err(ServeError::setup(format!(
                "unix:{} can not be listened on: this system has no unix sockets; set `listen` to HOST:PORT",
                path.display()
            ))),
        }
    }

    /// Inherited sockets; `None` if there are none.
    pub(crate) fn inherited(sockets: Vec<Socket>) -> Option<Self> {
        let address = sockets.iter().find_map(Socket::address);
        let name = sockets.first()?.name();
        Some(Self {
            sockets,
            name,
            address,
            #[cfg(unix)]
            file: None,
        })
    }

    /// A socket for each of this many accept loops: where there are fewer queues, some share one. A handle that
    /// can not be had is left out.
    pub(crate) fn share(mut self, loops: usize) -> (Vec<Socket>, Guard) {
        let own = self.sockets.len();
        for at in own..loops {
            match self.sockets[at % own].try_clone() {
                Ok(socket) => self.sockets.push(socket),
                Err(error) => {
                    tracing::warn!(target: "zzz::http", %error, "a worker accepts no connections");
                }
            }
        }
        #[cfg(unix)]
        let guard = Guard { _file: self.file };
        #[cfg(not(unix))]
        let guard = Guard {};
        (self.sockets, guard)
    }
}

/// What has to live as long as the listeners. Drop it while they still listen: as long as the socket is open,
/// no other file can be mistaken for its own.
#[derive(Debug)]
pub(crate) struct Guard {
    #[cfg(unix)]
    _file: Option<unix::SocketFile>,
}

impl Socket {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(socket) => Self::Tcp(socket.try_clone()?),
            #[cfg(unix)]
            Self::Unix(socket) => Self::Unix(socket.try_clone()?),
        })
    }

    fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(socket) => socket.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Tcp(socket) => match socket.local_addr() {
                Ok(address) => address.to_string(),
                Err(error) => error.to_string(),
            },
            #[cfg(unix)]
            Self::Unix(socket) => {
                let address = socket.local_addr().ok();
                let path = address.as_ref().and_then(|address| address.as_pathname());
                format!("unix:{}", path.map_or_else(|| "(unnamed)".into(), |path| path.display().to_string()))
            }
        }
    }

    /// Makes it known to the runtime that this is called in.
    pub(crate) fn listen(self) -> io::Result<Listener> {
        Ok(match self {
            Self::Tcp(socket) => Listener::Tcp(tokio::net::TcpListener::from_std(socket)?),
            #[cfg(unix)]
            Self::Unix(socket) => Listener::Unix(tokio::net::UnixListener::from_std(socket)?),
        })
    }
}

impl Listener {
    pub(crate) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Stream, Facts)>> {
        match self {
            Self::Tcp(listener) => listener.poll_accept(cx).map_ok(|(stream, peer)| {
                set_up(SockRef::from(&stream));
                let local = stream.local_addr().ok();
                (Stream::Tcp(stream), Facts::tcp(peer, local))
            }),
            #[cfg(unix)]
            Self::Unix(listener) => {
                listener.poll_accept(cx).map_ok(|(stream, _)| (Stream::Unix(stream), Facts::default()))
            }
        }
    }

    /// Accepts what is queued, asking the kernel itself: a runtime may not know of it yet, and has tasks pause
    /// after so many calls. `None` if there is nothing.
    pub(crate) fn accept_queued(&self) -> io::Result<Option<(Stream, Facts)>> {
        let socket = match self {
            Self::Tcp(listener) => SockRef::from(listener),
            #[cfg(unix)]
            Self::Unix(listener) => SockRef::from(listener),
        };
        let (stream, peer) = match socket.accept() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            accepted => accepted?,
        };
        stream.set_nonblocking(true)?;
        Ok(Some(match self {
            Self::Tcp(_) => {
                set_up(SockRef::from(&stream));
                let peer = peer.as_socket().ok_or(io::ErrorKind::Unsupported)?;
                let stream = tokio::net::TcpStream::from_std(stream.into())?;
                let local = stream.local_addr().ok();
                (Stream::Tcp(stream), Facts::tcp(peer, local))
            }
            #[cfg(unix)]
            Self::Unix(_) => {
                (Stream::Unix(tokio::net::UnixStream::from_std(stream.into())?), Facts::default())
            }
        }))
    }

    pub(crate) async fn accept(&self) -> io::Result<(Stream, Facts)> {
        std::future::poll_fn(|cx| self.poll_accept(cx)).await
    }
}

/// Sets the options of a connection over TCP. They could be inherited from the listener, but not by those that were
/// queued before the listener was ours. Without them the connection works, if not as well.
fn set_up(stream: SockRef<'_>) {
    // A response whose head and body are written apart would wait 40 ms for the peer's ACK.
    let _ = stream.set_tcp_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = stream.set_tcp_notsent_lowat(UNSENT);
}
