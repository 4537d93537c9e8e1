//! Reads certificates and keys. Every error names its file.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::certificate;
use crate::error::ServeError;

/// A certificate chain with its key: not expired, and of the same pair.
pub(super) fn certified_key(
    cert: &Path,
    key: &Path,
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, ServeError> {
    let chain = certificates(cert)?;
    let Some(first) = chain.first() else { return Err(no_certificate(cert)) };
    match certificate::not_after(first) {
        None => return Err(unusable(cert, "its first certificate can not be read")),
        Some(end) if end < SystemTime::now() => {
            let ago = SystemTime::now().duration_since(end).unwrap_or_default().as_secs() / 86_400;
            let ago = match ago {
                0 => "less than a day ago".to_owned(),
                1 => "a day ago".to_owned(),
                days => format!("{days} days ago"),
            };
            return Err(unusable(cert, format!("it expired {ago}; renew it")));
        }
        Some(_) => {}
    }
    let secret = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| match error {
        pem::Error::NoItemsFound => unusable(key, "it holds no private key in PEM that is not encrypted"),
        error => unusable(key, error),
    })?;
    match CertifiedKey::from_der(chain, secret, provider) {
        Ok(pair) => Ok(Arc::new(pair)),
        Err(rustls::Error::InconsistentKeys(_)) => {
            let what = format!("it is not the key of the certificate in {}", cert.display());
            Err(unusable(key, what))
        }
        Err(error) => Err(unusable(key, error)),
    }
}

/// The authorities that client certificates are checked against.
pub(super) fn authorities(path: &Path) -> Result<RootCertStore, ServeError> {
    let mut authorities = RootCertStore::empty();
    for certificate in certificates(path)? {
        authorities.add(certificate).map_err(|error| unusable(path, error))?;
    }
    if authorities.is_empty() { Err(no_certificate(path)) } else { Ok(authorities) }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ServeError> {
    CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(path, error))
}

fn read(path: &Path) -> Result<Vec<u8>, ServeError> {
    std::fs::read(path).map_err(|error| unusable(path, error))
}

fn no_certificate(path: &Path) -> ServeError {
    unusable(path, "it holds no certificate in PEM")
}

pub(super) fn unusable(path: &Path, why: impl std::fmt::Display) -> ServeError {
    ServeError::setup(format!("{} can not be used for TLS: {why}", path.display()))
}
