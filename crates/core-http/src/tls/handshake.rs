//! The opening of a connection with TLS.

use std::io;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::Certificates;
use crate::connection::{ConnectionState, Counted, Facts, Stream};

/// The first byte of every TLS connection: the type of the record that holds the client's hello (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;

/// What somebody reads who has left out the `s` of `https`.
const PLAIN_HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 40\r\n\
    content-type: text/plain\r\n\r\nThis port speaks TLS; use an https URL.\n";

/// Shakes hands as a server; `facts` are those of the connection beneath.
pub(crate) async fn shake_hands(
    mut stream: TcpStream,
    facts: Facts,
    certificates: Certificates,
    state: Arc<ConnectionState>,
) -> io::Result<(Stream, Facts)> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if first[0] != HANDSHAKE {
        // What is left unread would make the kernel cut the connection instead of closing it.
        let _ = stream.try_read(&mut [0; 8192]);
        stream.write_all(PLAIN_HTTP).await?;
        stream.shutdown().await?;
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the client does not speak TLS"));
    }
    let mut stream = TlsAcceptor::from(certificates.current()).accept(Counted::new(stream, state)).await?;
    stream.get_mut().0.hands_are_shaken();
    let (_, tls) = stream.get_ref();
    let facts = Facts {
        secure: true,
        #[cfg(feature = "http2")]
        http2: tls.alpn_protocol() == Some(b"h2"),
        client_certificate: tls
            .peer_certificates()
            .and_then(|chain| chain.first())
            .map(|der| der.as_ref().into()),
        ..facts
    };
    Ok((Stream::Tls(Box::new(stream)), facts))
}
