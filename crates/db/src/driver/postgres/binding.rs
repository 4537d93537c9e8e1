//! Channel binding (RFC 5929, `tls-server-end-point`): a password's proof is bound to the server's certificate, so that
//! who sits in between with a certificate of their own can not pass it on.

use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};

/// Of what comes as DER, the tags that are looked for.
const SEQUENCE: u8 = 0x30;
const OBJECT: u8 = 0x06;
const FIRST_OPTION: u8 = 0xa0;

/// How a certificate was signed: the hashes of which there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// The certificate's hash, by the algorithm with which it was signed; SHA-256 in place of MD5 and SHA-1. `None` if it is
/// signed with one that has no hash of its own, as Ed25519: there is no binding to it then.
pub(super) fn server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    Some(match hash_of(certificate)? {
        Hash::Sha224 => Sha224::digest(certificate).to_vec(),
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

/// `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT, parameters }, signature }`
fn hash_of(certificate: &[u8]) -> Option<Hash> {
    let (certificate, _) = inside(certificate, SEQUENCE)?;
    let (_, rest) = inside(certificate, SEQUENCE)?;
    let (algorithm, _) = inside(rest, SEQUENCE)?;
    let (name, parameters) = inside(algorithm, OBJECT)?;
    match name {
        // RSA with MD5, SHA-1, and the SHA-2s: 1.2.840.113549.1.1
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, which] => match which {
            4 | 5 | 11 => Some(Hash::Sha256),
            12 => Some(Hash::Sha384),
            13 => Some(Hash::Sha512),
            14 => Some(Hash::Sha224),
            // RSASSA-PSS says it in its parameters, and means SHA-1 if it says nothing.
            10 => {
                let (parameters, _) = inside(parameters, SEQUENCE)?;
                let Some((hash, _)) = inside(parameters, FIRST_OPTION) else { return Some(Hash::Sha256) };
                let (hash, _) = inside(hash, SEQUENCE)?;
                named(inside(hash, OBJECT)?.0)
            }
            _ => None,
        },
        // ECDSA with SHA-1: 1.2.840.10045.4.1
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01] => Some(Hash::Sha256),
        // ECDSA with the SHA-2s: 1.2.840.10045.4.3
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, which] => match which {
            1 => Some(Hash::Sha224),
            2 => Some(Hash::Sha256),
            3 => Some(Hash::Sha384),
            4 => Some(Hash::Sha512),
            _ => None,
        },
        _ => None,
    }
}

/// 2.16.840.1.101.3.4.2, and SHA-1.
fn named(hash: &[u8]) -> Option<Hash> {
    match hash {
        [0x2b, 0x0e, 0x03, 0x02, 0x1a] => Some(Hash::Sha256),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, which] => match which {
            1 => Some(Hash::Sha256),
            2 => Some(Hash::Sha384),
            3 => Some(Hash::Sha512),
            4 => Some(Hash::Sha224),
            _ => None,
        },
        _ => None,
    }
}

/// What is inside of the value that `der` begins with, and what follows it, if it has this tag.
fn inside(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if bytes.len() > 4 {
            return None;
        }
        (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    let (inside, after) = rest.split_at_checked(length)?;
    (found == tag).then_some((inside, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, inside: &[&[u8]]) -> Vec<u8> {
        let inside = inside.concat();
        let mut der = vec![tag, 0x82, (inside.len() >> 8) as u8, inside.len() as u8];
        der.extend(inside);
        der
    }

    fn signed_with(algorithm: &[&[u8]]) -> Vec<u8> {
        der(SEQUENCE, &[&der(SEQUENCE, &[&[0; 300]]), &der(SEQUENCE, algorithm), &[3, 2, 0, 1]])
    }

    fn rsa(which: u8) -> Vec<u8> {
        der(OBJECT, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, which]])
    }

    #[test]
    fn the_hash_is_that_of_the_signature() {
        let hash = |which| hash_of(&signed_with(&[&rsa(which), &[5, 0]]));
        assert_eq!(hash(13), Some(Hash::Sha512));
        assert_eq!(hash(12), Some(Hash::Sha384));
        assert_eq!(
            (hash(4), hash(5), hash(11)),
            (Some(Hash::Sha256), Some(Hash::Sha256), Some(Hash::Sha256))
        );
        assert_eq!(hash(1), None);
        let ecdsa = der(OBJECT, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 4]]);
        assert_eq!(hash_of(&signed_with(&[&ecdsa])), Some(Hash::Sha512));
        let ed25519 = der(OBJECT, &[&[0x2b, 0x65, 0x70]]);
        assert_eq!(hash_of(&signed_with(&[&ed25519])), None);
    }

    #[test]
    fn pss_says_its_hash_in_its_parameters() {
        let sha384 = der(OBJECT, &[&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 2]]);
        let parameters = der(SEQUENCE, &[&der(FIRST_OPTION, &[&der(SEQUENCE, &[&sha384])])]);
        assert_eq!(hash_of(&signed_with(&[&rsa(10), &parameters])), Some(Hash::Sha384));
        assert_eq!(hash_of(&signed_with(&[&rsa(10), &der(SEQUENCE, &[])])), Some(Hash::Sha256));
    }

    #[test]
    fn what_is_cut_off_is_no_certificate() {
        let whole = signed_with(&[&rsa(11)]);
        assert!(server_end_point(&whole).is_some_and(|hash| hash.len() == 32));
        for length in 0..whole.len() {
            assert_eq!(server_end_point(&whole[..length]), None, "{length}");
        }
    }
}
