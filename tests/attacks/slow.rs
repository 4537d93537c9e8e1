//! Reliability rows 15 to 18: every phase that waits on a client has an end. Here the pace of clients is what is
//! tested, so these tests take as long as the (short) deadlines say.

use std::time::{Duration, Instant};

use crate::harness::PATIENCE;
use crate::harness::flow::{Fate, Flow, Transport, over_all_at_once};
use crate::harness::h1;
use crate::harness::h2::{self, Client};
use crate::harness::hpack;
use crate::harness::target::Target;
use crate::harness::wire::Wire;
use crate::harness::witness::Witness;

/// How long after its deadline a connection may still be open on a loaded machine.
const LATE: Duration = Duration::from_secs(5);

/// Does something every so often until the peer ends, and says after which time it did.
fn until_end(wire: &mut Wire, every: Duration, mut act: impl FnMut(&mut Wire)) -> Duration {
    let began = Instant::now();
    while wire.end.is_none() {
        assert!(began.elapsed() < PATIENCE, "the connection is never closed");
        act(wire);
        wire.closes_within(every);
    }
    began.elapsed()
}

/// The deadline was kept, and was not early.
fn on_time(what: &str, took: Duration, deadline: Duration) {
    assert!(
        took + Duration::from_millis(300) > deadline,
        "{what}: closed after {took:?}, before {deadline:?}"
    );
    assert!(took < deadline + LATE, "{what}: closed after {took:?}, {deadline:?} are allowed");
}

#[test]
pub(crate) fn row_15_a_client_that_says_nothing_is_closed_without_a_word() {
    let deadline = Duration::from_secs(1);
    let mut target = Target::start(&[("header_timeout", "1s")]);
    let witness = Witness::watch(&target);
    for (what, address) in [("plain", target.plain), ("TLS", target.secure)] {
        let mut wire = Wire::connect(address);
        let took = until_end(&mut wire, LATE, |_| {});
        on_time(what, took, deadline);
        assert_eq!(wire.inbox, b"", "{what}");
    }
    // A handshake that is begun and left.
    let mut half = Wire::connect(target.secure);
    half.send(b"\x16\x03\x01\x02\x00\x01\x00");
    on_time("half a handshake", until_end(&mut half, LATE, |_| {}), deadline);
    // A handshake, and nothing after it.
    let began = Instant::now();
    let mut wire = Transport::H1Tls.connect(&target);
    until_end(&mut wire, LATE, |_| {});
    on_time("TLS and silence", began.elapsed(), deadline);
    witness.check(&mut target);
}

#[test]
pub(crate) fn row_15_a_head_that_is_begun_and_left_is_answered_with_408() {
    let target = Target::start(&[("header_timeout", "1s")]);
    for transport in [Transport::H1Length, Transport::H1Tls] {
        for kept in [false, true] {
            let mut wire = transport.connect(&target);
            if kept {
                wire.send(b"GET /ok HTTP/1.1\r\nhost: localhost\r\n\r\n");
                assert_eq!(h1::reply(&mut wire, false).unwrap().status, 200);
            }
            let began = Instant::now();
            wire.send(b"GET /echo HTTP/1.1\r\nhost: loc");
            let reply = h1::reply(&mut wire, false).unwrap();
            assert_eq!((reply.status, reply.says_close()), (408, true), "{transport:?}");
            assert_eq!(wire.rest(), b"");
            on_time("half a head", began.elapsed(), Duration::from_secs(1));
        }
    }
    assert_eq!(target.board().dispatched, 0);
}

