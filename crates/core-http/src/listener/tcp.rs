//! Listening on a port: one socket for each worker.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use socket2::{Domain, Protocol, Type};

use super::{BACKLOG, Place, Socket};
use crate::error::ServeError;

/// Opens a listener for each worker on `address`; `key` is the setting that chooses the port.
pub(super) fn bind(address: &str, workers: usize, key: &str) -> Result<Place, ServeError> {
    let resolved = address.to_socket_addrs().map_err(|error| ServeError::resolve(address, error))?;
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for target in resolved {
        match bind_all(target, workers) {
            Ok((sockets, bound)) => {
                return Ok(Place {
                    sockets,
                    name: bound.to_string(),
                    address: Some(bound),
                    #[cfg(unix)]
                    file: None,
                });
            }
            Err(error) => last = error,
        }
    }
    Err(ServeError::bind(address, last, &format!("choose another port with {key} (0 picks a free one)")))
}

fn bind_all(target: SocketAddr, workers: usize) -> io::Result<(Vec<Socket>, SocketAddr)> {
    // The first one binds and listens without SO_REUSEPORT: with it, a second server on the same port would
    // silently take half of the connections instead of failing. From then on the port is ours, and the others
    // may join.
    let first = open(target, false)?;
    let Some(bound) = first.local_addr()?.as_socket() else { return Err(io::ErrorKind::Unsupported.into()) };
    let mut sockets = vec![first];
    #[cfg(target_os = "linux")]
    if workers > 1 {
        sockets[0].set_reuse_port(true)?;
        for _ in 1..workers {
            sockets.push(open(bound, true)?);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = workers;
    Ok((sockets.into_iter().map(|socket| Socket::Tcp(socket.into())).collect(), bound))
}

fn open(target: SocketAddr, joins: bool) -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(Domain::for_address(target), Type::STREAM, Some(Protocol::TCP))?;
    // Only lets us listen again while old connections linger; another listener is still an error.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(target_os = "linux")]
    socket.set_reuse_port(joins)?;
    #[cfg(not(target_os = "linux"))]
    let _ = joins;
    socket.set_nonblocking(true)?;
    socket.bind(&target.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_an_error_even_with_reuseport() {
        let place = bind("127.0.0.1:0", 2, "PORT").unwrap();
        assert_eq!(place.sockets.len(), if cfg!(target_os = "linux") { 2 } else { 1 });
        let error = bind(&place.name, 2, "PORT").unwrap_err();
        assert!(error.is_address_in_use(), "{error}");
        assert!(error.to_string().contains("is in use by another process"), "{error}");
        assert!(error.to_string().contains("another port with PORT"), "{error}");
        let name = place.name.clone();
        drop(place);
        bind(&name, 2, "PORT").unwrap();
    }

    #[test]
    fn of_many_that_want_a_port_at_once_one_gets_it() {
        for _ in 0..50 {
            let port = bind("127.0.0.1:0", 1, "PORT").unwrap().name;
            let start = std::sync::Barrier::new(4);
            let bound = std::thread::scope(|scope| {
                let tries: Vec<_> = (0..4)
                    .map(|_| {
                        scope.spawn(|| {
                            start.wait();
                            bind(&port, 2, "PORT").ok()
                        })
                    })
                    .collect();
                tries.into_iter().filter_map(|tried| tried.join().unwrap()).collect::<Vec<_>>()
            });
            // Two that bind at the very same moment may both fail; two may never share.
            assert!(bound.len() <= 1, "{} servers share {port}", bound.len());
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn every_socket_of_a_place_gets_connections() {
        let place = bind("127.0.0.1:0", 2, "PORT").unwrap();
        let clients: Vec<_> =
            (0..64).map(|_| std::net::TcpStream::connect(place.address.unwrap()).unwrap()).collect();
        let mut counts = Vec::new();
        for socket in &place.sockets {
            let Socket::Tcp(socket) = socket else { unreachable!() };
            counts.push(std::iter::from_fn(|| socket.accept().ok()).count());
        }
        assert_eq!(counts.iter().sum::<usize>(), clients.len());
        assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    }

    #[test]
    fn says_what_is_no_address() {
        let error = bind("no such host:4000", 1, "PORT").unwrap_err();
        assert!(error.to_string().contains("no such host:4000 is no address"), "{error}");
    }
}
