//! TLS as a client, and certificates that are made for these tests.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::target::temp_folder;

/// A certificate and its key, as files.
pub(crate) struct Certificate {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) der: CertificateDer<'static>,
}

/// The certificate for `localhost` that every target has.
pub(crate) static LOCALHOST: LazyLock<Certificate> =
    LazyLock::new(|| Certificate::make(&temp_folder(), "localhost"));

impl Certificate {
    /// Makes one for this host; the files are `HOST.pem` and `HOST.key`.
    pub(crate) fn make(folder: &Path, host: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(vec![host.to_owned()]).unwrap();
        let (cert, key) = (folder.join(format!("{host}.pem")), folder.join(format!("{host}.key")));
        fs::write(&cert, pem("CERTIFICATE", made.cert.der())).unwrap();
        fs::write(&key, pem("PRIVATE KEY", &made.signing_key.serialize_der())).unwrap();
        Self { cert, key, der: made.cert.der().clone() }
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// What a client offers.
pub(crate) fn client(trusted: &[&Certificate], protocols: &[&str]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for certificate in trusted {
        roots.add(certificate.der.clone()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    config
}

/// A connection whose handshake is still to come.
pub(crate) fn begin(
    stream: TcpStream,
    config: ClientConfig,
    host: &str,
) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::try_from(host.to_owned()).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
}

/// Reads what has come, also when nothing can be written any more: a server may say why before it closes.
pub(crate) fn read(
    stream: &mut StreamOwned<ClientConnection, TcpStream>,
    piece: &mut [u8],
) -> io::Result<usize> {
    let StreamOwned { conn, sock } = stream;
    loop {
        while conn.wants_write() && conn.write_tls(sock).is_ok_and(|written| written > 0) {}
        match conn.reader().read(piece) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            done => return done,
        }
        conn.read_tls(sock)?;
        conn.process_new_packets().map_err(io::Error::other)?;
    }
}
