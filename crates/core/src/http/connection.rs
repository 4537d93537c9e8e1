//! [`Connection`]: what the server knows of the connection that a request came over.

use std::net::SocketAddr;
use std::time::Duration;

/// The connection of a request, as the server implements it. Requests made in tests have none.
pub trait Connection: Send + Sync {
    /// The peer's address: the other end of the connection, or what a trusted proxy's PROXY header says. `None`
    /// over a unix socket.
    fn peer_addr(&self) -> Option<SocketAddr>;

    /// The address of the proxy whose PROXY header says what [`peer_addr`](Self::peer_addr) is; `None` if there
    /// was no such header, or it came over a unix socket.
    fn proxy_addr(&self) -> Option<SocketAddr>;

    /// The server's address: the one that the client has connected to, or what a trusted proxy's PROXY header says of
    /// that. `None` over a unix socket.
    fn local_addr(&self) -> Option<SocketAddr>;

    /// Whether the connection is encrypted.
    fn is_secure(&self) -> bool;

    /// The certificate that the client has shown and the server has accepted, in DER; `None` if it has shown
    /// none.
    fn client_certificate(&self) -> Option<&[u8]>;

    /// Gives the request in flight this long, from its arrival, until its response begins.
    fn set_request_timeout(&self, timeout: Duration);

    /// What of the request in flight is overdue. The server wakes the request's task when something is.
    fn overdue(&self) -> Option<Overdue>;
}

/// What of a request is overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overdue {
    /// Its response, which should have begun: 503.
    Response,
    /// Its body, which comes too slowly: 408.
    Body,
}
