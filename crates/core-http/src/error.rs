//! [`ServeError`]: why a server does not start.

use std::fmt;
use std::io;

/// Why a server could not start.
#[derive(Debug)]
pub struct ServeError {
    kind: Kind,
    message: String,
    source: Option<io::Error>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    InUse,
    Other,
}

impl ServeError {
    pub(crate) fn resolve(address: &str, source: io::Error) -> Self {
        let message = format!("{address} is no address to listen on ({source}); set HOST and PORT");
        Self { kind: Kind::Other, message, source: Some(source) }
    }

    /// `mend` says how to choose another address.
    pub(crate) fn bind(address: &str, source: io::Error, mend: &str) -> Self {
        let (kind, message) = match source.kind() {
            io::ErrorKind::AddrInUse => {
                (Kind::InUse, format!("{address} is in use by another process; stop it, or {mend}"))
            }
            _ => (Kind::Other, format!("can not listen on {address}: {source}")),
        };
        Self { kind, message, source: Some(source) }
    }

    /// Settings that do not fit together, or name what can not be used.
    pub(crate) fn setup(message: impl Into<String>) -> Self {
        Self { kind: Kind::Other, message: message.into(), source: None }
    }

    /// Whether another process listens on the address.
    #[must_use]
    pub fn is_address_in_use(&self) -> bool {
        self.kind == Kind::InUse
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}
