//! Version 2: a signature, a length, addresses in binary, and records of type, length and value.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Header, MAX_LENGTH, NoHeader, Origin, Progress};

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family and transport, and the length of what follows.
const FIXED: usize = 16;

const LOCAL: u8 = 0;
const PROXY: u8 = 1;

const CRC32C: u8 = 0x03;
const SSL: u8 = 0x20;
/// A bit of the first byte of [`SSL`].
const CLIENT_SSL: u8 = 1;

pub(super) fn parse(bytes: &[u8]) -> Result<Progress, NoHeader> {
    if !bytes.starts_with(&SIGNATURE[..bytes.len().min(SIGNATURE.len())]) {
        return Err(NoHeader("it begins like neither version 1 nor 2"));
    }
    let Some((fixed, rest)) = bytes.split_first_chunk::<FIXED>() else {
        return Ok(Progress::Needs(FIXED - bytes.len()));
    };
    let [.., version_and_command, family, high, low] = *fixed;
    let (version, command) = (version_and_command >> 4, version_and_command & 0x0f);
    if version != 2 {
        return Err(NoHeader("its version is not 2"));
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if FIXED + length > MAX_LENGTH {
        return Err(NoHeader("it is longer than 4096 bytes"));
    }
    let Some(content) = rest.get(..length) else { return Ok(Progress::Needs(length - rest.len())) };
    let whole = &bytes[..FIXED + length];
    let header = match command {
        // Family and content have to be ignored.
        LOCAL => Header { origin: Origin::Own, secure: false },
        PROXY => proxied(family, content, whole)?,
        _ => return Err(NoHeader("its command is neither LOCAL nor PROXY")),
    };
    Ok(Progress::Done { header, length: whole.len() })
}

fn proxied(family: u8, content: &[u8], whole: &[u8]) -> Result<Header, NoHeader> {
    const TOO_SHORT: NoHeader = NoHeader("it is too short for its addresses");
    let (origin, records) = match family {
        0x00 => return Ok(Header { origin: Origin::Own, secure: false }),
        0x11 | 0x12 => {
            let (addresses, rest) = content.split_first_chunk::<12>().ok_or(TOO_SHORT)?;
            let [a, b, c, d, e, f, g, h, ports @ ..] = *addresses;
            (inet(Ipv4Addr::new(a, b, c, d).into(), Ipv4Addr::new(e, f, g, h).into(), ports), rest)
        }
        0x21 | 0x22 => {
            let (client, rest) = content.split_first_chunk::<16>().ok_or(TOO_SHORT)?;
            let (server, rest) = rest.split_first_chunk::<16>().ok_or(TOO_SHORT)?;
            let (ports, rest) = rest.split_first_chunk::<4>().ok_or(TOO_SHORT)?;
            (inet(Ipv6Addr::from(*client).into(), Ipv6Addr::from(*server).into(), *ports), rest)
        }
        0x31 | 0x32 => (Origin::Unix, content.get(216..).ok_or(TOO_SHORT)?),
        _ => return Err(NoHeader("its address family is unknown")),
    };
    Ok(Header { origin, secure: read_records(records, whole)? })
}

fn inet(client: IpAddr, server: IpAddr, [a, b, c, d]: [u8; 4]) -> Origin {
    Origin::Inet {
        client: SocketAddr::new(client, u16::from_be_bytes([a, b])),
        server: SocketAddr::new(server, u16::from_be_bytes([c, d])),
    }
}

/// Checks the records, and tells whether the client speaks TLS with the proxy.
fn read_records(mut records: &[u8], whole: &[u8]) -> Result<bool, NoHeader> {
    const CUT: NoHeader = NoHeader("a record is longer than the header");
    let mut secure = false;
    while !records.is_empty() {
        let (&[kind, high, low], rest) = records.split_first_chunk::<3>().ok_or(CUT)?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (value, rest) = rest.split_at_checked(length).ok_or(CUT)?;
        match kind {
            CRC32C => {
                let sum = value.try_into().map_err(|_| NoHeader("its checksum has not four bytes"))?;
                let at = whole.len() - rest.len() - value.len();
                if crc32c(whole, at..at + value.len()) != u32::from_be_bytes(sum) {
                    return Err(NoHeader("its checksum is wrong"));
                }
            }
            SSL => {
                // Flags of the client and the result of its verification; records of its own follow.
                let flags = value.first_chunk::<5>().ok_or(NoHeader("its record about TLS is too short"))?[0];
                secure = flags & CLIENT_SSL != 0;
            }
            _ => {}
        }
        records = rest;
    }
    Ok(secure)
}

/// CRC-32C (RFC 4960, appendix B), with zeros in place of the bytes in `zeros`.
fn crc32c(bytes: &[u8], zeros: std::ops::Range<usize>) -> u32 {
    let mut sum = !0u32;
    for (at, byte) in bytes.iter().enumerate() {
        sum ^= u32::from(if zeros.contains(&at) { 0 } else { *byte });
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0x82f6_3b78 } else { sum >> 1 };
        }
    }
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(command: u8, family: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [SIGNATURE.as_slice(), &[command, family], &length, content].concat()
    }

    fn record(kind: u8, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        [&[kind], length.as_slice(), value].concat()
    }

    fn done(bytes: &[u8]) -> Header {
        let Ok(Progress::Done { header, length }) = parse(bytes) else { panic!("{:?}", parse(bytes)) };
        assert_eq!(length, bytes.len());
        for cut in 1..bytes.len() {
            let Ok(Progress::Needs(more)) = parse(&bytes[..cut]) else { panic!("{cut} of {bytes:?}") };
            assert!((1..=bytes.len() - cut).contains(&more), "{cut} of {bytes:?}");
        }
        header
    }

    const V4: [u8; 12] = [192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 0x04, 0x01, 0xbb];

    fn v4_origin() -> Origin {
        Origin::Inet {
            client: "192.0.2.7:56324".parse().unwrap(),
            server: "198.51.100.1:443".parse().unwrap(),
        }
    }

    #[test]
    fn reads_every_family() {
        assert_eq!(done(&header(0x21, 0x11, &V4)), Header { origin: v4_origin(), secure: false });
        assert_eq!(done(&header(0x21, 0x12, &V4)).origin, v4_origin(), "a client over UDP, such as HTTP/3");
        let mut v6 = [0; 36];
        (v6[15], v6[31], v6[33], v6[35]) = (1, 2, 3, 4);
        let origin = Origin::Inet { client: "[::1]:3".parse().unwrap(), server: "[::2]:4".parse().unwrap() };
        assert_eq!(done(&header(0x21, 0x21, &v6)).origin, origin);
        assert_eq!(done(&header(0x21, 0x31, &[b'/'; 216])).origin, Origin::Unix);
        assert_eq!(done(&header(0x21, 0x00, b"whatever")).origin, Origin::Own);
        assert_eq!(done(&header(0x20, 0x11, &V4)).origin, Origin::Own, "a health check of the proxy");
        assert_eq!(done(&header(0x20, 0xff, b"")).origin, Origin::Own);
    }

    #[test]
    fn tells_whether_the_client_speaks_tls_with_the_proxy() {
        let inner = record(0x21, b"TLSv1.3");
        for (flags, secure) in [(0, false), (1, true), (7, true), (6, false)] {
            let ssl = record(SSL, &[&[flags, 0, 0, 0, 0], inner.as_slice()].concat());
            let content = [V4.as_slice(), &record(4, b"padding"), &ssl].concat();
            assert_eq!(done(&header(0x21, 0x11, &content)).secure, secure);
        }
    }

    #[test]
    fn checks_the_checksum() {
        let mut bytes = header(0x21, 0x11, &[V4.as_slice(), &record(CRC32C, &[0; 4])].concat());
        let at = bytes.len() - 4;
        let sum = crc32c(&bytes, at..at + 4);
        bytes[at..].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(done(&bytes).origin, v4_origin());
        bytes[20] ^= 1;
        assert_eq!(parse(&bytes), Err(NoHeader("its checksum is wrong")));
        // The check value of the algorithm.
        assert_eq!(crc32c(b"123456789", 0..0), 0xe306_9283);
    }

    #[test]
    fn refuses_what_the_document_does_not_allow() {
        let too_long = vec![0; MAX_LENGTH - FIXED + 1];
        for (why, bytes) in [
            ("version 1", header(0x11, 0x11, &V4)),
            ("version 3", header(0x31, 0x11, &V4)),
            ("command 2", header(0x22, 0x11, &V4)),
            ("family 4", header(0x21, 0x41, &V4)),
            ("transport 3", header(0x21, 0x13, &V4)),
            ("family without transport", header(0x21, 0x10, &V4)),
            ("short IPv4", header(0x21, 0x11, &V4[..11])),
            ("short IPv6", header(0x21, 0x21, &[0; 35])),
            ("short unix", header(0x21, 0x31, &[0; 215])),
            ("too long", header(0x20, 0x00, &too_long)),
            ("cut record", header(0x21, 0x11, &[V4.as_slice(), &[4, 0]].concat())),
            ("long record", header(0x21, 0x11, &[V4.as_slice(), &[4, 0, 2, 0]].concat())),
            ("short checksum", header(0x21, 0x11, &[V4.as_slice(), &record(CRC32C, &[0; 3])].concat())),
            ("short TLS record", header(0x21, 0x11, &[V4.as_slice(), &record(SSL, &[1, 0, 0, 0])].concat())),
            ("wrong signature", b"\r\n\r\n\0\r\nQUIX".to_vec()),
        ] {
            assert!(parse(&bytes).is_err(), "{why}");
        }
        assert!(matches!(parse(&header(0x20, 0x00, &too_long[1..])), Ok(Progress::Done { .. })));
    }
}
