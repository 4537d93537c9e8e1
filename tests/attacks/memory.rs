//! What many clients can make the server keep together, each within its own limits: heads that never end, bodies that
//! a handler wants as a whole and that stall, header blocks and windows of HTTP/2. Everything is as configured by
//! default; memory stays below what the [`Witness`] allows, and clients that send what they begin are served meanwhile.

use std::sync::mpsc::TryRecvError;
use std::time::Duration;

use crate::harness::flow::{self, Answer, Fate, Transport};
use crate::harness::h1;
use crate::harness::h2::{self, Client};
use crate::harness::hpack;
use crate::harness::target::Target;
use crate::harness::wire::Wire;
use crate::harness::witness::Witness;
use crate::harness::{tls, until};

/// When somebody is not read from, the next one has its turn.
const MOMENT: Duration = Duration::from_millis(20);

/// A part of a head, 60 KB long.
fn long_head() -> Vec<u8> {
    let mut head = b"GET /echo HTTP/1.1\r\nhost: localhost\r\n".to_vec();
    for number in 0..9 {
        head.extend(format!("x-{number}: {}\r\n", "v".repeat(7_000)).into_bytes());
    }
    head.truncate(60_000);
    head
}

/// Attackers that have sent what they could, in pieces, as a network would bring it.
fn attackers(count: usize, bytes: &[u8], connect: impl Fn() -> Wire) -> Vec<Wire> {
    let attack = |_| {
        let mut wire = connect();
        bytes.chunks(16 << 10).all(|piece| wire.stuff(piece, MOMENT) == piece.len());
        wire
    };
    (0..count).map(attack).collect()
}

/// Somebody who has not sent too much too slowly gets what is asked for, while others attack. When there are that many,
/// who wants a hundred times more than others may be told to come again.
fn others_are_served(target: &Target) {
    let body = format!("\"{}\"", "j".repeat(100_000));
    let kind = [("content-type", "application/json")];
    let long = "v".repeat(6_000);
    for transport in flow::TRANSPORTS {
        let mut answers =
            (0..10).map(|_| flow::ask(transport, target, ("POST", "/json"), &kind, body.as_bytes()));
        let answer = answers.find(|answer| answer.status != Some(503)).expect("an answer other than 503");
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (Some(200), "0"),
            "{transport:?}: 100 KB of JSON"
        );
        let answer = flow::ask(transport, target, ("POST", "/echo"), &[("x", &long)], b"abc");
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (Some(200), "abc"),
            "{transport:?}: a head of 6 KB"
        );
    }
}

/// Whether this is how the last word to an attacker looks over HTTP/1: one of these statuses, or that it may go on.
fn is_refused_or_waits(wire: &mut Wire, statuses: &[u16]) -> bool {
    match h1::reply_within(wire, false, MOMENT) {
        Ok(reply) => {
            assert!(statuses.contains(&reply.status), "{reply:?}");
            true
        }
        Err(_) => false,
    }
}

#[test]
fn a_thousand_heads_that_never_end_take_little_memory() {
    for transport in [Transport::H1Length, Transport::H1Tls] {
        let mut target = Target::start(&[]);
        let witness = Witness::watch(&target);
        let head = long_head();
        let mut wires = attackers(1_000, &head, || transport.connect(&target));
        others_are_served(&target);
        let refused = wires
            .iter_mut()
            .map(|wire| is_refused_or_waits(wire, &[408, 431]))
            .filter(|refused| *refused)
            .count();
        assert!(refused > 0, "{transport:?}: nobody was refused");
        assert_eq!(target.log().iter().filter(|line| line.starts_with("GET /echo")).count(), 0);
        drop(wires);
        eprintln!("{transport:?}: {:?}", witness.check(&mut target));
    }
}

#[test]
fn handshakes_that_never_end_take_little_memory() {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    // A ClientHello that says it has 60,000 bytes, in records of 16 KB.
    let mut hello = vec![1, 0, 0xea, 0x60, 3, 3];
    hello.resize(59_000, 0);
    let records: Vec<u8> = hello
        .chunks(16_000)
        .flat_map(|piece| [&[0x16, 3, 1][..], &(piece.len() as u16).to_be_bytes(), piece].concat())
        .collect();
    let wires = attackers(1_000, &records, || Wire::connect(target.secure));
    others_are_served(&target);
    drop(wires);
    eprintln!("{:?}", witness.check(&mut target));
}

