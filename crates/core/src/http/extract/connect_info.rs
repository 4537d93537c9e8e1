//! [`ConnectInfo`]: the connection that the request came over.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{FromRequestParts, OptionalFromRequestParts};
use crate::http::{Connection, Parts};
use crate::{Error, Result};

/// The connection that the request came over: who is at its other end, and how it is encrypted.
///
/// The other end may be a proxy. Who the client behind it is says [`ClientInfo`](super::ClientInfo).
///
/// A request that came over no connection, as one made in a test, has none: `Option<ConnectInfo>` is `None`, and without
/// the `Option` it is 500.
#[derive(Clone)]
pub struct ConnectInfo(Arc<dyn Connection>);

impl ConnectInfo {
    /// The other end of the connection, or what a trusted proxy's PROXY header says; `None` over a unix socket.
    #[must_use]
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.0.peer_addr()
    }

    /// The proxy whose PROXY header says what [`peer_addr`](Self::peer_addr) is.
    #[must_use]
    pub fn proxy_addr(&self) -> Option<SocketAddr> {
        self.0.proxy_addr()
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.is_secure()
    }

    /// The certificate, in DER, that the client has shown and the server has accepted.
    #[must_use]
    pub fn client_certificate(&self) -> Option<&[u8]> {
        self.0.client_certificate()
    }
}

impl FromRequestParts for ConnectInfo {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        let connection = parts.connection().cloned().map(Self);
        connection.ok_or_else(|| {
            Error::internal(
                "the request came over no connection, as one of a test does; take `Option<ConnectInfo>`",
            )
        })
    }
}

impl OptionalFromRequestParts for ConnectInfo {
    async fn from_request_parts_if_any(parts: &mut Parts) -> Result<Option<Self>> {
        Ok(parts.connection().cloned().map(Self))
    }
}

impl fmt::Debug for ConnectInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectInfo")
            .field("peer", &self.peer_addr())
            .field("proxy", &self.proxy_addr())
            .field("secure", &self.is_secure())
            .finish_non_exhaustive()
    }
}
