//! Reliability rows 31 to 35: TLS is new or nothing, certificates are exchanged while it runs, and the plain port
//! leads to the right host.

use std::fs;
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;

use crate::harness::flow::Transport;
use crate::harness::h1;
use crate::harness::target::{Target, temp_folder};
use crate::harness::tls::{self, Certificate, LOCALHOST};
use crate::harness::wire::{Wire, shown};
use crate::harness::witness::Witness;
use crate::harness::{PATIENCE, until};

/// A client's hello (RFC 8446, section 4.1.2; RFC 5246, section 7.4.1.2) as a client of that age says it.
fn hello(version: u16, suites: &[u16], compressions: &[u8]) -> Vec<u8> {
    let be = |length: usize| u16::try_from(length).unwrap().to_be_bytes();
    let suites: Vec<u8> = suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    let name = b"localhost";
    let server_name =
        [&[0, 0][..], &be(name.len() + 5), &be(name.len() + 3), &[0], &be(name.len()), name].concat();
    let groups = [0, 10, 0, 4, 0, 2, 0, 23];
    let points = [0, 11, 0, 2, 1, 0];
    let signatures = [0, 13, 0, 6, 0, 4, 4, 3, 8, 4];
    let extensions = [&server_name[..], &groups, &points, &signatures].concat();
    let body = [
        &version.to_be_bytes()[..],
        &[7; 32],
        &[0],
        &be(suites.len()),
        &suites,
        &[u8::try_from(compressions.len()).unwrap()],
        compressions,
        &be(extensions.len()),
        &extensions,
    ]
    .concat();
    let handshake = [&[1, 0][..], &be(body.len()), &body].concat();
    [&[22, 3, 1][..], &be(handshake.len()), &handshake].concat()
}

/// ECDHE with AES, as TLS 1.2 has it.
const GOOD: &[u16] = &[0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9];

/// The fatal alert that answers these bytes; `None` if it is something else.
fn alert(target: &Target, bytes: &[u8]) -> Option<u8> {
    let mut wire = Wire::connect(target.secure);
    wire.send(bytes);
    let answer = wire.rest();
    match answer[..] {
        [21, 3, _, 0, 2, 2, description, ..] => Some(description),
        _ => {
            eprintln!("answered: {}", shown(&answer));
            None
        }
    }
}

#[test]
fn row_31_old_versions_suites_and_compression_are_refused() {
    const PROTOCOL_VERSION: u8 = 70;
    const HANDSHAKE_FAILURE: u8 = 40;
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    for (name, version) in [("SSL 3.0", 0x0300), ("TLS 1.0", 0x0301), ("TLS 1.1", 0x0302)] {
        assert_eq!(alert(&target, &hello(version, GOOD, &[0])), Some(PROTOCOL_VERSION), "{name}");
    }
    for (name, suites) in [
        ("RC4", &[0xc011, 0xc007, 0x0005][..]),
        ("3DES", &[0xc012, 0xc008, 0x000a]),
        ("static RSA", &[0x009c, 0x009d, 0x002f, 0x0035]),
        ("CBC", &[0xc013, 0xc014, 0xc009, 0xc00a, 0xc027]),
        ("no encryption", &[0xc010, 0xc006, 0x0002, 0x003b]),
        ("nobody is asked who he is", &[0x0018, 0x006d, 0xc018]),
        ("export grade", &[0x0003, 0x0008, 0x0014]),
        ("no suite at all", &[]),
    ] {
        let alert = alert(&target, &hello(0x0303, suites, &[0]));
        assert!(
            alert.is_some_and(|alert| alert == HANDSHAKE_FAILURE || suites.is_empty()),
            "{name}: {alert:?}"
        );
    }
    assert!(alert(&target, &hello(0x0303, GOOD, &[1])).is_some(), "nothing but DEFLATE");
    // The same hello without its fault is answered with a ServerHello.
    let mut wire = Wire::connect(target.secure);
    wire.send(&hello(0x0303, GOOD, &[0]));
    wire.read_until(PATIENCE, |inbox| inbox.len() > 5);
    assert_eq!(wire.inbox[0], 22, "TLS 1.2 is spoken");
    drop(wire);
    witness.check(&mut target);
}