#[test]
fn bodies_that_stall_before_a_handler_has_them_as_a_whole_take_little_memory() {
    let content = [b"\"".as_slice(), &vec![b'j'; 1_900_000]].concat();
    let form = b"--b\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\n";
    let content_of_form = [form.as_slice(), &content].concat();
    for (path, kind, framing, content) in [
        ("/json", "application/json", "content-length: 1990000\r\n\r\n", &content),
        ("/json", "application/json", "transfer-encoding: chunked\r\n\r\n1d0000\r\n", &content),
        ("/form", "application/x-www-form-urlencoded", "content-length: 1990000\r\n\r\n", &content),
        ("/upload", "multipart/form-data; boundary=b", "content-length: 1990000\r\n\r\n", &content_of_form),
    ] {
        let mut target = Target::start(&[]);
        let witness = Witness::watch(&target);
        let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\n{framing}");
        let request = [head.as_bytes(), content].concat();
        let mut wires = attackers(120, &request, || Wire::connect(target.plain));
        others_are_served(&target);
        let refused = wires
            .iter_mut()
            .map(|wire| is_refused_or_waits(wire, &[408, 503]))
            .filter(|refused| *refused)
            .count();
        assert!(refused > 0, "{path}: nobody was refused");
        drop(wires);
        eprintln!("{path}: {:?}", witness.check(&mut target));
    }
}

#[test]
fn a_body_that_is_given_up_is_503_and_says_when_to_come_again() {
    let target = Target::start(&[("max_buffered", "1MiB"), ("body_limit", "4MiB")]);
    let announce = |length: usize| {
        format!("POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n").into_bytes()
    };
    let mut slow = Wire::connect(target.plain);
    // Nearly all that is left: giving this up alone makes room, however much the others take before they wait.
    let before = target.memory();
    slow.send(&[announce(2_000_000), vec![b'x'; 900_000]].concat());
    until("it is kept", || target.memory() > before + 800_000);
    // Others, who wait for room: together with that it is too much.
    let request = [announce(1_500_000), vec![b'x'; 1_500_000]].concat();
    let reply = std::thread::scope(|scope| {
        let (over, ended) = std::sync::mpsc::channel::<()>();
        let (request, target) = (&request, &target);
        scope.spawn(move || {
            while let Err(TryRecvError::Empty) = ended.try_recv() {
                let mut next = Wire::connect(target.plain);
                assert!(next.send(request));
                let reply = h1::reply(&mut next, false).unwrap();
                assert_eq!((reply.status, reply.body.len()), (200, 1_500_000), "who waits is served");
            }
        });
        let reply = h1::reply(&mut slow, false);
        drop(over);
        reply.unwrap()
    });
    assert_eq!((reply.status, reply.header("retry-after"), reply.says_close()), (503, Some("10"), true));
}

#[test]
fn one_body_alone_may_be_larger_than_what_all_may_keep() {
    let body = vec![b'x'; 5 << 19];
    flow::over_all(|transport| {
        // One of its own: the one before may not be through with its last connection.
        let target = Target::start(&[("max_buffered", "1MiB"), ("body_limit", "3MiB")]);
        let Answer { status, fate, body: echoed, .. } =
            flow::ask(transport, &target, ("POST", "/echo"), &[], &body);
        assert_eq!((status, fate, echoed.len()), (Some(200), Fate::Complete, body.len()), "{transport:?}");
    });
}

#[test]
fn heads_of_normal_size_are_served_when_all_memory_is_taken() {
    let target = Target::start(&[("max_buffered", "1MiB"), ("header_timeout", "60s")]);
    // In flight, so that nothing of it can be given up.
    let long = long_head();
    let wires: Vec<Wire> = (0..40)
        .map(|_| {
            let mut wire = Wire::connect(target.plain);
            wire.stuff(
                &[&b"GET /never HTTP/1.1\r\nhost: localhost\r\n"[..], &long[38..], b"\r\n\r\n"].concat(),
                MOMENT,
            );
            wire
        })
        .collect();
    target.until("as many are in flight as there is room for", |board| board.in_flight >= 7);
    for transport in flow::TRANSPORTS {
        let value = "v".repeat(7_000);
        let answer = flow::ask(transport, &target, ("POST", "/echo"), &[("x", &value)], b"abc");
        assert_eq!(answer.status, Some(200), "{transport:?}");
    }
    drop(wires);
}

/// Opens a connection of HTTP/2 and sends this after its settings.
fn attack_h2(target: &Target, transport: Transport, bytes: &[u8]) -> Wire {
    let mut client = Client::open(transport.connect(target));
    client.wire.stuff(bytes, MOMENT);
    client.wire
}

