//! [`Facts`]: what is known of a connection before its first request.

use std::net::SocketAddr;

/// What is known of a connection once it is open: after a PROXY header and the TLS handshake, if it has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// The client's address: that of the socket's other end, or what a trusted proxy's PROXY header says.
    /// `None` over a unix socket.
    pub(crate) peer: Option<SocketAddr>,
    /// The address that the client has connected to, by the socket or by what a trusted proxy's PROXY header says.
    pub(crate) local: Option<SocketAddr>,
    /// The other end of the socket where `peer` comes from a PROXY header.
    pub(crate) proxy: Option<SocketAddr>,
    /// Whether the connection is encrypted.
    pub(crate) secure: bool,
    /// Whether the TLS handshake settled on `h2`. A plain connection speaks HTTP/2 if its first bytes say so.
    #[cfg(feature = "http2")]
    pub(crate) http2: bool,
    /// The client's certificate in DER, if it showed one that was accepted.
    pub(crate) client_certificate: Option<Box<[u8]>>,
}

impl Facts {
    /// A plain connection over TCP.
    pub(crate) fn tcp(peer: SocketAddr, local: Option<SocketAddr>) -> Self {
        Self { peer: Some(peer), local, ..Self::default() }
    }
}
