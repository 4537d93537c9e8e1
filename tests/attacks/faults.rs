//! Reliability row 23 and the resources that run out: a fault in one request is that request's alone.

use std::time::Duration;

use crate::harness::flow::{self, Fate, Flow, Transport, over_all};
use crate::harness::h1::{self, NoReply};
use crate::harness::h2::{Client, Outcome};
use crate::harness::target::Target;
use crate::harness::wire::Wire;
use crate::harness::witness::Witness;
use crate::harness::{PATIENCE, until};

#[test]
fn row_23_a_panic_is_the_500_of_one_request() {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    over_all(|transport| {
        for path in ["/panic", "/panic/extractor/1", "/panic/middleware"] {
            let answer =
                flow::ask(transport, &target, ("POST", path), &[("accept", "application/json")], b"abc");
            assert_eq!((answer.status, answer.fate), (Some(500), Fate::Complete), "{transport:?} {path}");
            assert!(
                !answer.text().contains("a panic within"),
                "{path}: the cause stays inside: {}",
                answer.text()
            );
        }
    });
    witness.check(&mut target);
    assert_eq!(target.board().in_flight, 0);
}

#[test]
fn row_23_a_stream_that_breaks_off_never_looks_whole() {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    over_all(|transport| {
        for path in ["/stream/panic", "/stream/error"] {
            let mut flow = Flow::open(transport, &target, ("POST", path), &[], 0);
            flow.end();
            let answer = flow.answer();
            assert!(
                matches!(answer.fate, Fate::Closed | Fate::Reset(_)),
                "{transport:?} {path}: it looks whole: {answer:?}"
            );
        }
    });
    // HTTP/1.0 has no chunks: only a reset tells that something is missing.
    for path in ["/stream/panic", "/stream/error"] {
        let mut wire = Wire::connect(target.plain);
        wire.send(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes());
        wire.closes_within(PATIENCE);
        assert_eq!(wire.end, Some(crate::harness::wire::End::Reset), "{path} on HTTP/1.0");
    }
    witness.check(&mut target);
}

#[test]
fn row_23_on_http2_the_other_streams_go_on_when_one_panics() {
    flow::over_h2(|transport| {
        // One for each, since a gate that was opened stays open.
        let target = Target::start(&[]);
        let mut client = Client::open(transport.connect(&target));
        client.request(1, "GET", "/wait");
        client.request(3, "GET", "/panic");
        assert!(matches!(client.outcome(3), Outcome::Response { status: 500, .. }));
        client.request(5, "GET", "/stream/panic");
        let broken = client.outcome(5);
        assert!(matches!(broken, Outcome::Reset { .. }), "{broken:?}");
        target.open_the_gate();
        assert!(matches!(client.outcome(1), Outcome::Response { status: 200, .. }));
    });
}

#[test]
fn row_23_a_client_that_goes_away_takes_its_handler_along() {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    over_all(|transport| {
        // While the handler works.
        let before = target.board();
        let mut flow = Flow::open(transport, &target, ("POST", "/never"), &[], 0);
        flow.end();
        target.until("the handler is at work", |board| board.in_flight == 1);
        flow.abort();
        let after = target.until("the handler is dropped", |board| board.in_flight == 0);
        assert_eq!(after.abandoned, before.abandoned + 1, "{transport:?}");
        // While its body comes.
        let mut flow = Flow::open(transport, &target, ("POST", "/sink"), &[], 1 << 20);
        flow.send(&[b'x'; 1000]);
        target.until("the handler is at work", |board| board.in_flight == 1);
        flow.abort();
        let after = target.until("the handler is gone", |board| board.in_flight == 0);
        assert_eq!(after.committed, before.committed, "{transport:?}");
        // While its response streams.
        let mut flow = Flow::open(transport, &target, ("POST", "/stream/endless"), &[], 0);
        flow.end();
        flow.wire().read_until(PATIENCE, |inbox| inbox.len() > 1000);
        flow.abort();
        target.until("the stream is dropped", |board| board.streams_dropped == before.streams_dropped + 1);
    });
    witness.check(&mut target);
}

#[test]
fn row_23_a_request_that_ends_too_early_is_no_request() {
    let target = Target::start(&[]);
    over_all(|transport| {
        let before = target.board().committed;
        let mut flow = Flow::open(transport, &target, ("POST", "/sink"), &[], 1000);
        flow.send(b"a part of it");
        target.until("the handler is at work", |board| board.in_flight == 1);
        flow.wire().finish();
        let answer = flow.answer();
        assert!(matches!(answer.status, None | Some(400)), "{transport:?}: {answer:?}");
        target.until("the handler is gone", |board| board.in_flight == 0);
        assert_eq!(target.board().committed, before, "{transport:?}");
    });
}

