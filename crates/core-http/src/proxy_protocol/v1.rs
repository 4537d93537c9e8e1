//! Version 1: `PROXY TCP4 192.0.2.7 198.51.100.1 56324 443` and CRLF.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::{Header, NoHeader, Origin, Progress};

/// `PROXY UNKNOWN` and CRLF.
pub(super) const SHORTEST: usize = 15;
/// With CRLF; long enough for two of the longest IPv6 addresses.
const LONGEST: usize = 107;

const START: &[u8] = b"PROXY ";

pub(super) fn parse(bytes: &[u8]) -> Result<Progress, NoHeader> {
    if !bytes.starts_with(&START[..bytes.len().min(START.len())]) {
        return Err(NoHeader("it does not begin with `PROXY `"));
    }
    let looked_at = &bytes[..bytes.len().min(LONGEST)];
    let Some(end) = looked_at.iter().position(|byte| *byte == b'\n') else {
        return match bytes.len() {
            LONGEST.. => Err(NoHeader("the line has no end within 107 bytes")),
            // Every byte up to the end of the line is ours, but where that is, nobody knows.
            length => Ok(Progress::Needs(SHORTEST.saturating_sub(length).max(1))),
        };
    };
    let line = looked_at[..end].strip_suffix(b"\r").ok_or(NoHeader("the line ends without CR"))?;
    let line = line.strip_prefix(START).ok_or(NoHeader("it does not begin with `PROXY `"))?;
    Ok(Progress::Done { header: Header { origin: origin(line)?, secure: false }, length: end + 1 })
}

fn origin(line: &[u8]) -> Result<Origin, NoHeader> {
    // Whatever follows `UNKNOWN` has to be ignored.
    if line == b"UNKNOWN" || line.starts_with(b"UNKNOWN ") {
        return Ok(Origin::Own);
    }
    let line = std::str::from_utf8(line).map_err(|_| NoHeader("the line is no text"))?;
    let mut words = line.split(' ');
    let mut word = || words.next().ok_or(NoHeader("a part of the line is missing"));
    let read: fn(&str) -> Result<IpAddr, NoHeader> = match word()? {
        "TCP4" => address::<Ipv4Addr>,
        "TCP6" => address::<Ipv6Addr>,
        _ => return Err(NoHeader("the protocol is none of TCP4, TCP6 and UNKNOWN")),
    };
    let (client, server) = (read(word()?)?, read(word()?)?);
    let (client_port, server_port) = (port(word()?)?, port(word()?)?);
    if words.next().is_some() {
        return Err(NoHeader("the line goes on after the ports"));
    }
    let (client, server) = (SocketAddr::new(client, client_port), SocketAddr::new(server, server_port));
    Ok(Origin::Inet { client, server })
}

fn address<A: FromStr + Into<IpAddr>>(text: &str) -> Result<IpAddr, NoHeader> {
    text.parse::<A>().map(Into::into).map_err(|_| NoHeader("an address is none of its protocol"))
}

fn port(text: &str) -> Result<u16, NoHeader> {
    let leading_zero = text.len() > 1 && text.starts_with('0');
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits && !leading_zero)
        .ok_or(NoHeader("a port is no number from 0 to 65535"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_examples_of_the_document() {
        let longest_v4 = "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n";
        let longest_v6 = "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff \
                          ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
        let longest_unknown = "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff \
                               ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
        assert_eq!((longest_v4.len(), longest_v6.len(), longest_unknown.len()), (56, 104, 107));
        for (line, client) in [
            ("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", Some("192.168.0.1:56324")),
            (longest_v4, Some("255.255.255.255:65535")),
            (longest_v6, Some("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535")),
            ("PROXY TCP6 ::ffff:1.2.3.4 ::1 0 1\r\n", Some("[::ffff:1.2.3.4]:0")),
            ("PROXY UNKNOWN\r\n", None),
            ("PROXY UNKNOWN anything at all\r\n", None),
            (longest_unknown, None),
        ] {
            let Progress::Done { header, length } = parse(line.as_bytes()).unwrap() else { panic!("{line}") };
            assert_eq!(length, line.len());
            match header.origin {
                Origin::Inet { client: read, .. } => assert_eq!(Some(read.to_string().as_str()), client),
                origin => assert_eq!((origin, client), (Origin::Own, None)),
            }
            for cut in 1..line.len() {
                let Ok(Progress::Needs(more)) = parse(&line.as_bytes()[..cut]) else {
                    panic!("{cut} of {line}")
                };
                assert!((1..=line.len() - cut).contains(&more), "{cut} of {line}");
            }
        }
    }

    #[test]
    fn refuses_what_the_document_does_not_allow() {
        for line in [
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n",
            "PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
            "PROXY TCP4 1.2.3.4\r\n",
            "PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP4 256.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP4 ::1 ::1 1 2\r\n",
            "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8  2\r\n",
            "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY UNKNOWNX\r\n",
            "PROXY \r\n",
            "PROXY\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\r\n",
            "PROXY TCP4 1.2.3.4\t5.6.7.8 1 2\r\n",
        ] {
            assert!(parse(line.as_bytes()).is_err(), "{line:?}");
        }
        let endless = format!("PROXY UNKNOWN {}", "x".repeat(93));
        assert_eq!(parse(&endless.as_bytes()[..106]), Ok(Progress::Needs(1)));
        assert!(parse(endless.as_bytes()).is_err());
        assert!(parse(format!("{endless}\r\n").as_bytes()).is_err(), "a line of 109 bytes");
    }
}
