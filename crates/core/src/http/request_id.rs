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
/// characters long (as in Plug); otherwise one of 20 digits is made.
///
/// It tells requests apart; it is no secret and no proof of anything.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    /// A number of 20 digits.
    Made(u64),
    /// In a box, since it is rare and large.
    Given(Box<HeaderValue>),
}

impl RequestId {
    /// That of no request.
    pub(crate) const NONE: Self = Self(Kind::Made(0));

    /// The client's id, or a new one.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        match headers.get(&X_REQUEST_ID) {
            Some(given) if acceptable(given.as_bytes()) => Self(Kind::Given(Box::new(given.clone()))),
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
        Self(Kind::Made(LEAST + mix(process.wrapping_add(count) % SPAN)))
    }

    /// The id as a header's value.
    #[must_use]
    pub fn to_header(&self) -> HeaderValue {
        match &self.0 {
            Kind::Given(value) => HeaderValue::clone(value),
            // The one way to a value that nobody has to check for bad characters.
            Kind::Made(number) => HeaderValue::from(*number),
        }
    }
}

/// The least number of 20 digits. Up to the greatest `u64` there is room for more than [`SPAN`].
const LEAST: u64 = 10_000_000_000_000_000_000;

/// How many ids there are.
const SPAN: u64 = 1 << 62;

/// SplitMix64's finish, cut to the numbers below [`SPAN`]: each step is a bijection of them, so that two counts never
/// give the same number.
fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9) % SPAN;
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) % SPAN;
    word ^ (word >> 31)
}

fn acceptable(given: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=:".contains(byte);
    (20..=200).contains(&given.len()) && given.iter().all(plain)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Made(number) => number.fmt(f),
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
    fn mixing_loses_nothing() {
        // A bijection of the small numbers too, were the mask smaller; here a sample must stay distinct.
        let mixed: std::collections::HashSet<u64> = (0..10_000).chain(SPAN - 10_000..SPAN).map(mix).collect();
        assert_eq!(mixed.len(), 20_000);
        assert!(mixed.iter().all(|word| *word < SPAN));
    }

    #[test]
    fn two_are_never_alike_and_both_faces_agree() {
        let (a, b) = (RequestId::new(), RequestId::new());
        assert_ne!(a.to_string(), b.to_string());
        assert_eq!(a.to_header().to_str().unwrap(), a.to_string());
        assert_eq!(a.to_string().len(), 20);
        let last = RequestId(Kind::Made(LEAST + (SPAN - 1)));
        assert_eq!(last.to_string().len(), 20, "no overflow");
    }
}
