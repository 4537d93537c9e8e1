//! The reader of PROXY headers against arbitrary bytes: it ends, takes no more than is there, and says the same
//! whether the bytes come at once or one by one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use zzz_core_http::proxy_protocol::{MAX_LENGTH, Origin, Progress, parse};

fn check(bytes: &[u8]) {
    let whole = parse(bytes);
    if let Ok(Progress::Done { length, .. }) = &whole {
        assert!(*length <= bytes.len() && *length <= MAX_LENGTH);
    }
    // What a reader does that has the bytes come as it asks for them.
    let mut have = 0;
    let in_pieces = loop {
        match parse(&bytes[..have]) {
            Ok(Progress::Needs(more)) => {
                assert!(more > 0 && have + more <= MAX_LENGTH, "asks for {more} with {have}");
                have += more;
                if have > bytes.len() {
                    break Ok(None);
                }
            }
            Ok(Progress::Done { header, length }) => {
                assert_eq!(length, have, "it asked for more than the header");
                break Ok(Some((header, length)));
            }
            Err(error) => break Err(error),
        }
    };
    match (whole, in_pieces) {
        (Ok(Progress::Done { header, length }), pieces) => assert_eq!(pieces, Ok(Some((header, length)))),
        (Ok(Progress::Needs(_)), pieces) => assert_eq!(pieces, Ok(None)),
        // In pieces it may be known later, but it can not become a header.
        (Err(_), pieces) => assert!(!matches!(pieces, Ok(Some(_)))),
    }
}

#[test]
fn proxy_headers_of_any_bytes() {
    bolero::check!().for_each(check);
}

#[test]
fn proxy_headers_of_version_1() {
    bolero::check!().for_each(|bytes: &[u8]| {
        for start in ["PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN"] {
            check(&[start.as_bytes(), bytes, b"\r\n"].concat());
        }
    });
}

#[test]
fn proxy_headers_of_version_2() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let length = u16::try_from(bytes.len().saturating_sub(2)).unwrap_or(u16::MAX).to_be_bytes();
        let (start, rest) = bytes.split_at(bytes.len().min(2));
        let header = [b"\r\n\r\n\0\r\nQUIT\n".as_slice(), start, &length, rest].concat();
        check(&header);
        for family in [0x11, 0x21, 0x31] {
            check(&[b"\r\n\r\n\0\r\nQUIT\n\x21".as_slice(), &[family], &length, rest].concat());
        }
    });
}

#[test]
fn proxy_headers_say_again_what_was_written() {
    bolero::check!().with_type::<([u8; 16], [u8; 16], u16, u16, bool)>().for_each(|input| {
        let (from, to, from_port, to_port, is_v6) = *input;
        let (name, from, to): (_, std::net::IpAddr, std::net::IpAddr) = if is_v6 {
            ("TCP6", from.into(), to.into())
        } else {
            let [from, to] = [from, to].map(|[a, b, c, d, ..]| std::net::IpAddr::from([a, b, c, d]));
            ("TCP4", from, to)
        };
        let line = format!("PROXY {name} {from} {to} {from_port} {to_port}\r\n");
        let Ok(Progress::Done { header, .. }) = parse(line.as_bytes()) else { panic!("{line}") };
        let origin = Origin::Inet { client: (from, from_port).into(), server: (to, to_port).into() };
        assert_eq!(header.origin, origin);
    });
}
