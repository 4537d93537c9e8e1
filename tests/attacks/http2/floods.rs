//! Reliability rows 26 to 29: many cheap frames that make the server work. Each flood ends in GOAWAY or a close, and
//! costs little until then; meanwhile others are served and memory stays small.

use std::time::Duration;

use super::case::{block, get, goes_on, post};
use crate::harness::PATIENCE;
use crate::harness::flow::{Transport, over_h2};
use crate::harness::h2::{
    Client, Frame, Outcome, code, data, flag, headers, kind, ping, rst_stream, settings, window_update,
};
use crate::harness::hpack::{indexed, indexed_literal};
use crate::harness::target::Target;
use crate::harness::witness::Witness;

/// What a flood may cost the server until it is ended, which is a debug build here: ten times what is seen.
const CPU: Duration = Duration::from_millis(500);

/// How a flood ended.
#[derive(Debug)]
struct Ended {
    /// The code of GOAWAY; `None` if there was none.
    code: Option<u32>,
    closed: bool,
    cpu: Duration,
}

/// Sends a piece again and again, `reading` what comes meanwhile or not.
fn flood(
    transport: Transport,
    target: &Target,
    reading: bool,
    times: u32,
    mut piece: impl FnMut(u32) -> Vec<u8>,
) -> Ended {
    let before = target.cpu();
    let mut client = Client::open(transport.connect(target));
    client.wire.keeps = reading;
    let mut batch = Vec::new();
    for number in 0..times {
        batch.extend(piece(number));
        if batch.len() > 16 << 10 || number + 1 == times {
            let taken = match reading {
                true => client.wire.send(&batch),
                // Who takes nothing for a while has stopped to read, as it may.
                false => client.wire.stuff(&batch, Duration::from_secs(1)) == batch.len(),
            };
            if !taken {
                break;
            }
            batch.clear();
        }
    }
    client.wire.keeps = true;
    // What was sent last is worked off when a PING behind it is answered, or the connection ends.
    let (mut code, last) = (None, *b"the last");
    client.send(&ping(last));
    while let Some(frame) = client.frame(PATIENCE) {
        if frame.kind == kind::GOAWAY {
            code = Some(frame.number(4));
        }
        if frame.kind == kind::PING && frame.payload == last {
            break;
        }
    }
    Ended { code, closed: client.wire.end.is_some(), cpu: target.cpu() - before }
}

#[test]
pub(crate) fn row_26_rapid_resets_end_the_connection() {
    over_h2(|transport| {
        let mut target = Target::start(&[]);
        let witness = Witness::watch(&target);
        type Reset = fn(u32) -> Vec<u8>;
        // By the client; and by the server, which is made to with a frame that is an error of the stream.
        let by_client: Reset =
            |stream| [get(stream, "/never").bytes(), rst_stream(stream, code::CANCEL).bytes()].concat();
        let by_server: Reset =
            |stream| [post(stream, "/never").bytes(), window_update(stream, 0).bytes()].concat();
        let too_long: Reset =
            |stream| [post(stream, "/never").bytes(), window_update(stream, (1 << 31) - 1).bytes()].concat();
        let after_the_end: Reset = |stream| {
            let head = headers(stream, block("POST", "/never"), false).bytes();
            [head, headers(stream, block("POST", "/never"), false).bytes()].concat()
        };
        for (name, reset) in [
            ("client", by_client),
            ("server", by_server),
            ("overflow", too_long),
            ("second head", after_the_end),
        ] {
            let before = target.board().dispatched;
            let ended = flood(transport, &target, true, 10_000, |number| reset(number * 2 + 1));
            assert!(ended.closed, "{name} over {transport:?}: {ended:?}");
            assert!(ended.code.is_none_or(|code| code != code::NO_ERROR), "{name}: {ended:?}");
            let board = target.until("every handler is dropped", |board| board.in_flight == 0);
            assert!(board.most_in_flight <= 100, "{name}: {} handlers at once", board.most_in_flight);
            // 200 in a second are allowed.
            let dispatched = board.dispatched - before;
            assert!(dispatched < 5_000, "{name} over {transport:?}: {dispatched} were dispatched");
        }
        witness.check(&mut target);
    });
}

