//! Which certificate a client is shown.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Chooses by the name that the client asks for: the name itself, then its wildcard, then the certificate for all.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    /// `a.example`, and `*.a.example` for the names with one more label.
    pub(super) hosts: HashMap<String, Arc<CertifiedKey>>,
    pub(super) others: Option<Arc<CertifiedKey>>,
}

impl Resolver {
    fn find(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        let name = name.to_ascii_lowercase();
        let exact = self.hosts.get(&name);
        let wildcard = || self.hosts.get(&format!("*.{}", name.split_once('.')?.1));
        exact.or_else(wildcard)
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        client_hello.server_name().and_then(|name| self.find(name)).or(self.others.as_ref()).cloned()
    }
}
