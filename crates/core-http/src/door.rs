//! [`Door`]: how the connections that come in at one place begin, and what answers them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use zzz_core::config::IpRange;

use crate::connection::{ConnectionState, Facts, Opening, Serving, Start, Stream};
use crate::proxy_protocol::{self, Origin};
use crate::tls::{self, Certificates};

/// How the connections that come in at one place begin, and what answers them.
pub(crate) struct Door {
    pub(crate) serving: Arc<Serving>,
    /// With them, connections begin with a TLS handshake.
    pub(crate) certificates: Option<Certificates>,
    /// With them, connections begin with a PROXY header, and have to come from one of these.
    pub(crate) proxies: Option<Arc<[IpRange]>>,
}

impl Door {
    /// What a new connection starts from; `None` if it is refused.
    pub(crate) fn admit(&self, stream: Stream, facts: Facts, state: &Arc<ConnectionState>) -> Option<Start> {
        if self.certificates.is_none() && self.proxies.is_none() {
            return Some(Start::Open(stream, facts));
        }
        if let Some(proxies) = &self.proxies
            && let Some(peer) = facts.peer
            && !proxies.iter().any(|range| range.contains(peer.ip()))
        {
            // Whether the header is there must not be guessed, so a client that is no proxy can not be served.
            tracing::debug!(target: "zzz::http", %peer, "closed: not one of `trusted_proxies`");
            return None;
        }
        let (proxied, certificates) = (self.proxies.is_some(), self.certificates.clone());
        Some(Start::Opening(open(stream, facts, proxied, certificates, Arc::clone(state))))
    }
}

fn open(
    mut stream: Stream,
    mut facts: Facts,
    proxied: bool,
    certificates: Option<Certificates>,
    state: Arc<ConnectionState>,
) -> Opening {
    Box::pin(async move {
        if proxied {
            facts = read_header(&mut stream, facts).await?;
        }
        match (certificates, stream) {
            (None, stream) => Ok((stream, facts)),
            (Some(certificates), Stream::Tcp(stream)) => {
                tls::shake_hands(stream, facts, certificates, state).await
            }
            (Some(_), _) => Err(io::Error::new(io::ErrorKind::Unsupported, "TLS is spoken over TCP only")),
        }
    })
}

/// The connection as the proxy tells it.
async fn read_header(stream: &mut Stream, facts: Facts) -> io::Result<Facts> {
    let header = proxy_protocol::read(stream).await.inspect_err(|error| {
        // A trusted proxy that sends none is a mistake in somebody's configuration; one that only looks whether
        // we are there is not.
        if error.kind() == io::ErrorKind::InvalidData {
            let proxy = facts.peer.as_ref().map(SocketAddr::to_string);
            tracing::warn!(target: "zzz::http", proxy, %error, "closed a connection of a trusted proxy");
        }
    })?;
    let facts = Facts { secure: header.secure, ..facts };
    Ok(match header.origin {
        Origin::Own => facts,
        Origin::Inet { client, server } => {
            Facts { proxy: facts.peer, peer: Some(client), local: Some(server), ..facts }
        }
        Origin::Unix => Facts { proxy: facts.peer, peer: None, local: None, ..facts },
    })
}
