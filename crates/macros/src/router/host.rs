//! Which hosts a scope can be for.
//!
//! The router reads the same at run time. A test of `zzz-router`'s takes this very file and holds the two against each
//! other; that is why it names nothing of this crate.

use std::net::Ipv6Addr;

/// Whether a request's host can be compared with this: a host, `*.domain`, or `prefix.*`.
pub(super) fn check_host(host: &str) -> Result<(), String> {
    let advice = "a host is written \"example.com\", \"*.example.com\" or \"admin.*\"";
    let plain = match (host.strip_prefix("*."), host.strip_suffix(".*")) {
        (Some(_), Some(_)) => return Err(format!("`{host}` has two `*`; {advice}")),
        (Some(rest), None) | (None, Some(rest)) => rest,
        (None, None) => host,
    };
    if plain.contains("://") || plain.contains('/') {
        return Err(format!("`{host}` is more than a host; {advice}"));
    }
    if let Some(address) = plain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return match address.parse::<Ipv6Addr>() {
            Ok(_) if plain == host => Ok(()),
            Ok(_) => Err(format!("nothing lies below an address, as `{host}` says; {advice}")),
            Err(_) => Err(format!("`{address}` is no address of IPv6; {advice}")),
        };
    }
    if plain.contains(':') {
        return Err(format!("`{host}` has a port, which makes no difference; {advice}"));
    }
    let well = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    if !plain.split('.').all(well) {
        return Err(format!("`{host}` is no host; {advice}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_host;

    #[test]
    fn knows_hosts() {
        for host in ["example.com", "*.example.com", "admin.*", "localhost", "a-b.c", "[::1]", "127.0.0.1"] {
            assert_eq!(check_host(host), Ok(()), "{host}");
        }
        for host in [
            "",
            "https://example.com",
            "a.com:80",
            "*.a.*",
            "a..b",
            "*",
            "a b",
            "ex*.com",
            "[::1]:80",
            "[::x]",
            "*.[::1]",
        ] {
            assert!(check_host(host).is_err(), "{host}");
        }
    }
}
