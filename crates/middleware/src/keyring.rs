//! [`Keyring`]: keys for signing what clients keep for us, derived from one secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac_sha256::HMAC;
use zzz_core::config::Secret;

/// The fewest bytes that a secret may have.
pub const MIN_SECRET: usize = 64;

/// Signs texts with HMAC-SHA256, under a key of its own for each purpose: what was signed for one is not valid
/// for another.
///
/// ```
/// use zzz_core::config::Secret;
/// use zzz_middleware::Keyring;
///
/// let keys = Keyring::new(&Secret::new("x".repeat(64))).unwrap();
/// let signed = keys.sign("flash", b"hello");
/// assert_eq!(keys.verify("flash", &signed).as_deref(), Some(&b"hello"[..]));
/// assert_eq!(keys.verify("session", &signed), None);
/// ```
#[derive(Clone)]
pub struct Keyring {
    root: HMAC,
}

impl Keyring {
    /// A keyring from the secret; `None` if that is shorter than [`MIN_SECRET`] bytes.
    #[must_use]
    pub fn new(secret: &Secret) -> Option<Self> {
        let secret = secret.expose().as_bytes();
        if secret.len() < MIN_SECRET {
            return None;
        }
        Some(Self { root: HMAC::new(secret) })
    }

    /// The key of a purpose: the purpose under the secret (the expansion step of HKDF, RFC 5869).
    fn key(&self, purpose: &str) -> HMAC {
        let mut derive = self.root.clone();
        derive.update(b"zzz signing key\0");
        derive.update(purpose);
        derive.update([1]);
        HMAC::new(derive.finalize())
    }

    /// `content` with its signature, in characters that a cookie or a URL may have.
    #[must_use]
    pub fn sign(&self, purpose: &str, content: &[u8]) -> String {
        let mut mac = self.key(purpose);
        mac.update(content);
        let signature = mac.finalize();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(content), URL_SAFE_NO_PAD.encode(signature))
    }

    /// The content of what [`sign`](Self::sign) made for this purpose; `None` for anything else.
    #[must_use]
    pub fn verify(&self, purpose: &str, signed: &str) -> Option<Vec<u8>> {
        let (content, signature) = signed.split_once('.')?;
        let content = URL_SAFE_NO_PAD.decode(content).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?.try_into().ok()?;
        let mut mac = self.key(purpose);
        mac.update(&content);
        mac.finalize_verify(&signature).then_some(content)
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secret: &str) -> Keyring {
        Keyring::new(&Secret::new(secret)).unwrap()
    }

    #[test]
    fn nothing_that_was_changed_is_valid() {
        let keys = keys(&"k".repeat(64));
        let signed = keys.sign("flash", "grüße".as_bytes());
        assert_eq!(keys.verify("flash", &signed).unwrap(), "grüße".as_bytes());
        for at in 0..signed.len() {
            let mut bytes = signed.clone().into_bytes();
            bytes[at] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert_eq!(keys.verify("flash", &changed), None, "byte {at}");
            }
            assert_eq!(keys.verify("flash", &signed[..at]), None, "cut at {at}");
        }
        for odd in ["", ".", "a.b.c", "🦉.🦉"] {
            assert_eq!(keys.verify("flash", odd), None);
        }
    }

    /// What Python's `hmac` makes of it: what an app has signed stays valid.
    #[test]
    fn a_signature_is_hmac_sha256() {
        let signed = "Z3LDvMOfZQ.tNoAPL2f7Lv4QfTnfr5uq-UeKOSraXCJ-6knl5mzjt0";
        assert_eq!(keys(&"k".repeat(64)).sign("flash", "grüße".as_bytes()), signed);
    }

    #[test]
    fn purposes_and_secrets_do_not_mix() {
        let signed = keys(&"k".repeat(64)).sign("ab", b"c");
        assert_eq!(keys(&"k".repeat(64)).verify("a", &signed), None);
        assert_eq!(keys(&"K".repeat(64)).verify("ab", &signed), None);
        assert!(Keyring::new(&Secret::new("k".repeat(63))).is_none());
    }
}
