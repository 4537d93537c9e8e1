//! [`HostPattern`] and [`Hosts`]: which hosts a scope is for.

use std::net::Ipv6Addr;

use zzz_core::http::forwarded::AskedHost;

use crate::paths::Paths;

/// Which hosts a scope is for, in lower case.
///
/// The order is the one in which patterns are asked: an exact host, then the longest suffix, then the longest prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostPattern {
    /// `example.com`
    Exact(String),
    /// `[::1]`
    Address(Ipv6Addr),
    /// `*.example.com`: every host that ends in `.example.com`.
    Suffix(String),
    /// `admin.*`: every host that begins with `admin.`.
    Prefix(String),
}

impl HostPattern {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        if let Some(address) = address(&lower) {
            return Ok(Self::Address(address));
        }
        let (pattern, rest) = if let Some(suffix) = lower.strip_prefix("*.") {
            (Self::Suffix(format!(".{suffix}")), suffix)
        } else if let Some(prefix) = lower.strip_suffix(".*") {
            (Self::Prefix(format!("{prefix}.")), prefix)
        } else {
            (Self::Exact(lower.clone()), lower.as_str())
        };
        // Nothing lies below an address, so that is no name either.
        if !is_name(rest) {
            return Err(format!(
                "`{text}` is no pattern for hosts: write `example.com`, `*.example.com` or `admin.*`, without a port"
            ));
        }
        Ok(pattern)
    }

    /// Whether a host without its port fits.
    fn fits(&self, host: &AskedHost<'_>) -> bool {
        let host = match (self, host) {
            (Self::Address(this), AskedHost::Address(host)) => return this == host,
            (_, AskedHost::Address(_)) => return false,
            (_, AskedHost::Name(name)) => without_dot(name).as_bytes(),
        };
        match self {
            Self::Address(_) => false,
            Self::Exact(name) => host.eq_ignore_ascii_case(name.as_bytes()),
            Self::Suffix(suffix) => {
                let start = host.len().checked_sub(suffix.len());
                start.is_some_and(|start| start > 0 && host[start..].eq_ignore_ascii_case(suffix.as_bytes()))
            }
            Self::Prefix(prefix) => {
                host.len() > prefix.len() && host[..prefix.len()].eq_ignore_ascii_case(prefix.as_bytes())
            }
        }
    }

    /// What sorts patterns into the order in which they are asked.
    fn rank(&self) -> (u8, std::cmp::Reverse<usize>) {
        match self {
            Self::Exact(name) => (0, std::cmp::Reverse(name.len())),
            Self::Address(_) => (0, std::cmp::Reverse(0)),
            Self::Suffix(suffix) => (1, std::cmp::Reverse(suffix.len())),
            Self::Prefix(prefix) => (2, std::cmp::Reverse(prefix.len())),
        }
    }
}

/// An IPv6 address in brackets.
fn address(text: &str) -> Option<Ipv6Addr> {
    text.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// A name: no port, no `*`.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        })
}

/// A name with a dot at its end is the same name.
fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// The paths of hosts that have some of their own.
#[derive(Debug)]
pub(crate) struct Hosts {
    /// Sorted by name.
    exact: Vec<(String, Paths)>,
    /// Those of addresses, then the others in the order in which they are asked.
    open: Vec<(HostPattern, Paths)>,
}

impl Hosts {
    pub(crate) fn new(paths: Vec<(HostPattern, Paths)>) -> Self {
        let (mut exact, mut open) = (Vec::new(), Vec::new());
        for (pattern, paths) in paths {
            match pattern {
                HostPattern::Exact(name) => exact.push((name, paths)),
                _ => open.push((pattern, paths)),
            }
        }
        exact.sort_by(|(one, _), (other, _)| one.cmp(other));
        open.sort_by_key(|(pattern, _)| pattern.rank());
        Self { exact, open }
    }

