//! The states of streams and the order of messages: sections 5.1 and 8.1.

use super::case::Expected::{Answered, ConnectionError, Ignored, StreamError, Unseen};
use super::case::{CLOSED, PROTOCOL, block, bytes, case, get, post, run};
use crate::harness::flow::over_h2;
use crate::harness::h2::{
    Client, Frame, Outcome, code, data, flag, headers, kind, rst_stream, settings, window_update,
};
use crate::harness::hpack;
use crate::harness::target::Target;

#[test]
fn row_25_a_frame_that_its_streams_state_forbids_is_an_error() {
    let continuation =
        |stream| Frame::new(kind::CONTINUATION, flag::END_HEADERS, stream, block("GET", "/echo"));
    // `/never` never answers, so its stream stays half closed.
    let half_closed = get(1, "/never");
    let reset = [post(1, "/sink"), rst_stream(1, code::CANCEL)];
    let after_reset = |frame: Frame| bytes(&[reset[0].clone(), reset[1].clone(), frame]);
    run(&[
        case("5.1", "DATA on an idle stream", bytes(&[data(1, *b"x", true)]), ConnectionError(PROTOCOL)),
        case("5.1", "CONTINUATION on an idle stream", bytes(&[continuation(1)]), ConnectionError(PROTOCOL)),
        case(
            "5.1",
            "DATA after the end",
            bytes(&[half_closed.clone(), data(1, *b"x", true)]),
            StreamError(CLOSED),
        ),
        case(
            "5.1",
            "HEADERS after the end",
            bytes(&[half_closed.clone(), get(1, "/echo")]),
            StreamError(CLOSED),
        ),
        case(
            "5.1",
            "CONTINUATION after the end",
            bytes(&[half_closed.clone(), continuation(1)]),
            ConnectionError(CLOSED),
        ),
        case(
            "5.1",
            "WINDOW_UPDATE after the end",
            bytes(&[half_closed.clone(), window_update(1, 1)]),
            Ignored,
        ),
        case(
            "5.1",
            "RST_STREAM after the end",
            bytes(&[half_closed.clone(), rst_stream(1, code::CANCEL)]),
            Ignored,
        ),
        case(
            "5.1",
            "PRIORITY after the end",
            bytes(&[half_closed, Frame::new(kind::PRIORITY, 0, 1, [0, 0, 0, 0, 9])]),
            Ignored,
        ),
        case("5.1", "CONTINUATION after a reset", after_reset(continuation(1)), ConnectionError(CLOSED)),
        case("5.1", "WINDOW_UPDATE after a reset", after_reset(window_update(1, 1)), Ignored),
        case(
            "5.1",
            "PRIORITY after a reset",
            after_reset(Frame::new(kind::PRIORITY, 0, 1, [0, 0, 0, 0, 9])),
            Ignored,
        ),
        case("5.1", "a second RST_STREAM", after_reset(rst_stream(1, code::CANCEL)), Ignored),
        case("5.1.1", "an even stream", bytes(&[get(2, "/echo")]), ConnectionError(PROTOCOL)),
        case(
            "5.1.1",
            "a stream below the last",
            bytes(&[get(5, "/never"), get(3, "/echo")]),
            ConnectionError(CLOSED),
        ),
        case(
            "5.1.1",
            "streams that are left out",
            bytes(&[get(1, "/echo"), get(0x7fff_fffb, "/never")]),
            Answered(200),
        ),
        case(
            "8.1",
            "a second head without the end",
            bytes(&[post(1, "/sink"), post(1, "/sink")]),
            StreamError(PROTOCOL),
        ),
        case(
            "8.1",
            "trailers",
            bytes(&[
                post(1, "/sink"),
                data(1, *b"abc", false),
                headers(1, hpack::encode(&[("x", "y")]), true),
            ]),
            Answered(200),
        ),
        case(
            "8.1",
            "trailers without the end",
            bytes(&[
                post(1, "/sink"),
                data(1, *b"abc", false),
                headers(1, hpack::encode(&[("x", "y")]), false),
            ]),
            StreamError(PROTOCOL),
        ),
        case(
            "8.1",
            "a pseudo header in trailers",
            bytes(&[
                post(1, "/sink"),
                data(1, *b"abc", false),
                headers(1, hpack::encode(&[(":method", "GET")]), true),
            ]),
            Unseen,
        ),
        case(
            "8.1",
            "a name in capitals in trailers",
            bytes(&[
                post(1, "/sink"),
                data(1, *b"abc", false),
                headers(1, hpack::encode(&[("X", "y")]), true),
            ]),
            StreamError(PROTOCOL),
        ),
        case(
            "8.1",
            "a value with LF in trailers",
            bytes(&[
                post(1, "/sink"),
                data(1, *b"abc", false),
                headers(1, hpack::encode(&[("x", "y\nz: 1")]), true),
            ]),
            StreamError(PROTOCOL),
        ),
        case(
            "8.1",
            "trailers after no DATA",
            bytes(&[post(1, "/sink"), headers(1, hpack::encode(&[("x", "y")]), true)]),
            Answered(200),
        ),
    ]);
}

