//! What stands in for TLS where the crate is built without it.

use std::io;
use std::sync::Arc;

use tokio::net::TcpStream;

use crate::config::HttpConfig;
use crate::connection::{ConnectionState, Facts, Stream};
use crate::error::ServeError;

/// The certificates of a server: none can be had.
#[derive(Debug, Clone)]
pub(crate) enum Certificates {}

impl Certificates {
    pub(crate) fn load(_: &HttpConfig) -> Result<Self, ServeError> {
        Err(ServeError::setup(
            "TLS is asked for, but it is not compiled in; turn on the feature `tls` of zzz-web (zzz-core-http has one \
             of the same name), or unset `tls_cert`, `tls_key`, `tls_client_ca` and `sni`",
        ))
    }

    pub(crate) fn reload_on_hangup(&self) -> io::Result<()> {
        match *self {}
    }
}

pub(crate) async fn shake_hands(
    _: TcpStream,
    _: Facts,
    none: Certificates,
    _: Arc<ConnectionState>,
) -> io::Result<(Stream, Facts)> {
    match none {}
}
