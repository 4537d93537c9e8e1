//! TLS with rustls: certificates for one or many hosts, exchanged without a restart.
//!
//! TLS 1.2 and 1.3 and nothing older; ALPN offers `h2` (with the feature `http2`) and `http/1.1`.
//! The certificate is chosen by the name that
//! the client asks for (SNI, RFC 6066), among those of the settings `sni`, else it is `tls_cert`.
//!
//! Handshakes take the configuration as it is when they begin, so exchanging it touches no open connection. A
//! configuration has its own tickets: after an exchange nobody resumes what the old one has accepted.

#[cfg(feature = "tls")]
mod certificate;
#[cfg(feature = "tls")]
mod certificates;
#[cfg(feature = "tls")]
mod files;
#[cfg(feature = "tls")]
mod handshake;
#[cfg(not(feature = "tls"))]
mod missing;
#[cfg(feature = "tls")]
mod resolver;
#[cfg(feature = "tls")]
mod self_signed;
mod sni;

#[cfg(feature = "tls")]
pub use certificates::Certificates;
#[cfg(feature = "tls")]
pub use self_signed::self_signed;
pub use sni::SniHost;

#[cfg(feature = "tls")]
pub(crate) use handshake::shake_hands;
#[cfg(not(feature = "tls"))]
pub(crate) use missing::{Certificates, shake_hands};