/// A client may close its side after the request and still wants the answer (RFC 9112, section 9.6).
#[test]
fn row_23_a_half_closed_connection_is_answered() {
    let target = Target::start(&[]);
    for transport in [Transport::H1Length, Transport::H1Chunked] {
        let mut flow = Flow::open(transport, &target, ("POST", "/echo"), &[], 3);
        flow.send(b"abc");
        flow.end();
        flow.wire().finish();
        let answer = flow.answer();
        assert_eq!((answer.status, answer.text()), (Some(200), "abc".to_owned()), "{transport:?}");
    }
}

#[test]
fn when_descriptors_run_out_the_server_recovers_by_itself() {
    let mut target = Target::start_with(&[("keep_alive_timeout", "60s")], |command| command);
    let witness = Witness::watch(&target);
    let report = witness.check(&mut target);
    assert!(report.served > 0);
    let open = target.descriptors();
    target.limit_descriptors(open + 20);
    let before = target.cpu();
    let mut wires: Vec<Wire> = (0..60).map(|_| Wire::connect(target.plain)).collect();
    for wire in &mut wires {
        wire.send(b"GET /ok HTTP/1.1\r\nhost: localhost\r\n\r\n");
    }
    until("the shortage is logged", || target.stderr().contains("can not accept"));
    // Nobody leaves, but who is idle goes for those who wait, until everybody was served.
    let mut served = 0;
    until("everybody has been served", || {
        for wire in wires.iter_mut().filter(|wire| wire.received == 0) {
            match h1::reply_within(wire, false, Duration::from_millis(20)) {
                Ok(reply) => {
                    assert_eq!(reply.status, 200);
                    served += 1;
                }
                Err(NoReply::Late(_)) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        served == 60
    });
    let spent = target.cpu() - before;
    assert!(spent < Duration::from_secs(2), "it spins: {spent:?} of CPU");
    drop(wires);
    until("all is as before", || target.descriptors() <= open);
}

#[test]
fn connections_beyond_the_limit_wait_and_are_served_later() {
    let target = Target::start(&[("max_connections", "10")]);
    // All places are taken by handlers at work, so nobody can be let in.
    let mut first: Vec<Wire> = (0..10).map(|_| Wire::connect(target.plain)).collect();
    for wire in &mut first {
        wire.send(b"GET /wait HTTP/1.1\r\nhost: localhost\r\n\r\n");
    }
    target.until("all places are taken", |board| board.in_flight == 10);
    let get = b"GET /ok HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut waiting = Wire::connect(target.plain);
    waiting.send(get);
    assert!(matches!(
        h1::reply_within(&mut waiting, false, Duration::from_millis(300)),
        Err(NoReply::Late(_))
    ));
    first.pop();
    assert_eq!(h1::reply(&mut waiting, false).unwrap().status, 200);
}

/// `keep_alive_timeout` is a minute, which nobody who waits has to.
#[test]
fn idle_connections_are_let_go_for_those_that_wait() {
    for transport in [Transport::H1Length, Transport::H1Tls, Transport::H2c, Transport::H2Tls] {
        let target = Target::start(&[("max_connections", "10"), ("keep_alive_timeout", "10m")]);
        let mut busy: Vec<Wire> = (0..3).map(|_| Wire::connect(target.plain)).collect();
        for wire in &mut busy {
            wire.send(b"GET /wait HTTP/1.1\r\nhost: localhost\r\n\r\n");
        }
        target.until("three places are taken", |board| board.in_flight == 3);
        let mut idle: Vec<Flow> =
            (0..7).map(|_| Flow::open(transport, &target, ("POST", "/echo"), &[], 0)).collect();
        for flow in &mut idle {
            flow.end();
            assert_eq!(flow.answer().status, Some(200), "{transport:?}");
        }
        // As many as were idle come in, while those at work go on.
        let mut next: Vec<Wire> = (0..7).map(|_| Wire::connect(target.plain)).collect();
        for wire in &mut next {
            wire.send(b"GET /wait HTTP/1.1\r\nhost: localhost\r\n\r\n");
        }
        target.until("those who waited are let in", |board| board.in_flight == 10);
        for flow in &mut idle {
            assert!(flow.wire().closes_within(PATIENCE), "{transport:?}: it was idle");
        }
        target.open_the_gate();
        for wire in busy.iter_mut().chain(&mut next) {
            assert_eq!(h1::reply(wire, false).unwrap().text(), "waited", "{transport:?}");
        }
    }
}
