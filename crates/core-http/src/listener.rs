//! Sockets to accept from: one for each worker on one address.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use crate::error::ServeError;

/// Connections that the kernel queues for each listener while the server is busy or full.
const BACKLOG: i32 = 1024;

/// Opens a listener for each worker on `address`.
pub(crate) fn bind(address: &str, workers: usize) -> Result<(Vec<TcpListener>, SocketAddr), ServeError> {
    let resolved = address.to_socket_addrs().map_err(|error| ServeError::resolve(address, error))?;
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for target in resolved {
        match bind_all(target, workers) {
            Ok(bound) => return Ok(bound),
            Err(error) => last = error,
        }
    }
    Err(ServeError::bind(address, last))
}

fn bind_all(target: SocketAddr, workers: usize) -> io::Result<(Vec<TcpListener>, SocketAddr)> {
    // Without SO_REUSEPORT first: with it, a second server on the same port would silently take half of the
    // connections instead of failing.
    let probe = open(target, false)?;
    let Some(bound) = probe.local_addr()?.as_socket() else { return Err(io::ErrorKind::Unsupported.into()) };
    if workers <= 1 || !cfg!(target_os = "linux") {
        return Ok((vec![listen(&probe)?], bound));
    }
    drop(probe);
    let listeners = (0..workers).map(|_| listen(&open(bound, true)?)).collect::<io::Result<Vec<_>>>()?;
    Ok((listeners, bound))
}

fn open(target: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(target), Type::STREAM, Some(Protocol::TCP))?;
    // Only lets us listen again while old connections linger; another listener is still an error.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(target_os = "linux")]
    if shared {
        socket.set_reuse_port(true)?;
    }
    #[cfg(not(target_os = "linux"))]
    let _ = shared;
    socket.set_nonblocking(true)?;
    socket.bind(&target.into())?;
    Ok(socket)
}

fn listen(socket: &Socket) -> io::Result<TcpListener> {
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.try_clone()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_that_is_taken_is_an_error_even_with_reuseport() {
        let (listeners, address) = bind("127.0.0.1:0", 2).unwrap();
        assert_eq!(listeners.len(), if cfg!(target_os = "linux") { 2 } else { 1 });
        let error = bind(&address.to_string(), 2).unwrap_err();
        assert!(error.is_address_in_use(), "{error}");
        assert!(error.to_string().contains("is in use by another process"), "{error}");
        drop(listeners);
        bind(&address.to_string(), 2).unwrap();
    }

    #[tokio::test]
    async fn says_what_is_no_address() {
        let error = bind("no such host:4000", 1).unwrap_err();
        assert!(error.to_string().contains("no such host:4000 is no address"), "{error}");
    }
}
