//! [`Certificates`]: what the server shows and accepts, and how it is exchanged.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;

use super::files;
use super::resolver::Resolver;
use crate::config::HttpConfig;
use crate::error::ServeError;

/// The certificates of a server. Clones are handles to the same.
#[derive(Clone)]
pub struct Certificates(Arc<Inner>);

struct Inner {
    /// Where the files are.
    config: HttpConfig,
    current: RwLock<Arc<ServerConfig>>,
}

impl Certificates {
    pub(crate) fn load(config: &HttpConfig) -> Result<Self, ServeError> {
        let current = RwLock::new(load(config)?);
        Ok(Self(Arc::new(Inner { config: config.clone(), current })))
    }

    /// Reads all files again. Connections that are open stay as they are.
    ///
    /// # Errors
    /// If a file can not be read or does not fit; then everything stays as it was. The message names the file.
    pub fn reload(&self) -> Result<(), ServeError> {
        let new = load(&self.0.config)?;
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// [Reloads](Self::reload) whenever the process gets SIGHUP, and logs how it went; until the server is gone.
    /// Must be called within a tokio runtime. Where there is no such signal, nothing happens.
    ///
    /// # Errors
    /// If the signal can not be watched.
    pub fn reload_on_hangup(&self) -> io::Result<()> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let mut hangups = signal(SignalKind::hangup())?;
            let certificates = Arc::downgrade(&self.0);
            tokio::spawn(async move {
                while hangups.recv().await.is_some()
                    && let Some(inner) = certificates.upgrade()
                {
                    match Self(inner).reload() {
                        Ok(()) => tracing::info!(target: "zzz::http", "certificates were read again"),
                        Err(error) => {
                            tracing::error!(target: "zzz::http", %error, "certificates stay as they were");
                        }
                    }
                }
            });
        }
        Ok(())
    }

    /// What the next handshake takes.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

fn load(config: &HttpConfig) -> Result<Arc<ServerConfig>, ServeError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let others = match (&config.tls_cert, &config.tls_key) {
        (Some(cert), Some(key)) => Some(files::certified_key(cert, key, &provider)?),
        (None, None) if config.sni.is_empty() => {
            return Err(ServeError::setup(
                "`tls_client_ca` is set without `tls_cert` and `tls_key`; set them too",
            ));
        }
        (None, None) => None,
        (Some(_), None) => {
            return Err(ServeError::setup("`tls_cert` is set without `tls_key`; set the file of its key"));
        }
        (None, Some(_)) => {
            return Err(ServeError::setup(
                "`tls_key` is set without `tls_cert`; set the file of its certificate",
            ));
        }
    };
    let mut resolver = Resolver { others, ..Resolver::default() };
    for host in &config.sni {
        let pair = files::certified_key(&host.cert, &host.key, &provider)?;
        if !is_for(&pair, &host.host) {
            return Err(files::unusable(&host.cert, format!("it is not for the host {}", host.host)));
        }
        if resolver.hosts.insert(host.host.clone(), pair).is_some() {
            return Err(ServeError::setup(format!("`sni` has the host {} twice; remove one", host.host)));
        }
    }

    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| ServeError::setup(format!("TLS can not be set up: {error}")))?;
    let builder = match &config.tls_client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let authorities = Arc::new(files::authorities(path)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(authorities, provider)
                .allow_unauthenticated()
                .build()
                .map_err(|error| files::unusable(path, error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut tls = builder.with_cert_resolver(Arc::new(resolver));
    // All suites are good; that the server chooses is what auditors look for.
    tls.ignore_client_order = true;
    if cfg!(feature = "http2") {
        tls.alpn_protocols.push(b"h2".to_vec());
    }
    tls.alpn_protocols.push(b"http/1.1".to_vec());
    tls.ticketer = rustls::crypto::ring::Ticketer::new()
        .map_err(|error| ServeError::setup(format!("TLS can not be set up: {error}")))?;
    Ok(Arc::new(tls))
}

/// Whether a client that asks for `host` would accept the certificate's names.
fn is_for(pair: &CertifiedKey, host: &str) -> bool {
    // A wildcard is for any label.
    let example = host.replacen('*', "x", 1);
    let Ok(name) = ServerName::try_from(example) else { return false };
    let parsed = pair.end_entity_cert().and_then(ParsedCertificate::try_from);
    parsed.is_ok_and(|parsed| verify_server_name(&parsed, &name).is_ok())
}