#[test]
fn header_blocks_that_never_end_take_little_memory() {
    // 1,600 names of a few bytes, of which the machine keeps more than a hundred bytes each; and long values.
    let small: Vec<String> = (0..1_600).map(|number| format!("a{number}")).collect();
    let mut many = h2::head("GET", "/echo").to_vec();
    many.extend(small.iter().map(|name| (name.as_str(), "")));
    let value = "v".repeat(15_000);
    let mut long = h2::head("GET", "/echo").to_vec();
    long.extend(["a", "b", "c", "d"].map(|name| (name, value.as_str())));
    for (what, fields) in [("small fields", many), ("long fields", long)] {
        let mut target = Target::start(&[]);
        let witness = Witness::watch(&target);
        let mut block = h2::head_in_frames(1, &hpack::encode(&fields), true);
        let more = block.len() - 100;
        block.truncate(more);
        if what == "small fields" {
            // In one frame that says that another follows, which never does.
            block = h2::Frame::new(h2::kind::HEADERS, 0, 1, hpack::encode(&fields)).bytes();
        }
        let wires: Vec<Wire> = (0..1_000).map(|_| attack_h2(&target, Transport::H2c, &block)).collect();
        others_are_served(&target);
        drop(wires);
        eprintln!("{what}: {:?}", witness.check(&mut target));
    }
}

#[test]
fn windows_that_are_full_of_what_nobody_reads_take_little_memory() {
    for (transport, path) in
        [(Transport::H2c, "/hold"), (Transport::H2Tls, "/hold"), (Transport::H2c, "/json")]
    {
        let mut target = Target::start(&[]);
        let witness = Witness::watch(&target);
        let kind = [("content-type", "application/json")];
        let wires: Vec<Wire> = (0..100)
            .map(|_| {
                let mut bytes = Vec::new();
                for stream in 0..10 {
                    let mut head = h2::head("POST", path).to_vec();
                    head.extend(kind);
                    bytes.extend(h2::headers(2 * stream + 1, hpack::encode(&head), false).bytes());
                    for _ in 0..12 {
                        bytes.extend(h2::data(2 * stream + 1, vec![b' '; 16_000], false).bytes());
                    }
                }
                attack_h2(&target, transport, &bytes)
            })
            .collect();
        others_are_served(&target);
        drop(wires);
        eprintln!("{transport:?} {path}: {:?}", witness.check(&mut target));
    }
}

#[test]
fn long_heads_in_flight_take_little_memory() {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    let value = "v".repeat(15_000);
    let mut bytes = Vec::new();
    for stream in 0..100 {
        let mut head = h2::head("GET", "/never").to_vec();
        head.extend(["a", "b", "c"].map(|name| (name, value.as_str())));
        bytes.extend(h2::head_in_frames(2 * stream + 1, &hpack::encode(&head), true));
    }
    let wires: Vec<Wire> = (0..60).map(|_| attack_h2(&target, Transport::H2c, &bytes)).collect();
    others_are_served(&target);
    drop(wires);
    eprintln!("{:?}", witness.check(&mut target));
}

#[test]
fn kept_connections_give_back_what_their_requests_and_responses_took() {
    let mut target = Target::start(&[("keep_alive_timeout", "10m")]);
    let witness = Witness::watch(&target);
    let stream = b"GET /stream?size=30000&chunks=5 HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec();
    let body = b"POST /sink HTTP/1.1\r\nhost: localhost\r\ncontent-length: 300000\r\n\r\n";
    let upload = [&body[..], &vec![b'x'; 300_000]].concat();
    let head =
        [&b"GET /ok HTTP/1.1\r\nhost: localhost\r\n"[..], &long_head()[38..59_000], b"\r\n\r\n"].concat();
    // In waves, as far apart as a connection rests before it gives its buffers back.
    let mut wires = Vec::new();
    for wave in 0..5 {
        for _ in 0..150 {
            let mut wire = Wire::connect(target.plain);
            for request in [&stream, &upload, &head] {
                wire.send(request);
                assert_eq!(h1::reply(&mut wire, false).unwrap().status, 200, "wave {wave}");
            }
            wires.push(wire);
        }
        std::thread::sleep(Duration::from_secs(3));
    }
    // And they are as good as before.
    for wire in &mut wires {
        wire.send(b"POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\nabc");
        assert_eq!(h1::reply(wire, false).unwrap().text(), "abc");
    }
    drop(wires);
    eprintln!("{:?}", witness.check(&mut target));
}

/// The handshake of a client that only listens costs it nothing.
#[test]
fn connections_that_are_only_open_take_little_memory() {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    let plain: Vec<Wire> = (0..1_000).map(|_| Wire::connect(target.plain)).collect();
    let secure: Vec<Wire> = (0..200)
        .map(|_| {
            let mut wire = Wire::secure(target.secure, tls::client(&[&tls::LOCALHOST], &["h2"]), "localhost");
            assert!(wire.shake_hands(), "{}", wire.why);
            wire
        })
        .collect();
    others_are_served(&target);
    drop((plain, secure));
    eprintln!("{:?}", witness.check(&mut target));
}