/// The slower way: each handler is at work before its stream is reset, so that no queue of the library is long.
#[test]
pub(crate) fn row_26_resets_of_handlers_at_work_end_the_connection() {
    over_h2(|transport| {
        let mut target = Target::start(&[]);
        let witness = Witness::watch(&target);
        let mut client = Client::open(transport.connect(&target));
        let mut reset = 0_u32;
        while reset < 10_000 && client.wire.end.is_none() {
            let streams = (reset..reset + 50).map(|number| number * 2 + 1);
            client
                .wire
                .send(&streams.clone().flat_map(|stream| get(stream, "/never").bytes()).collect::<Vec<_>>());
            let dispatched = u64::from(reset) + 50;
            while client.wire.end.is_none() && target.board().dispatched < dispatched {
                client.wire.read_some();
            }
            client.wire.send(
                &streams.flat_map(|stream| rst_stream(stream, code::CANCEL).bytes()).collect::<Vec<_>>(),
            );
            client.wire.read_some();
            reset += 50;
        }
        assert!(client.wire.closes_within(PATIENCE), "{reset} streams were reset over {transport:?}");
        assert!(reset < 10_000, "{transport:?}");
        let board = target.until("every handler is dropped", |board| board.in_flight == 0);
        assert!(board.most_in_flight <= 100, "{} handlers at once", board.most_in_flight);
        witness.check(&mut target);
    });
}

#[test]
pub(crate) fn row_28_a_head_that_never_ends_is_refused() {
    over_h2(|transport| {
        let mut target = Target::start(&[]);
        let witness = Witness::watch(&target);
        let first = |number| {
            if number == 0 { Frame::new(kind::HEADERS, 0, 1, block("GET", "/echo")).bytes() } else { vec![] }
        };
        let empty = |number| [first(number), Frame::new(kind::CONTINUATION, 0, 1, []).bytes()].concat();
        let full = |number| {
            let header = indexed_literal(b"x-header", &[b'v'; 1000]);
            [first(number), Frame::new(kind::CONTINUATION, 0, 1, header).bytes()].concat()
        };
        for (name, ended) in [
            ("empty", flood(transport, &target, true, 100_000, empty)),
            ("full", flood(transport, &target, true, 100_000, full)),
        ] {
            assert!(ended.closed, "CONTINUATION, {name}, over {transport:?}: {ended:?}");
        }
        assert_eq!(target.board().dispatched, 0);
        witness.check(&mut target);
    });
}

#[test]
pub(crate) fn row_28_floods_of_small_frames_are_ended() {
    over_h2(|transport| {
        let mut target = Target::start(&[]);
        let witness = Witness::watch(&target);
        let open = |number, frame: Frame| match number {
            0 => [post(1, "/never").bytes(), frame.bytes()].concat(),
            _ => frame.bytes(),
        };
        type Piece<'a> = Box<dyn FnMut(u32) -> Vec<u8> + 'a>;
        let floods: Vec<(&str, Piece<'_>)> = vec![
            ("PING", Box::new(|_| ping(*b"01234567").bytes())),
            ("answers to no PING", Box::new(|_| Frame::new(kind::PING, flag::ACK, 0, [0; 8]).bytes())),
            ("SETTINGS", Box::new(|_| settings(&[]).bytes())),
            (
                "SETTINGS that change",
                Box::new(|number| settings(&[(4, number % 9999), (1, number % 4096)]).bytes()),
            ),
            (
                "PRIORITY",
                Box::new(|number| Frame::new(kind::PRIORITY, 0, number * 2 + 3, [0, 0, 0, 1, 9]).bytes()),
            ),
            ("empty DATA", Box::new(move |number| open(number, data(1, [], false)))),
            (
                "empty DATA with padding",
                Box::new(move |number| open(number, Frame::new(kind::DATA, flag::PADDED, 1, [1, 0]))),
            ),
            ("WINDOW_UPDATE", Box::new(|_| window_update(0, 1).bytes())),
            ("frames of no known type", Box::new(|_| Frame::new(0xee, 0, 0, [0; 8]).bytes())),
        ];
        for (name, mut piece) in floods {
            for reading in [true, false] {
                let ended = flood(transport, &target, reading, 100_000, &mut piece);
                eprintln!("{name} over {transport:?}, reading {reading}: {ended:?}");
                assert!(ended.closed, "{name} over {transport:?}, reading: {reading}: {ended:?}");
                assert!(ended.cpu < CPU, "{name} over {transport:?}, reading: {reading}: {ended:?}");
            }
        }
        target.until("every handler is dropped", |board| board.in_flight == 0);
        witness.check(&mut target);
    });
}

