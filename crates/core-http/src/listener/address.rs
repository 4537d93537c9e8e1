//! [`Listen`]: the key `listen`.

use std::fmt;
use std::path::PathBuf;

use zzz_core::config::{Raw, Setting};

/// Where to listen: `HOST:PORT`, or `unix:/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A host name or an address, and a port.
    Tcp(String),
    /// The path of a unix socket.
    Unix(PathBuf),
}

impl Setting for Listen {
    const EXPECTS: &'static str =
        "an address such as \"127.0.0.1:4000\" or a unix socket such as \"unix:/path\"";

    fn read(raw: &Raw) -> Option<Self> {
        let Raw::Text(text) = raw else { return None };
        let text = text.trim();
        if let Some(path) = text.strip_prefix("unix:") {
            return (!path.is_empty()).then(|| Self::Unix(path.into()));
        }
        let (host, port) = text.rsplit_once(':')?;
        // An IPv6 address needs its brackets, or the port could be a part of it.
        let bare = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
        (!host.is_empty() && !bare && port.parse::<u16>().is_ok()).then(|| Self::Tcp(text.into()))
    }

    fn show(&self) -> Option<Raw> {
        Some(Raw::Text(self.to_string()))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_and_paths() {
        let read = |text: &str| Listen::read(&Raw::Text(text.into()));
        for text in ["127.0.0.1:4000", "localhost:0", "[::1]:80", "unix:/run/app.sock", "unix:data/app.sock"]
        {
            assert_eq!(read(text).unwrap().to_string(), text);
        }
        assert_eq!(read("unix:/run/app.sock"), Some(Listen::Unix("/run/app.sock".into())));
        for text in
            ["", "unix:", "4000", ":4000", "::1:4000", "localhost", "localhost:70000", "/run/app.sock"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
