//! [`ServeError`]: why a server does not start.

use std::fmt;
use std::io;

/// Why a server could not start.
#[derive(Debug)]
pub struct ServeError {
    kind: Kind,
    address: String,
    source: io::Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Resolve,
    InUse,
    Bind,
}

impl ServeError {
    pub(crate) fn resolve(address: &str, source: io::Error) -> Self {
        Self { kind: Kind::Resolve, address: address.into(), source }
    }

    pub(crate) fn bind(address: &str, source: io::Error) -> Self {
        let kind = if source.kind() == io::ErrorKind::AddrInUse { Kind::InUse } else { Kind::Bind };
        Self { kind, address: address.into(), source }
    }

    /// Whether another process listens on the address.
    #[must_use]
    pub fn is_address_in_use(&self) -> bool {
        self.kind == Kind::InUse
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, source, .. } = self;
        match self.kind {
            Kind::Resolve => write!(f, "{address} is no address to listen on ({source}); set HOST and PORT"),
            Kind::InUse => write!(
                f,
                "{address} is in use by another process; stop it, or choose another port with PORT (0 picks a free one)"
            ),
            Kind::Bind => write!(f, "can not listen on {address}: {source}"),
        }
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