/// Many small frames are no flood when they carry something.
#[test]
pub(crate) fn row_28_busy_clients_are_not_taken_for_floods() {
    over_h2(|transport| {
        let target = Target::start(&[]);
        let mut client = Client::open(transport.connect(&target));
        // 32 MiB, with two WINDOW_UPDATEs for each frame of it.
        client.request(1, "GET", "/stream?chunks=2000&size=16384");
        match client.outcome(1) {
            Outcome::Response { status: 200, body, .. } => assert_eq!(body.len(), 2000 * 16_384),
            other => panic!("a download over {transport:?}: {other:?}"),
        }
        // A thousand requests, one after the other, and a PING with each.
        for number in 1..=1000 {
            client.send(&ping(*b"how far?"));
            client.request(number * 2 + 1, "GET", "/ok");
            let answered = client.outcome(number * 2 + 1);
            assert!(matches!(answered, Outcome::Response { status: 200, .. }), "{number}: {answered:?}");
        }
        // An upload in pieces of ten bytes, as a stream of events is one.
        client.send(&post(3001, "/sink"));
        for number in 0..3000 {
            assert!(client.send_body(3001, b"ten bytes!", false), "an upload over {transport:?}");
            // As long as they are taken: what lies about unread in small pieces has its bound.
            if number % 50 == 49 {
                assert!(goes_on(&mut client), "{number} pieces over {transport:?}");
            }
        }
        client.send_body(3001, b"", true);
        match client.outcome(3001) {
            Outcome::Response { status: 200, body, .. } => assert_eq!(body, b"30000"),
            other => panic!("an upload over {transport:?}: {other:?}"),
        }
        // Hundreds of requests that their client does not want any more, in the time of a person.
        for number in 0..100 {
            client.request(4001 + number * 2, "GET", "/never");
            client.send(&rst_stream(4001 + number * 2, code::CANCEL));
        }
        client.request(5001, "GET", "/ok");
        let answered = client.outcome(5001);
        assert!(matches!(answered, Outcome::Response { status: 200, .. }), "{transport:?}: {answered:?}");
    });
}

/// Two thousand requests of a hundred bytes each, whose heads are 60 KiB long once they are unpacked, and whose
/// answers nobody takes.
#[test]
pub(crate) fn row_27_heads_that_grow_when_they_are_unpacked_take_little_memory() {
    over_h2(|transport| {
        let mut target = Target::start(&[("write_stall_timeout", "5s")]);
        let witness = Witness::watch(&target);
        let mut clients: Vec<Client> = (0..4)
            .map(|_| {
                let mut client = Client::open_with(transport.connect(&target), &[(4, 0)]);
                let first = [block("GET", "/head"), indexed_literal(b"x-bomb", &[b'v'; 3900])].concat();
                client.send(&headers(1, first, true));
                for number in 1..100 {
                    let bomb = [block("GET", "/head"), indexed(62).repeat(14)].concat();
                    client.send(&headers(number * 2 + 1, bomb, true));
                }
                client
            })
            .collect();
        // And one that is beyond the limit of a head: thousands of references of one byte.
        for client in &mut clients {
            let bomb = [block("GET", "/head"), indexed(62).repeat(12_000)].concat();
            client.send(&headers(201, bomb, true));
            client.send(&ping(*b"the bomb"));
        }
        for client in &mut clients {
            while let Some(frame) = client.frame(PATIENCE) {
                if frame.kind == kind::PING && frame.has(flag::ACK) {
                    break;
                }
            }
        }
        drop(clients);
        target.until("every handler is dropped", |board| board.in_flight == 0);
        let report = witness.check(&mut target);
        eprintln!("over {transport:?}: {report:?}");
    });
}

#[test]
pub(crate) fn row_29_streams_whose_answers_nobody_takes_are_ended() {
    over_h2(|transport| {
        let mut target = Target::start(&[("write_stall_timeout", "1s"), ("keep_alive_timeout", "1s")]);
        let witness = Witness::watch(&target);
        let mut clients: Vec<Client> = (0..5)
            .map(|_| {
                let mut client = Client::open_with(transport.connect(&target), &[(4, 0)]);
                for number in 0..100 {
                    client.request(number * 2 + 1, "GET", "/stream/endless");
                }
                client
            })
            .collect();
        target.until("every stream is dropped", |board| board.streams_dropped == 500);
        for client in &mut clients {
            // A PING now and then keeps no stream alive.
            assert!(client.wire.closes_within(PATIENCE), "{transport:?}");
        }
        witness.check(&mut target);
    });
}
