//! Reliability row 88: the end of the server is nobody's loss.

use std::time::{Duration, Instant};

use crate::harness::flow::{Fate, Flow, TRANSPORTS, Transport, over_h2};
use crate::harness::h1;
use crate::harness::h2::{Client, Outcome, code, kind};
use crate::harness::target::Target;
use crate::harness::wire::{End, Wire};
use crate::harness::{PATIENCE, until};

fn refuses(target: &Target) -> bool {
    std::net::TcpStream::connect(target.plain).is_err()
        && std::net::TcpStream::connect(target.secure).is_err()
}

#[test]
fn row_88_two_hundred_requests_in_flight_finish_and_the_program_ends() {
    let mut target = Target::start(&[]);
    let mut flows: Vec<(Transport, Flow)> = TRANSPORTS
        .into_iter()
        .cycle()
        .take(200)
        .map(|transport| {
            let mut flow = Flow::open(transport, &target, ("POST", "/wait"), &[], 0);
            flow.end();
            (transport, flow)
        })
        .collect();
    target.until("all are at work", |board| board.in_flight == 200);
    target.signal("TERM");
    until("the listeners are closed", || refuses(&target));
    assert!(target.is_alive(), "it waits for them");
    assert_eq!(target.board().in_flight, 200);
    target.open_the_gate();
    for (transport, flow) in &mut flows {
        let answer = flow.answer();
        assert_eq!((answer.status, answer.fate), (Some(200), Fate::Complete), "{transport:?}");
        if !transport.is_h2() {
            assert_eq!(answer.header("connection"), Some("close"), "{transport:?}");
        }
        assert!(flow.wire().closes_within(PATIENCE), "{transport:?}");
    }
    assert_eq!(target.wait().code(), Some(0));
}

#[test]
fn row_88_idle_and_silent_connections_do_not_hold_it_up() {
    let mut target = Target::start(&[("header_timeout", "2s")]);
    let mut kept = Wire::connect(target.plain);
    kept.send(b"GET /ok HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(h1::reply(&mut kept, false).unwrap().status, 200);
    let _idle: Vec<Client> =
        [Transport::H2c, Transport::H2Tls].map(|it| Client::open(it.connect(&target))).into();
    let _silent: Vec<Wire> = (0..20).map(|_| Wire::connect(target.plain)).collect();
    let _half: Vec<Wire> = (0..20)
        .map(|_| {
            let mut wire = Wire::connect(target.plain);
            wire.send(b"GET / HT");
            wire
        })
        .collect();
    let _shaking: Vec<Wire> = (0..20).map(|_| Wire::connect(target.secure)).collect();
    let began = Instant::now();
    target.signal("TERM");
    assert_eq!(target.wait().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(10), "it waited for them: {:?}", began.elapsed());
}

#[test]
fn row_88_a_request_that_never_ends_is_cut_when_the_grace_is_over() {
    let mut target = Target::start(&[("shutdown_grace", "1s")]);
    let mut flows: Vec<Flow> = TRANSPORTS
        .into_iter()
        .map(|transport| {
            let mut flow = Flow::open(transport, &target, ("POST", "/never"), &[], 0);
            flow.end();
            flow
        })
        .collect();
    target.until("they are at work", |board| board.in_flight == TRANSPORTS.len() as u64);
    let began = Instant::now();
    target.signal("TERM");
    assert_eq!(target.wait().code(), Some(0));
    assert!(began.elapsed() > Duration::from_millis(900), "they had no grace");
    for flow in &mut flows {
        assert!(flow.wire().closes_within(PATIENCE));
    }
}

#[test]
fn row_88_a_second_signal_ends_it_at_once() {
    for signal in ["TERM", "INT"] {
        let mut target = Target::start(&[]);
        let mut flow = Flow::open(Transport::H1Length, &target, ("POST", "/never"), &[], 0);
        flow.end();
        target.until("it is at work", |board| board.in_flight == 1);
        target.signal(signal);
        until("the listeners are closed", || refuses(&target));
        let began = Instant::now();
        target.signal(signal);
        target.wait();
        assert!(began.elapsed() < Duration::from_secs(5), "{signal}: {:?}", began.elapsed());
    }
}

#[test]
fn row_88_http2_says_goodbye_and_finishes_what_it_has_begun() {
    over_h2(|transport| {
        let mut target = Target::start(&[]);
        let mut client = Client::open(transport.connect(&target));
        client.request(1, "GET", "/wait");
        target.until("it is at work", |board| board.in_flight == 1);
        target.signal("TERM");
        let goodbye = loop {
            let frame = client.frame(PATIENCE).expect("GOAWAY");
            if frame.kind == kind::GOAWAY {
                break frame;
            }
        };
        assert_eq!(goodbye.number(4), code::NO_ERROR);
        target.open_the_gate();
        assert!(matches!(client.outcome(1), Outcome::Response { status: 200, .. }));
        assert!(client.wire.closes_within(PATIENCE));
        assert_eq!(target.wait().code(), Some(0));
    });
}

/// Whoever connects while the server is told to stop is served or refused, and never let in and forgotten. Between
/// the last look at a queue and its end, the kernel itself may reset one or two that nobody has seen.
#[test]
fn row_88_no_connection_is_let_in_and_lost() {
    let mut target = Target::start(&[]);
    let address = target.plain;
    let client = std::thread::spawn(move || {
        let (mut served, mut refused, mut unseen) = (0, 0, 0);
        while refused < 5 {
            let Ok(stream) = std::net::TcpStream::connect(address) else {
                refused += 1;
                continue;
            };
            drop(stream);
            // A new one for the request, so that the first keeps the queue busy.
            let Some(mut wire) = Wire::try_connect(address) else { continue };
            wire.send(b"GET /ok HTTP/1.1\r\nhost: localhost\r\n\r\n");
            match h1::reply(&mut wire, false) {
                Ok(reply) if reply.status == 200 => served += 1,
                Err(_) if wire.end == Some(End::Reset) && wire.received == 0 && unseen < 4 => unseen += 1,
                other => panic!("let in and lost after {served}: {other:?}, {:?}", wire.end),
            }
        }
        served
    });
    target.signal("TERM");
    assert_eq!(target.wait().code(), Some(0));
    client.join().unwrap_or_else(|why| std::panic::resume_unwind(why));
}
