//! The preface and the format of each frame: sections 3.4, 4 and 6.

use super::case::Expected::{Answered, ConnectionError, Ignored, Open, StreamError};
use super::case::{CLOSED, Case, FLOW, PROTOCOL, SIZE, block, bytes, case, get, post, preface, run};
use crate::harness::h2::{
    Frame, data, flag, goaway, headers, kind, ping, rst_stream, settings, window_update,
};

/// Bytes that claim to be a frame of this length.
fn claims(length: u32, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Frame::new(kind, flags, stream, payload).bytes();
    bytes[..3].copy_from_slice(&length.to_be_bytes()[1..]);
    bytes
}

fn with_reserved_bit(frame: &Frame) -> Vec<u8> {
    let mut bytes = frame.bytes();
    bytes[5] |= 0x80;
    bytes
}

#[test]
fn row_25_a_connection_begins_with_its_preface() {
    let wrong = |with: &[u8]| [with, &settings(&[]).bytes()].concat();
    run(&[
        case("3.4", "a wrong preface", wrong(b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"), ConnectionError(PROTOCOL)),
        case("3.4", "a preface of another version", wrong(b"PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n"), Open),
        case(
            "3.4",
            "no settings after it",
            [&preface()[..24], &ping(*b"12345678").bytes()].concat(),
            ConnectionError(PROTOCOL),
        ),
        case(
            "3.4",
            "a request before settings",
            [&preface()[..24], &get(1, "/echo").bytes()].concat(),
            ConnectionError(PROTOCOL),
        ),
        case(
            "3.4",
            "settings and a request in one piece",
            [preface(), get(1, "/echo").bytes()].concat(),
            Answered(200),
        ),
    ]);
}

#[test]
fn row_25_frames_have_their_format() {
    let filled = |length: usize| vec![b'x'; length];
    let unknown = |kind, flags, stream| Frame::new(kind, flags, stream, *b"whatever");
    run(&[
        case("4.1", "a frame of an unknown type", bytes(&[unknown(0x16, 0, 0)]), Ignored),
        case("4.1", "an unknown type on a stream that is idle", bytes(&[unknown(0xff, 0xff, 7)]), Ignored),
        case(
            "4.1",
            "flags that mean nothing",
            bytes(&[Frame::new(kind::PING, 0x16, 0, *b"12345678"), get(1, "/echo")]),
            Answered(200),
        ),
        case(
            "4.1",
            "the reserved bit",
            [with_reserved_bit(&ping(*b"12345678")), with_reserved_bit(&get(1, "/echo"))].concat(),
            Answered(200),
        ),
        case(
            "4.2",
            "DATA of 16,384 bytes",
            bytes(&[post(1, "/sink"), data(1, filled(16_384), true)]),
            Answered(200),
        ),
        case(
            "4.2",
            "DATA of 16,385 bytes",
            bytes(&[post(1, "/sink"), data(1, filled(16_385), true)]),
            StreamError(SIZE),
        ),
        case(
            "4.2",
            "HEADERS of 16,385 bytes",
            bytes(&[headers(1, filled(16_385), true)]),
            ConnectionError(SIZE),
        ),
        case(
            "4.2",
            "SETTINGS of 16,386 bytes",
            bytes(&[Frame::new(kind::SETTINGS, 0, 0, vec![0; 16_386])]),
            ConnectionError(SIZE),
        ),
        case("4.2", "a length of 16 MiB", claims(0xff_ffff, kind::DATA, 0, 1, b"x"), ConnectionError(SIZE)),
        case(
            "4.2",
            "an unknown type that is too long",
            bytes(&[Frame::new(0x16, 0, 0, filled(16_385))]),
            ConnectionError(SIZE),
        ),
        case(
            "4.3",
            "another stream's HEADERS within a head",
            bytes(&[Frame::new(kind::HEADERS, 0, 1, block("GET", "/echo")), get(3, "/echo")]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "4.3",
            "PRIORITY within a head",
            bytes(&[
                Frame::new(kind::HEADERS, 0, 1, block("GET", "/echo")),
                Frame::new(kind::PRIORITY, 0, 1, [0, 0, 0, 0, 16]),
            ]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "4.3",
            "PING within a head",
            bytes(&[Frame::new(kind::HEADERS, 0, 1, block("GET", "/echo")), ping(*b"12345678")]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "5.5",
            "an unknown type within a head",
            bytes(&[Frame::new(kind::HEADERS, 0, 1, block("GET", "/echo")), unknown(0x16, 0, 1)]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "5.5",
            "a setting of an unknown kind",
            bytes(&[settings(&[(0xff, 1)]), get(1, "/echo")]),
            Answered(200),
        ),
    ]);
}

fn data_and_headers() -> Vec<Case> {
    let padded = |kind, stream, pad: u8, rest: &[u8], flags| {
        Frame::new(kind, flag::PADDED | flags, stream, [&[pad][..], rest].concat())
    };
    let head = block("GET", "/echo");
    let fits = [&head[..], &[0; 8]].concat();
    let end = flag::END_HEADERS | flag::END_STREAM;
    let with_priority = |head: &[u8]| [&[0, 0, 0, 0, 16], head].concat();
    vec![
        case("6.1", "DATA on stream 0", bytes(&[data(0, *b"x", false)]), ConnectionError(PROTOCOL)),
        case(
            "6.1",
            "padding that fits",
            bytes(&[post(1, "/sink"), padded(kind::DATA, 1, 4, b"abc\0\0\0\0", flag::END_STREAM)]),
            Answered(200),
        ),
        case(
            "6.1",
            "padding as long as the payload",
            bytes(&[post(1, "/sink"), padded(kind::DATA, 1, 5, b"abcd", flag::END_STREAM)]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "6.1",
            "padding without its length",
            bytes(&[post(1, "/sink"), Frame::new(kind::DATA, flag::PADDED, 1, [])]),
            ConnectionError(SIZE),
        ),
        case(
            "6.1",
            "nothing but padding",
            bytes(&[post(1, "/sink"), padded(kind::DATA, 1, 255, &[0; 255], flag::END_STREAM)]),
            Answered(200),
        ),
        case("6.2", "HEADERS on stream 0", bytes(&[get(0, "/echo")]), ConnectionError(PROTOCOL)),
        case("6.2", "padding that fits", bytes(&[padded(kind::HEADERS, 1, 8, &fits, end)]), Answered(200)),
        case(
            "6.2",
            "padding longer than the payload",
            bytes(&[padded(kind::HEADERS, 1, 255, &head, end)]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "6.2",
            "padding without its length",
            bytes(&[Frame::new(kind::HEADERS, flag::PADDED | end, 1, [])]),
            ConnectionError(SIZE),
        ),
        case(
            "6.2",
            "a priority",
            bytes(&[Frame::new(kind::HEADERS, flag::PRIORITY | end, 1, with_priority(&head))]),
            Answered(200),
        ),
        case(
            "6.2",
            "a priority that is cut",
            bytes(&[Frame::new(kind::HEADERS, flag::PRIORITY | end, 1, [0, 0])]),
            ConnectionError(SIZE),
        ),
        case("6.2", "an empty head", bytes(&[headers(1, [], true)]), StreamError(PROTOCOL)),
        case(
            "6.6",
            "PUSH_PROMISE from a client",
            bytes(&[
                post(1, "/sink"),
                Frame::new(kind::PUSH_PROMISE, flag::END_HEADERS, 1, [&[0, 0, 0, 2][..], &head].concat()),
            ]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "6.10",
            "a head in four pieces",
            bytes(&[
                Frame::new(kind::HEADERS, flag::END_STREAM, 1, &head[..3]),
                Frame::new(kind::CONTINUATION, 0, 1, &head[3..9]),
                Frame::new(kind::CONTINUATION, 0, 1, []),
                Frame::new(kind::CONTINUATION, flag::END_HEADERS, 1, &head[9..]),
            ]),
            Answered(200),
        ),
        case(
            "6.10",
            "CONTINUATION after a whole head",
            bytes(&[post(1, "/sink"), Frame::new(kind::CONTINUATION, flag::END_HEADERS, 1, head.clone())]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "6.10",
            "CONTINUATION after DATA",
            bytes(&[
                post(1, "/sink"),
                data(1, *b"x", false),
                Frame::new(kind::CONTINUATION, flag::END_HEADERS, 1, head.clone()),
            ]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "6.10",
            "CONTINUATION on stream 0",
            bytes(&[
                Frame::new(kind::HEADERS, 0, 1, head.clone()),
                Frame::new(kind::CONTINUATION, flag::END_HEADERS, 0, []),
            ]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "6.10",
            "CONTINUATION of another stream",
            bytes(&[
                Frame::new(kind::HEADERS, 0, 1, head.clone()),
                Frame::new(kind::CONTINUATION, flag::END_HEADERS, 3, []),
            ]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "6.10",
            "DATA within a head",
            bytes(&[Frame::new(kind::HEADERS, 0, 1, head), data(1, *b"x", true)]),
            ConnectionError(PROTOCOL),
        ),
    ]
}

#[test]
fn row_25_data_and_headers_are_read_to_the_letter() {
    run(&data_and_headers());
}

#[test]
fn row_25_frames_of_the_connection_are_read_to_the_letter() {
    let setting = |id, value| bytes(&[settings(&[(id, value)])]);
    run(&[
        case(
            "6.3",
            "PRIORITY on stream 0",
            bytes(&[Frame::new(kind::PRIORITY, 0, 0, [0, 0, 0, 0, 16])]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "6.3",
            "PRIORITY of four bytes",
            bytes(&[post(1, "/sink"), Frame::new(kind::PRIORITY, 0, 1, [0; 4])]),
            StreamError(SIZE),
        ),
        case(
            "6.3",
            "PRIORITY on an idle stream",
            bytes(&[Frame::new(kind::PRIORITY, 0, 9, [0, 0, 0, 0, 16]), get(1, "/echo")]),
            Answered(200),
        ),
        case(
            "5.3.1",
            "a stream that depends on itself",
            bytes(&[Frame::new(kind::PRIORITY, 0, 1, [0, 0, 0, 1, 16])]),
            Open,
        ),
        case("6.4", "RST_STREAM on stream 0", bytes(&[rst_stream(0, 8)]), ConnectionError(PROTOCOL)),
        case("6.4", "RST_STREAM on an idle stream", bytes(&[rst_stream(1, 8)]), ConnectionError(PROTOCOL)),
        case(
            "6.4",
            "RST_STREAM of three bytes",
            bytes(&[post(1, "/sink"), Frame::new(kind::RST_STREAM, 0, 1, [0; 3])]),
            ConnectionError(SIZE),
        ),
        case(
            "6.5",
            "an acknowledgement with content",
            bytes(&[Frame::new(kind::SETTINGS, flag::ACK, 0, [0; 6])]),
            ConnectionError(SIZE),
        ),
        case(
            "6.5",
            "SETTINGS on a stream",
            bytes(&[Frame::new(kind::SETTINGS, 0, 1, [])]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "6.5",
            "SETTINGS of five bytes",
            bytes(&[Frame::new(kind::SETTINGS, 0, 0, [0; 5])]),
            ConnectionError(SIZE),
        ),
        case("6.5.2", "ENABLE_PUSH of 2", setting(2, 2), ConnectionError(PROTOCOL)),
        case("6.5.2", "INITIAL_WINDOW_SIZE of 2^31", setting(4, 1 << 31), ConnectionError(FLOW)),
        case("6.5.2", "MAX_FRAME_SIZE of 16,383", setting(5, 16_383), ConnectionError(PROTOCOL)),
        case("6.5.2", "MAX_FRAME_SIZE of 2^24", setting(5, 1 << 24), ConnectionError(PROTOCOL)),
        case(
            "6.5.2",
            "MAX_FRAME_SIZE at its most",
            [setting(5, (1 << 24) - 1), bytes(&[get(1, "/echo")])].concat(),
            Answered(200),
        ),
        case(
            "6.5.2",
            "HEADER_TABLE_SIZE of 0",
            [setting(1, 0), bytes(&[get(1, "/echo")])].concat(),
            Answered(200),
        ),
        case(
            "6.5.2",
            "HEADER_TABLE_SIZE of 4 GiB",
            [setting(1, u32::MAX), bytes(&[get(1, "/echo")])].concat(),
            Answered(200),
        ),
        case(
            "6.5.2",
            "MAX_CONCURRENT_STREAMS of 0",
            [setting(3, 0), bytes(&[get(1, "/echo")])].concat(),
            Answered(200),
        ),
        case(
            "6.5.3",
            "an acknowledgement of nothing",
            bytes(&[Frame::new(kind::SETTINGS, flag::ACK, 0, [])]),
            Open,
        ),
        case(
            "6.7",
            "PING on a stream",
            bytes(&[Frame::new(kind::PING, 0, 1, [0; 8])]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "6.7",
            "PING of six bytes",
            bytes(&[Frame::new(kind::PING, 0, 0, [0; 6])]),
            ConnectionError(SIZE),
        ),
        case(
            "6.7",
            "an answer that nobody asked for",
            bytes(&[Frame::new(kind::PING, flag::ACK, 0, [0; 8])]),
            Ignored,
        ),
        case(
            "6.8",
            "GOAWAY on a stream",
            bytes(&[Frame::new(kind::GOAWAY, 0, 1, [0; 8])]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "6.8",
            "GOAWAY of seven bytes",
            bytes(&[Frame::new(kind::GOAWAY, 0, 0, [0; 7])]),
            ConnectionError(SIZE),
        ),
        case(
            "6.8",
            "a request in flight before GOAWAY",
            bytes(&[get(1, "/echo"), goaway(0, 0)]),
            Answered(200),
        ),
        case(
            "6.9",
            "WINDOW_UPDATE of 0 on the connection",
            bytes(&[window_update(0, 0)]),
            ConnectionError(PROTOCOL),
        ),
        case(
            "6.9",
            "WINDOW_UPDATE of 0 on a stream",
            bytes(&[post(1, "/sink"), window_update(1, 0)]),
            StreamError(PROTOCOL),
        ),
        case(
            "6.9",
            "WINDOW_UPDATE of three bytes",
            bytes(&[Frame::new(kind::WINDOW_UPDATE, 0, 0, [0, 0, 1])]),
            ConnectionError(SIZE),
        ),
        case(
            "6.9",
            "WINDOW_UPDATE on an idle stream",
            bytes(&[window_update(1, 1)]),
            ConnectionError(CLOSED),
        ),
    ]);
}