#[test]
fn row_31_what_is_no_handshake_ends_at_once() {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    for (name, bytes) in [
        ("a record of 64 KiB", &b"\x16\x03\x01\xff\xff"[..]),
        ("data before hello", b"\x17\x03\x03\x00\x05hello"),
        ("an alert", b"\x15\x03\x03\x00\x02\x02\x28"),
        ("an empty handshake", b"\x16\x03\x01\x00\x00"),
        ("another handshake than hello", b"\x16\x03\x01\x00\x04\x14\x00\x00\x00"),
        ("a hello that is too short", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"),
        ("an SSL 2.0 hello", b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10"),
    ] {
        let mut wire = Wire::connect(target.secure);
        wire.send(bytes);
        assert!(wire.closes_within(Duration::from_secs(5)), "{name}: still open");
    }
    witness.check(&mut target);
}

#[test]
fn row_32_who_can_not_agree_on_a_protocol_is_told_so() {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    let mut wire = Wire::secure(target.secure, tls::client(&[&LOCALHOST], &["foo"]), "localhost");
    assert!(!wire.shake_hands(), "there is no such protocol");
    assert!(wire.why.contains("NoApplicationProtocol"), "{}", wire.why);
    // Who asks for nothing gets HTTP/1.1; who offers several gets HTTP/2.
    for (offered, agreed) in
        [(&[][..], None), (&["foo", "http/1.1"], Some("http/1.1")), (&["http/1.1", "h2"], Some("h2"))]
    {
        let mut wire = Wire::secure(target.secure, tls::client(&[&LOCALHOST], offered), "localhost");
        assert!(wire.shake_hands(), "{}", wire.why);
        assert_eq!(wire.tls().alpn_protocol(), agreed.map(str::as_bytes), "{offered:?}");
        if agreed != Some("h2") {
            wire.send(b"GET /ok HTTP/1.1\r\nhost: localhost\r\n\r\n");
            assert_eq!(h1::reply(&mut wire, false).unwrap().text(), "ok");
        }
    }
    witness.check(&mut target);
}

#[test]
fn row_32_the_wrong_protocol_on_a_port_ends_soon() {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    let soon = Duration::from_secs(5);
    let mut plain_to_tls = Wire::connect(target.secure);
    plain_to_tls.send(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(plain_to_tls.closes_within(soon));
    let said = shown(&plain_to_tls.inbox);
    assert!(said.starts_with("HTTP/1.1 400 ") || plain_to_tls.inbox.is_empty(), "{said}");
    let mut tls_to_plain = Wire::connect(target.plain);
    tls_to_plain.send(&hello(0x0303, GOOD, &[0]));
    assert!(tls_to_plain.closes_within(soon));
    assert_eq!(target.board().dispatched, 0);
    witness.check(&mut target);
}

/// An ALPN of h2 is kept to: HTTP/1 there is no HTTP/2 preface.
#[test]
fn row_32_who_has_agreed_on_http2_speaks_http2() {
    let target = Target::start(&[]);
    let mut wire = Transport::H2Tls.connect(&target);
    wire.send(b"GET /echo HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(wire.closes_within(PATIENCE));
    assert_eq!(target.board().dispatched, 0);
    // And the other way round.
    let mut wire = Transport::H1Tls.connect(&target);
    wire.send(&[crate::harness::h2::PREFACE, &crate::harness::h2::settings(&[]).bytes()].concat());
    assert!(wire.closes_within(PATIENCE));
    assert_eq!(target.board().dispatched, 0);
}

/// The certificate that the server shows to who asks for this host.
fn shown_certificate(
    target: &Target,
    trusted: &Certificate,
    host: &str,
) -> Result<CertificateDer<'static>, String> {
    let mut wire = Wire::secure(target.secure, tls::client(&[trusted], &["http/1.1"]), host);
    if !wire.shake_hands() {
        return Err(wire.why);
    }
    Ok(wire.tls().peer_certificates().unwrap()[0].clone().into_owned())
}

#[test]
fn row_33_each_host_has_its_own_certificate() {
    let folder = temp_folder();
    let (a, b) = (Certificate::make(&folder, "a.example"), Certificate::make(&folder, "b.example"));
    let entry = |host: &str, it: &Certificate| format!("{host}={}:{}", it.cert.display(), it.key.display());
    let sni = [entry("a.example", &a), entry("b.example", &b)].join(", ");
    let target = Target::start(&[("sni", &sni)]);
    assert_eq!(shown_certificate(&target, &a, "a.example"), Ok(a.der.clone()));
    assert_eq!(shown_certificate(&target, &b, "b.example"), Ok(b.der.clone()));
    assert_eq!(shown_certificate(&target, &LOCALHOST, "localhost"), Ok(LOCALHOST.der.clone()));
    // Somebody else's name gets the default, which does not fit: the client refuses it.
    assert!(shown_certificate(&target, &LOCALHOST, "c.example").is_err());
}

#[test]
fn row_34_new_certificates_are_taken_and_broken_ones_are_not() {
    let folder = temp_folder();
    let first = Certificate::make(&folder, "localhost");
    let (cert, key) = (first.cert.to_str().unwrap(), first.key.to_str().unwrap());
    let mut target = Target::start(&[("tls_cert", cert), ("tls_key", key)]);
    let witness = Witness::watch(&target);
    assert_eq!(shown_certificate(&target, &first, "localhost"), Ok(first.der.clone()));
    let mut old = Wire::secure(target.secure, tls::client(&[&first], &["http/1.1"]), "localhost");
    let get = b"GET /ok HTTP/1.1\r\nhost: localhost\r\n\r\n";
    old.send(get);
    assert_eq!(h1::reply(&mut old, false).unwrap().text(), "ok");

    let second = Certificate::make(&folder, "localhost");
    target.signal("HUP");
    let began = Instant::now();
    until("the new certificate is shown", || {
        shown_certificate(&target, &second, "localhost").is_ok_and(|shown| shown == second.der)
    });
    assert!(began.elapsed() < Duration::from_secs(5));

    fs::write(&second.cert, "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n").unwrap();
    target.signal("HUP");
    until("the broken one is logged", || target.stderr().contains("certificates stay as they were"));
    assert_eq!(shown_certificate(&target, &second, "localhost"), Ok(second.der.clone()));
    // A key that belongs to another certificate is broken too.
    let other = Certificate::make(&temp_folder(), "localhost");
    fs::copy(&other.cert, &second.cert).unwrap();
    target.signal("HUP");
    until("it is logged again", || target.stderr().matches("certificates stay as they were").count() == 2);
    assert_eq!(shown_certificate(&target, &second, "localhost"), Ok(second.der.clone()));

    old.send(get);
    assert_eq!(h1::reply(&mut old, false).unwrap().text(), "ok", "old connections live on");
    drop(old);
    witness.check(&mut target);
}

#[test]
fn row_35_the_plain_port_leads_to_the_configured_host_and_nowhere_else() {
    let target = Target::start_with(&[("http_redirect", "true")], |command| {
        command.env("PUBLIC_URL", "https://www.example.org")
    });
    let answer = |request: &str| {
        let mut wire = Wire::connect(target.plain);
        wire.send(request.as_bytes());
        h1::reply(&mut wire, false).unwrap_or_else(|why| panic!("{request}: {why:?}"))
    };
    for host in ["www.example.org", "evil.example", "evil.example:80", "127.0.0.1"] {
        let reply = answer(&format!("GET /a?b=c HTTP/1.1\r\nhost: {host}\r\n\r\n"));
        assert_eq!(
            (reply.status, reply.header("location")),
            (308, Some("https://www.example.org/a?b=c")),
            "{host}"
        );
        assert_eq!(reply.header("strict-transport-security"), None, "HSTS is for TLS alone");
    }
    for (target, location) in [
        ("//evil.example/x", "https://www.example.org//evil.example/x"),
        ("http://evil.example/x", "https://www.example.org/x"),
        ("/%0d%0aset-cookie:a=b", "https://www.example.org/%0d%0aset-cookie:a=b"),
        ("/@evil.example", "https://www.example.org/@evil.example"),
    ] {
        let reply = answer(&format!("GET {target} HTTP/1.1\r\nhost: www.example.org\r\n\r\n"));
        assert_eq!((reply.status, reply.header("location")), (308, Some(location)), "{target}");
    }
    assert_eq!(answer("GET / HTTP/1.1\r\nhost: a@b\r\n\r\n").status, 400);
    assert_eq!(answer("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc").status, 308);
    assert_eq!(target.board().dispatched, 0, "nothing is served over the plain port");
    let mut secure = Transport::H1Tls.connect(&target);
    secure.send(b"GET /echo HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(h1::reply(&mut secure, false).unwrap().status, 200);
}
