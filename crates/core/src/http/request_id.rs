//! [`RequestId`]: the name of one request in logs and in the response header `x-request-id`.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use ::http::{HeaderMap, HeaderName, HeaderValue};

/// The header that carries it, in both directions.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name of one request. A client's or proxy's own `x-request-id` is kept if it is 20 to 200 visible ASCII
/// characters long (as in Plug); otherwise one of 24 hexadecimal digits is made.
///
/// It tells requests apart; it is no secret and no proof of anything.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    /// A part that is the process', and one that is the request's.
    Made(u32, u64),
    Given(HeaderValue),
}

impl RequestId {
    /// The client's id, or a new one.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        match headers.get(&X_REQUEST_ID) {
            Some(given) if acceptable(given.as_bytes()) => Self(Kind::Given(given.clone())),
            _ => Self::new(),
        }
    }

    /// A new id: random from process to process, and different within one.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default that differs each time would surprise")]
    pub fn new() -> Self {
        static PROCESS: OnceLock<u64> = OnceLock::new();
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let process = *PROCESS.get_or_init(|| RandomState::new().build_hasher().finish());
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(Kind::Made((process >> 32) as u32, mix(process ^ count)))
    }

    /// The id as a header's value.
    #[must_use]
    pub fn to_header(&self) -> HeaderValue {
        match &self.0 {
            Kind::Given(value) => value.clone(),
            Kind::Made(high, low) => {
                let mut digits = [0; 24];
                hex(&high.to_be_bytes(), &mut digits[..8]);
                hex(&low.to_be_bytes(), &mut digits[8..]);
                // Hexadecimal digits are always a valid value.
                HeaderValue::from_bytes(&digits).unwrap_or_else(|_| HeaderValue::from_static("-"))
            }
        }
    }
}

/// SplitMix64: a bijection, so that two counts never give the same number.
fn mix(mut word: u64) -> u64 {
    word = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// Every byte as two digits.
const HEX: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    table
};

fn hex(bytes: &[u8], digits: &mut [u8]) {
    for (byte, pair) in bytes.iter().zip(digits.chunks_exact_mut(2)) {
        pair.copy_from_slice(&HEX[usize::from(*byte)]);
    }
}

fn acceptable(given: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=:".contains(byte);
    (20..=200).contains(&given.len()) && given.iter().all(plain)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Made(high, low) => write!(f, "{high:08x}{low:016x}"),
            Kind::Given(value) => f.write_str(value.to_str().unwrap_or("-")),
        }
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_sensible_id_and_replaces_any_other() {
        let id = |given: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(X_REQUEST_ID, HeaderValue::from_static(given));
            RequestId::of(&headers).to_string()
        };
        assert_eq!(id("0123456789012345678X"), "0123456789012345678X");
        assert_ne!(id("too-short"), "too-short");
        assert_ne!(id("0123456789 0123456789"), "0123456789 0123456789");
        assert_ne!(id("<script>alert(1)</script>"), "<script>alert(1)</script>");
    }

    #[test]
    fn two_are_never_alike_and_both_faces_agree() {
        let (a, b) = (RequestId::new(), RequestId::new());
        assert_ne!(a.to_string(), b.to_string());
        assert_eq!(a.to_header().to_str().unwrap(), a.to_string());
        assert_eq!(a.to_string().len(), 24);
    }
}
