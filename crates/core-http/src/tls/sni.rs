//! [`SniHost`]: the certificate of a single host.

use std::fmt;
use std::path::PathBuf;

use zzz_core::config::{Raw, Setting};

/// A host name with a certificate of its own: an entry of the list `sni`.
///
/// In a file it is a table, `{ host = "a.example", cert = "a.pem", key = "a.key" }`, or stands under
/// `[[http.sni]]`; in a variable it is `a.example=a.pem:a.key`, with commas between several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SniHost {
    /// The host's name, in lower case; `*.` in front stands for one label of any kind.
    pub host: String,
    /// Its certificate chain, in PEM.
    pub cert: PathBuf,
    /// The private key of `cert`, in PEM.
    pub key: PathBuf,
}

impl SniHost {
    fn new(host: &str, cert: &str, key: &str) -> Option<Self> {
        let (host, cert, key) = (host.trim().to_ascii_lowercase(), cert.trim(), key.trim());
        let whole =
            is_host_name(host.strip_prefix("*.").unwrap_or(&host)) && !cert.is_empty() && !key.is_empty();
        whole.then(|| Self { host, cert: cert.into(), key: key.into() })
    }
}

/// Whether it is the name of a host as TLS knows it (RFC 6066, 3): no address, no dot at the end.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    name.len() <= 253 && name.split('.').all(is_label) && !name.rsplit('.').next().is_some_and(is_number)
}

impl fmt::Display for SniHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}:{}", self.host, self.cert.display(), self.key.display())
    }
}

impl Setting for SniHost {
    const EXPECTS: &'static str = "a host with a certificate and a key";
    const EXPECTS_LIST: &'static str = "a list of hosts such as \
        { host = \"a.example\", cert = \"a.pem\", key = \"a.key\" }, or in a variable a.example=a.pem:a.key";

    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Text(text) => {
                let (host, files) = text.split_once('=')?;
                let (cert, key) = files.split_once(':')?;
                Self::new(host, cert, key)
            }
            Raw::Table(values) => {
                let text = |wanted: &str| {
                    values.iter().find_map(|(name, value)| match value {
                        Raw::Text(text) if name == wanted => Some(text.as_str()),
                        _ => None,
                    })
                };
                let (host, cert, key) = (text("host")?, text("cert")?, text("key")?);
                if values.len() == 3 { Self::new(host, cert, key) } else { None }
            }
            _ => None,
        }
    }

    fn show(&self) -> Option<Raw> {
        let text = |path: &PathBuf| Raw::Text(path.display().to_string());
        Some(Raw::Table(vec![
            ("host".into(), Raw::Text(self.host.clone())),
            ("cert".into(), text(&self.cert)),
            ("key".into(), text(&self.key)),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(values: &[(&str, &str)]) -> Raw {
        Raw::Table(values.iter().map(|(name, value)| ((*name).into(), Raw::Text((*value).into()))).collect())
    }

    #[test]
    fn a_table_and_a_text_say_the_same() {
        let wanted =
            SniHost { host: "a.example".into(), cert: "certs/a.pem".into(), key: "certs/a.key".into() };
        let values = [("host", "A.Example"), ("cert", "certs/a.pem"), ("key", "certs/a.key")];
        assert_eq!(SniHost::read(&table(&values)).unwrap(), wanted);
        assert_eq!(SniHost::read(&Raw::Text("a.example=certs/a.pem:certs/a.key".into())).unwrap(), wanted);
        assert_eq!(SniHost::read(&wanted.show().unwrap()).unwrap(), wanted);
        let two = Raw::Text("a.example=certs/a.pem:certs/a.key, *.b.example=b.pem:b.key".into());
        assert_eq!(Vec::<SniHost>::read(&two).unwrap()[1].host, "*.b.example");
    }

    #[test]
    fn refuses_what_is_incomplete_or_no_host() {
        for text in
            ["", "a.example", "a.example=a.pem", "=a.pem:a.key", "a.example=:a.key", "a.example=a.pem:"]
        {
            assert_eq!(SniHost::read(&Raw::Text(text.into())), None, "{text}");
        }
        for host in ["127.0.0.1", "a..b", "a.example.", "*", "*.*.b", "a b", "-a", "::1", "a.*.b"] {
            let values = [("host", host), ("cert", "a.pem"), ("key", "a.key")];
            assert_eq!(SniHost::read(&table(&values)), None, "{host}");
        }
        let misspelt = [("host", "a.example"), ("cert", "a.pem"), ("key", "a.key"), ("kay", "b.key")];
        assert_eq!(SniHost::read(&table(&misspelt)), None);
        assert_eq!(SniHost::read(&table(&misspelt[..2])), None);
    }
}