#[test]
pub(crate) fn row_16_five_hundred_clients_that_trickle_their_heads_are_closed_on_time() {
    let deadline = Duration::from_secs(3);
    let mut target = Target::start(&[("header_timeout", "3s")]);
    let witness = Witness::watch(&target);
    let head = b"GET /echo HTTP/1.1\r\nhost: localhost\r\nx-very-long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let mut wires: Vec<(Wire, Instant)> =
        (0..500).map(|_| (Wire::connect(target.plain), Instant::now())).collect();
    let began = Instant::now();
    for byte in head {
        wires.retain_mut(|(wire, began)| {
            wire.send(&[*byte]);
            wire.look();
            if wire.end.is_some() {
                on_time("a trickling head", began.elapsed(), deadline);
            }
            wire.end.is_none()
        });
        if wires.is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    assert!(wires.is_empty(), "{} are open after {:?}", wires.len(), began.elapsed());
    assert_eq!(target.board().dispatched, 0);
    witness.check(&mut target);
}

#[test]
pub(crate) fn row_16_a_head_that_trickles_over_http2_is_closed_on_time() {
    let deadline = Duration::from_secs(2);
    let mut target = Target::start(&[("header_timeout", "2s")]);
    let witness = Witness::watch(&target);
    let frame = h2::headers(1, hpack::encode(&h2::head("GET", "/echo")), true).bytes();
    let preface = [h2::PREFACE, &h2::settings(&[]).bytes()].concat();
    for transport in crate::harness::flow::TRANSPORTS.into_iter().filter(|transport| transport.is_h2()) {
        // The preface itself; then a head after it; then one whose end never comes.
        let mut wire = transport.connect(&target);
        let mut bytes = preface.iter();
        let took = until_end(&mut wire, Duration::from_millis(200), |wire| {
            let _ = bytes.next().is_some_and(|byte| wire.send(&[*byte]));
        });
        on_time("a trickling preface", took, deadline);

        let mut client = Client::open(transport.connect(&target));
        let mut bytes = frame.iter();
        let took = until_end(&mut client.wire, Duration::from_millis(200), |wire| {
            let _ = bytes.next().is_some_and(|byte| wire.send(&[*byte]));
        });
        on_time("a trickling HEADERS frame", took, deadline);

        let mut client = Client::open(transport.connect(&target));
        let block = hpack::encode(&h2::head("GET", "/echo"));
        client.send(&h2::Frame::new(h2::kind::HEADERS, 0, 1, block));
        let more = h2::Frame::new(h2::kind::CONTINUATION, 0, 1, hpack::encode(&[("x", "y")])).bytes();
        let took = until_end(&mut client.wire, Duration::from_millis(200), |wire| {
            wire.send(&more);
        });
        // So many pieces of a head are refused before its time is over.
        assert!(took < deadline + LATE, "a head without an end: closed after {took:?}");
    }
    assert_eq!(target.board().dispatched, 0);
    witness.check(&mut target);
}

#[test]
pub(crate) fn row_16_a_kept_connection_is_closed_when_its_time_is_over() {
    let deadline = Duration::from_secs(1);
    over_all_at_once(|transport| {
        let target = Target::start(&[("keep_alive_timeout", "1s")]);
        let mut flow = Flow::open(transport, &target, ("POST", "/echo"), &[], 3);
        flow.send(b"abc");
        flow.end();
        assert_eq!(flow.answer().text(), "abc");
        let began = Instant::now();
        let wire = flow.wire();
        until_end(wire, LATE, |_| {});
        on_time("an idle connection", began.elapsed(), deadline);
    });
}

#[test]
pub(crate) fn row_17_a_body_that_trickles_is_refused_and_its_handler_dropped() {
    over_all_at_once(|transport| {
        let mut target = Target::start(&[("body_grace", "1s"), ("body_min_rate", "500")]);
        let witness = Witness::watch(&target);
        for path in ["/echo", "/sink", "/json"] {
            let before = target.board();
            let kind = [("content-type", "application/json")];
            let mut flow = Flow::open(transport, &target, ("POST", path), &kind, 1 << 20);
            let began = Instant::now();
            let wire_end = loop {
                flow.send(b"1");
                let answer = flow.answer_within(Duration::from_millis(100));
                if answer.fate != Fate::Late {
                    break answer;
                }
                assert!(began.elapsed() < PATIENCE, "{transport:?} {path}: it may trickle for ever");
            };
            on_time("a trickling body", began.elapsed(), Duration::from_secs(1));
            assert!(
                matches!(
                    (wire_end.status, wire_end.fate),
                    (Some(408), _) | (None, Fate::Reset(_) | Fate::Closed)
                ),
                "{transport:?} {path}: {wire_end:?}"
            );
            let after = target.until("the handler is gone", |board| board.in_flight == 0);
            assert_eq!(after.dispatched, before.dispatched + 1);
            assert_eq!(after.committed, before.committed, "{transport:?} {path}");
        }
        witness.check(&mut target);
    });
}

#[test]
pub(crate) fn row_17_a_body_that_comes_at_a_fair_pace_is_taken() {
    over_all_at_once(|transport| {
        let target = Target::start(&[("body_grace", "1s"), ("body_min_rate", "500")]);
        let mut flow = Flow::open(transport, &target, ("POST", "/sink"), &[], 8 * 2000);
        for _ in 0..8 {
            assert!(flow.send(&[b'x'; 2000]), "{transport:?}");
            std::thread::sleep(Duration::from_millis(300));
        }
        flow.end();
        assert_eq!(flow.answer().text(), "16000", "{transport:?}");
    });
}

#[test]
pub(crate) fn row_17_a_handler_that_takes_too_long_is_answered_for() {
    over_all_at_once(|transport| {
        let target = Target::start(&[("request_timeout", "1s")]);
        let began = Instant::now();
        let before = target.board().abandoned;
        let mut flow = Flow::open(transport, &target, ("POST", "/never"), &[], 0);
        flow.end();
        let answer = flow.answer();
        assert_eq!(answer.status, Some(503), "{transport:?}");
        on_time("a handler", began.elapsed(), Duration::from_secs(1));
        target.until("the handler is dropped", |board| board.abandoned == before + 1);
    });
}

#[test]
pub(crate) fn row_18_clients_that_never_read_are_closed_and_their_streams_dropped() {
    const CLIENTS: u64 = 40;
    over_all_at_once(|transport| {
        let mut target = Target::start(&[("write_stall_timeout", "2s"), ("keep_alive_timeout", "2s")]);
        let witness = Witness::watch(&target);
        let before = target.board();
        let mut stalled: Vec<Wire> = (0..CLIENTS)
            .map(|_| {
                let mut wire = transport.connect(&target);
                if transport.is_h2() {
                    let mut client = Client::open(wire);
                    client.request(1, "GET", "/stream/endless");
                    return client.wire;
                }
                wire.send(b"GET /stream/endless HTTP/1.1\r\nhost: localhost\r\n\r\n");
                wire
            })
            .collect();
        let began = Instant::now();
        let dropped = before.streams_dropped + CLIENTS;
        target.until("every stream is dropped", |board| board.streams_dropped >= dropped);
        on_time("a stalled reader", began.elapsed(), Duration::from_secs(2));
        for wire in &mut stalled {
            wire.keeps = false;
            assert!(wire.closes_within(PATIENCE), "{transport:?}: a stalled connection stays open");
        }
        witness.check(&mut target);
    });
}

#[test]
pub(crate) fn row_18_a_client_that_reads_slowly_is_served() {
    over_all_at_once(|transport| {
        // Long enough for a machine that has others to serve between two reads.
        let target = Target::start(&[("write_stall_timeout", "2s")]);
        let mut flow = Flow::open(transport, &target, ("POST", "/stream?chunks=32&size=65536"), &[], 0);
        flow.end();
        // Three seconds and more for it all, which is longer than the timeout.
        flow.wire().pace = Duration::from_millis(25);
        let answer = flow.answer();
        assert_eq!(
            (answer.status, answer.body.len(), answer.fate),
            (Some(200), 32 * 65536, Fate::Complete),
            "{transport:?}"
        );
    });
}