/// After RST_STREAM a client must send nothing more on the stream. The server may take it for an error of the
/// stream or the connection, or, since frames may have been under way, for nothing; it must not answer.
#[test]
fn row_25_nothing_is_answered_on_a_stream_that_was_reset_or_has_ended() {
    over_h2(|transport| {
        let target = Target::start(&[]);
        for last in [data(1, *b"x", true), get(1, "/echo")] {
            let mut client = Client::open(transport.connect(&target));
            client.wire.send(&bytes(&[post(1, "/sink"), rst_stream(1, code::CANCEL), last.clone()]));
            client.request(3, "GET", "/echo");
            match client.outcome(3) {
                Outcome::Response { status: 200, .. } | Outcome::Closed => {}
                Outcome::GoAway(code) if CLOSED.contains(&code) => {}
                other => panic!("{last:?} after a reset: {other:?}"),
            }
            let mut client = Client::open(transport.connect(&target));
            client.request(1, "GET", "/echo");
            assert!(matches!(client.outcome(1), Outcome::Response { status: 200, .. }));
            client.send(&last);
            client.request(3, "GET", "/echo");
            match client.outcome(3) {
                Outcome::Response { status: 200, .. } | Outcome::Closed => {}
                Outcome::GoAway(code) if CLOSED.contains(&code) => {}
                other => panic!("{last:?} after the end: {other:?}"),
            }
        }
        assert_eq!(
            target.board().committed,
            4,
            "what was asked on stream 1 once, and on stream 3 where it went on"
        );
    });
}

#[test]
fn row_25_streams_beyond_the_limit_are_refused_and_the_others_go_on() {
    over_h2(|transport| {
        let target = Target::start(&[("h2_max_streams", "10")]);
        let mut client = Client::open(transport.connect(&target));
        let announced = client.server_settings.iter().find(|(id, _)| *id == 3).map(|(_, value)| *value);
        assert_eq!(announced, Some(10), "MAX_CONCURRENT_STREAMS");
        for number in 0..15 {
            client.request(number * 2 + 1, "GET", "/wait");
        }
        for number in 10..15 {
            let outcome = client.outcome(number * 2 + 1);
            assert_eq!(
                outcome,
                Outcome::Reset { code: code::REFUSED_STREAM, status: None },
                "stream {number}"
            );
        }
        target.until("ten handlers are at work", |board| board.in_flight == 10);
        target.open_the_gate();
        assert!(matches!(client.outcome(19), Outcome::Response { status: 200, .. }));
        let board = target.until("they are done", |board| board.committed == 10);
        assert_eq!((board.dispatched, board.most_in_flight), (10, 10));
        // There is room again.
        client.request(101, "GET", "/echo");
        assert!(matches!(client.outcome(101), Outcome::Response { status: 200, .. }));
    });
}

#[test]
fn row_25_settings_and_pings_are_acknowledged() {
    over_h2(|transport| {
        let target = Target::start(&[]);
        let mut client = Client::open(transport.connect(&target));
        client.send(&settings(&[(3, 100)]));
        client.send(&crate::harness::h2::ping(*b"abcdefgh"));
        let (mut acknowledged, mut answered) = (0, false);
        while !answered {
            let frame = client.frame(crate::harness::PATIENCE).expect("an answer");
            if frame.kind == kind::SETTINGS && frame.has(flag::ACK) {
                acknowledged += 1;
            }
            answered = frame.kind == kind::PING && frame.has(flag::ACK) && frame.payload == b"abcdefgh";
        }
        assert_eq!(acknowledged, 2, "the settings of the beginning and the later ones");
    });
}