    /// The paths of this host, the most specific pattern's first.
    pub(crate) fn of<'a, 'h>(
        &'a self,
        host: &'h AskedHost<'_>,
    ) -> impl Iterator<Item = &'a Paths> + use<'a, 'h> {
        let exact = match host {
            AskedHost::Name(name) => {
                let order = |known: &String| {
                    let lower = without_dot(name).bytes().map(|byte| byte.to_ascii_lowercase());
                    known.bytes().cmp(lower)
                };
                let place = self.exact.binary_search_by(|(name, _)| order(name)).ok();
                place.map(|place| &self.exact[place].1)
            }
            AskedHost::Address(_) => None,
        };
        let open = self.open.iter().filter(move |(pattern, _)| pattern.fits(host));
        exact.into_iter().chain(open.map(|(_, paths)| paths))
    }

    /// The paths of all hosts.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Paths> {
        let exact = self.exact.iter().map(|(_, paths)| paths);
        exact.chain(self.open.iter().map(|(_, paths)| paths))
    }
}

/// How `router!` reads a host: the file of the macro's own.
#[cfg(test)]
#[path = "../../macros/src/router/host.rs"]
mod of_the_macro;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_macro_takes_the_same_hosts() {
        const TOKENS: [&str; 20] = [
            "*.", ".*", "*", ".", "a", "A", "example", "com", "-", "_", "1", ":", ":80", "[", "]", "[::1]",
            "::", "/", "ü", " ",
        ];
        let agree = |host: &str| {
            let (here, there) = (HostPattern::parse(host), of_the_macro::check_host(host));
            assert_eq!(here.is_ok(), there.is_ok(), "{host}: {here:?}, and in `router!` {there:?}");
        };
        for (one, other) in TOKENS.iter().flat_map(|one| TOKENS.map(|other| (one, other))) {
            agree(one);
            agree(&format!("{one}{other}"));
            agree(&format!("*.{one}{other}"));
        }
        bolero::check!().with_type::<Vec<u8>>().for_each(|choices| {
            let tokens = choices.iter().take(8).map(|choice| TOKENS[usize::from(*choice) % TOKENS.len()]);
            agree(&tokens.collect::<String>());
        });
    }

    fn fits(pattern: &str, host: &str) -> bool {
        let host = match address(host) {
            Some(address) => AskedHost::Address(address),
            None => AskedHost::Name(host.into()),
        };
        HostPattern::parse(pattern).unwrap().fits(&host)
    }

    #[test]
    fn a_pattern_takes_its_hosts_and_no_others() {
        for (pattern, yes, no) in [
            (
                "example.com",
                &["example.com", "EXAMPLE.com", "example.com."][..],
                &["www.example.com", "example.comm", ""][..],
            ),
            (
                "*.example.com",
                &["a.example.com", "a.b.Example.Com"],
                &["example.com", ".example.com", "xexample.com"],
            ),
            (
                "Admin.*",
                &["admin.example.com", "ADMIN.x"],
                &["admin", "admin.", "administration.x", "x.admin.y"],
            ),
            ("[::1]", &["[::1]"], &["::1", "[::2]"]),
            ("127.0.0.1", &["127.0.0.1"], &["127.0.0.10"]),
        ] {
            for host in yes {
                assert!(fits(pattern, host), "{host} for {pattern}");
            }
            for host in no {
                assert!(!fits(pattern, host), "{host} for {pattern}");
            }
        }
    }

    #[test]
    fn refuses_what_is_no_pattern() {
        for text in [
            "",
            "*",
            "*.*",
            "a.*.b",
            "example.com:80",
            "*example.com",
            "http://x",
            "a..b",
            "[::1",
            "*.[::1]",
            "[::1].*",
            "straße.de",
        ] {
            let error = HostPattern::parse(text).unwrap_err();
            assert!(error.starts_with(&format!("`{text}` is no pattern for hosts")), "{error}");
        }
    }

    #[test]
    fn an_address_is_compared_however_it_is_written() {
        assert!(fits("[0:0:0:0:0:0:0:1]", "[::1]"));
        assert!(fits("[2001:DB8::0:1]", "[2001:db8::1]"));
    }
}
