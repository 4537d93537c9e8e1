//! [`IpRange`]: an address, or all that share its first bits.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::{Raw, Setting};

/// An IP address, or a range of them in the notation of CIDR (RFC 4632, RFC 4291).
///
/// ```
/// use zzz_core::config::IpRange;
/// let range: IpRange = "10.0.0.0/8".parse().unwrap();
/// assert!(range.contains("10.1.2.3".parse().unwrap()));
/// assert!(range.contains("::ffff:10.1.2.3".parse().unwrap()), "the same address, as IPv6 sockets write it");
/// assert!(!range.contains("11.0.0.1".parse().unwrap()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpRange {
    first: IpAddr,
    /// How many leading bits all of its addresses share.
    bits: u8,
}

impl IpRange {
    /// Whether the address is one of them. An IPv4 address that is written within IPv6 (`::ffff:10.0.0.1`, as
    /// a socket for both reports its peers) counts as the IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                (first.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                (first.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }

    /// Whether no bit is set in its first address beyond those that all share.
    fn is_aligned(&self) -> bool {
        match self.first {
            IpAddr::V4(first) => first.to_bits().trailing_zeros() + u32::from(self.bits) >= 32,
            IpAddr::V6(first) => first.to_bits().trailing_zeros() + u32::from(self.bits) >= 128,
        }
    }
}

impl From<IpAddr> for IpRange {
    fn from(address: IpAddr) -> Self {
        let first = address.to_canonical();
        Self { first, bits: longest(first) }
    }
}

fn longest(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// That a text is no range of IP addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoIpRange;

impl fmt::Display for NoIpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no IP address and no range such as \"10.0.0.0/8\"")
    }
}

impl std::error::Error for NoIpRange {}

impl FromStr for IpRange {
    type Err = NoIpRange;

    /// An address, or `address/bits`, where the address has no bits set beyond those: `10.0.0.1/8` could mean
    /// one address or 16 million, so it is refused.
    fn from_str(text: &str) -> Result<Self, NoIpRange> {
        let Some((first, bits)) = text.split_once('/') else {
            return text.parse::<IpAddr>().map(Self::from).map_err(|_| NoIpRange);
        };
        let first: IpAddr = first.parse().map_err(|_| NoIpRange)?;
        if bits.is_empty() || !bits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoIpRange);
        }
        let range = Self { first, bits: bits.parse().map_err(|_| NoIpRange)? };
        if range.bits <= longest(first) && range.is_aligned() { Ok(range) } else { Err(NoIpRange) }
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bits == longest(self.first) {
            self.first.fmt(f)
        } else {
            write!(f, "{}/{}", self.first, self.bits)
        }
    }
}

impl Setting for IpRange {
    const EXPECTS: &'static str = "an IP address or a range such as \"10.0.0.0/8\"";
    const EXPECTS_LIST: &'static str = "a list of IP addresses and ranges such as \"10.0.0.0/8\"";

    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn show(&self) -> Option<Raw> {
        Some(Raw::Text(self.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contains_what_shares_its_first_bits() {
        for (range, inside, outside) in [
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.0/25", "192.0.2.127", "192.0.2.128"),
            ("192.0.2.0/24", "::ffff:192.0.2.9", "::ffff:192.0.3.9"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1", "::1", "::2"),
            ("::/0", "ffff::", "1.2.3.4"),
        ] {
            let read: IpRange = range.parse().unwrap();
            assert_eq!(read.to_string(), range);
            assert!(read.contains(inside.parse().unwrap()), "{range} {inside}");
            assert!(!read.contains(outside.parse().unwrap()), "{range} {outside}");
        }
    }

    #[test]
    fn refuses_what_is_no_range() {
        for text in [
            "",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0.1/8",
            "::/129",
            "10.0.0",
            "2001:db8::1/32",
            "localhost",
            "10.0.0.0/ 8",
            "10.0.0.0/256",
            "010.0.0.0/8",
        ] {
            assert_eq!(text.parse::<IpRange>(), Err(NoIpRange), "{text}");
        }
    }
}
