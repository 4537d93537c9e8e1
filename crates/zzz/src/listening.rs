//! From the section `[http]` to a server that listens: paths start at the root, and dev may have a certificate
//! that nobody had to make.

use std::path::{Path, PathBuf};

use zzz_core::Result;
use zzz_core_http::{HttpConfig, Listen, Server};

use crate::boot::Prepared;

/// The value of `tls_cert` that stands for a certificate of zzz's own making.
#[cfg(feature = "tls")]
const SELF_SIGNED: &str = "self-signed";

/// Where that is kept.
#[cfg(feature = "tls")]
const FOLDER: &str = "data/tls";

/// Listens as the configuration says. Call it before other threads are started: see [`Server::bind`].
pub(crate) fn listen(prepared: &Prepared) -> Result<Server> {
    let mut http = (*prepared.config.get::<HttpConfig>()).clone();
    let root = &prepared.root;
    #[cfg(feature = "tls")]
    if is_self_signed(&http) {
        make_certificate(&mut http, prepared)?;
    }
    for path in [&mut http.tls_cert, &mut http.tls_key, &mut http.tls_client_ca].into_iter().flatten() {
        from_root(root, path);
    }
    for host in &mut http.sni {
        from_root(root, &mut host.cert);
        from_root(root, &mut host.key);
    }
    if let Some(Listen::Unix(path)) = &mut http.listen {
        from_root(root, path);
    }
    Ok(Server::bind(&http)?)
}

fn from_root(root: &Path, path: &mut PathBuf) {
    *path = root.join(&path);
}

/// Whether the certificate is one of zzz's own making, for development.
#[cfg(feature = "tls")]
pub(crate) fn is_self_signed(http: &HttpConfig) -> bool {
    http.tls_cert.as_deref() == Some(Path::new(SELF_SIGNED))
}

#[cfg(feature = "tls")]
fn make_certificate(http: &mut HttpConfig, prepared: &Prepared) -> Result<()> {
    use zzz_core::Error;
    if prepared.config.env().is_prod() {
        return Err(Error::internal(format!(
            "`tls_cert` is `{SELF_SIGNED}`, which nobody but its maker trusts; prod needs the files of a certificate"
        )));
    }
    if http.tls_key.is_some() {
        return Err(Error::internal(format!(
            "`tls_cert` is `{SELF_SIGNED}`, which comes with its key; unset `tls_key`, or name the files of both"
        )));
    }
    let (cert, key) = zzz_core_http::tls::self_signed(&prepared.root.join(FOLDER))?;
    (http.tls_cert, http.tls_key) = (Some(cert), Some(key));
    Ok(())
}
