//! When a certificate is valid: the one field of X.509 (RFC 5280) that neither rustls nor webpki hands out.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The end of a certificate's validity. `None` if it is no certificate.
pub(super) fn not_after(der: &[u8]) -> Option<SystemTime> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    const VERSION: u8 = 0xa0;
    let inner = |input| match element(input)? {
        (SEQUENCE, content, _) => Some(content),
        _ => None,
    };
    let skip = |input, wanted| match element(input)? {
        (tag, _, rest) if tag == wanted => Some(rest),
        _ => None,
    };
    let to_be_signed = inner(inner(der)?)?;
    let serial = skip(to_be_signed, VERSION).unwrap_or(to_be_signed);
    let algorithm = skip(serial, INTEGER)?;
    let issuer = skip(algorithm, SEQUENCE)?;
    let validity = inner(skip(issuer, SEQUENCE)?)?;
    let (_, _, rest) = element(validity)?;
    let (tag, text, _) = element(rest)?;
    time(tag, text)
}

/// The first element of DER: its tag, its content, and what follows.
fn element(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = input.split_first_chunk()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if bytes.len() > 4 {
            return None;
        }
        (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` (RFC 5280, 4.1.2.5). What lies before 1970 is 1970.
fn time(tag: u8, text: &[u8]) -> Option<SystemTime> {
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;
    let digits = text.strip_suffix(b"Z")?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number =
        |digits: &[u8]| digits.iter().fold(0u64, |number, digit| number * 10 + u64::from(digit - b'0'));
    let (year, rest) = match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let year = number(&digits[..2]);
            (if year < 50 { 2000 + year } else { 1900 + year }, &digits[2..])
        }
        (GENERALIZED_TIME, 14) => (number(&digits[..4]), &digits[4..]),
        _ => return None,
    };
    let [month, day, hour, minute, second] = [0, 2, 4, 6, 8].map(|at| number(&rest[at..at + 2]));
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    if year < 1970 {
        return Some(UNIX_EPOCH);
    }
    // Years that begin in March end with the leap day, so every month before it has a fixed length.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719_468;
    Some(UNIX_EPOCH + Duration::from_secs(((days * 24 + hour) * 60 + minute) * 60 + second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(tag: u8, text: &str) -> Option<u64> {
        time(tag, text.as_bytes()).map(|time| time.duration_since(UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn reads_both_kinds_of_time() {
        for (tag, text, wanted) in [
            (0x18, "19700101000000Z", Some(0)),
            (0x18, "20000229235959Z", Some(951_868_799)),
            (0x17, "491231235959Z", Some(2_524_607_999)),
            (0x18, "20500101000000Z", Some(2_524_608_000)),
            (0x17, "700301000000Z", Some(5_097_600)),
            (0x17, "500101000000Z", Some(0)),
            (0x18, "99991231235959Z", Some(253_402_300_799)),
            (0x18, "20001301000000Z", None),
            (0x18, "2000010100000Z", None),
            (0x17, "4912312359590", None),
            (0x16, "491231235959Z", None),
        ] {
            assert_eq!(seconds(tag, text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_cut_short_is_no_certificate() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["a.example".into()]).unwrap();
        parameters.not_after = rcgen::date_time_ymd(2031, 5, 6);
        let certificate = parameters.self_signed(&key).unwrap();
        let der = certificate.der();
        assert_eq!(not_after(der), Some(UNIX_EPOCH + Duration::from_secs(1_935_792_000)));
        for length in 0..der.len() {
            assert_eq!(not_after(&der[..length]), None);
        }
        let mut broken = der.to_vec();
        for at in 0..broken.len() {
            for bit in 0..8 {
                broken[at] ^= 1 << bit;
                // Whatever comes out: it ends, and does not panic.
                let _ = not_after(&broken);
                broken[at] ^= 1 << bit;
            }
        }
    }
}
