//! [`Way`]: how connections come to the target: by its port, by a unix socket, or through a proxy that says where they
//! come from. An attack goes any way: a relay stands between, which it takes for the target.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;

/// How connections come to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Port,
    UnixSocket,
    ProxyProtocol,
}

thread_local! {
    static WAY: Cell<Way> = const { Cell::new(Way::Port) };
}

/// Every target that this thread starts within `attack` is reached this way.
pub(crate) fn by(way: Way, attack: impl FnOnce()) {
    WAY.set(way);
    attack();
    WAY.set(Way::Port);
}

impl Way {
    pub(crate) fn current() -> Self {
        WAY.get()
    }
}

/// What a relay leads to.
#[derive(Debug, Clone)]
pub(crate) enum End {
    Unix(PathBuf),
    /// With a PROXY header before everything else.
    Proxied(SocketAddr),
}

/// Listens for connections and takes each to the end, for as long as the test runs.
pub(crate) fn relay(end: End) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let end = end.clone();
            // A target that is gone takes nobody.
            thread::spawn(move || drop(take(client, &end)));
        }
    });
    address
}

fn take(client: TcpStream, end: &End) -> io::Result<()> {
    client.set_nodelay(true)?;
    match end {
        End::Unix(path) => {
            let server = UnixStream::connect(path)?;
            let (from, to) = (server.try_clone()?, server);
            pass(client, from, to, |to| to.shutdown(Shutdown::Write))
        }
        End::Proxied(address) => {
            let mut server = TcpStream::connect(address)?;
            server.set_nodelay(true)?;
            server.write_all(b"PROXY TCP4 192.0.2.7 198.51.100.1 4321 80\r\n")?;
            let (from, to) = (server.try_clone()?, server);
            pass(client, from, to, |to| to.shutdown(Shutdown::Write))
        }
    }
}

/// Passes bytes on in both directions, and the end of each.
fn pass<F: Read + Send + 'static, T: Write + Send + 'static>(
    client: TcpStream,
    mut from: F,
    mut to: T,
    finish: impl FnOnce(&T) -> io::Result<()> + Send + 'static,
) -> io::Result<()> {
    let (mut from_client, mut to_client) = (client.try_clone()?, client);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to);
        finish(&to)
    });
    let _ = io::copy(&mut from, &mut to_client);
    // What the client still sends reaches nobody.
    to_client.shutdown(Shutdown::Both)
}
