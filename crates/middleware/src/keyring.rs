//! [`Keyring`]: keys for signing what clients keep for us, derived from one secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
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
    root: Hmac<Sha256>,
}

impl Keyring {
    /// A keyring from the secret; `None` if that is shorter than [`MIN_SECRET`] bytes.
    #[must_use]
    pub fn new(secret: &Secret) -> Option<Self> {
        let secret = secret.expose().as_bytes();
        if secret.len() < MIN_SECRET {
            return None;
        }
        Hmac::new_from_slice(secret).ok().map(|root| Self { root })
    }

    /// The key of a purpose: the purpose under the secret (the expansion step of HKDF, RFC 5869).
    fn key(&self, purpose: &str) -> Hmac<Sha256> {
        let mut derive = self.root.clone();
        derive.update(b"zzz signing key\0");
        derive.update(purpose.as_bytes());
        derive.update(&[1]);
        let key = derive.finalize().into_bytes();
        // An HMAC takes a key of any length.
        Hmac::new_from_slice(&key).unwrap_or_else(|_| self.root.clone())
    }

    /// `content` with its signature, in characters that a cookie or a URL may have.
    #[must_use]
    pub fn sign(&self, purpose: &str, content: &[u8]) -> String {
        let mut mac = self.key(purpose);
        mac.update(content);
        let signature = mac.finalize().into_bytes();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(content), URL_SAFE_NO_PAD.encode(signature))
    }

    /// The content of what [`sign`](Self::sign) made for this purpose; `None` for anything else.
    #[must_use]
    pub fn verify(&self, purpose: &str, signed: &str) -> Option<Vec<u8>> {
        let (content, signature) = signed.split_once('.')?;
        let content = URL_SAFE_NO_PAD.decode(content).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let mut mac = self.key(purpose);
        mac.update(&content);
        mac.verify_slice(&signature).ok().map(|()| content)
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

    #[test]
    fn purposes_and_secrets_do_not_mix() {
        let signed = keys(&"k".repeat(64)).sign("ab", b"c");
        assert_eq!(keys(&"k".repeat(64)).verify("a", &signed), None);
        assert_eq!(keys(&"K".repeat(64)).verify("ab", &signed), None);
        assert!(Keyring::new(&Secret::new("k".repeat(63))).is_none());
    }
}
