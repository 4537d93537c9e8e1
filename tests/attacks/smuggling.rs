//! Reliability rows 1 to 3: a request whose length can be read in two ways is refused, and nothing that hides
//! behind it is dispatched (RFC 9112, sections 6 and 7).

use crate::harness::target::Target;
use crate::harness::wire::Wire;
use crate::harness::{PATIENCE, h1};
use crate::refusals::{Refusal, Refused, are_refused};

/// A POST with these header lines and this body.
fn post(lines: &str, body: &str) -> Vec<u8> {
    format!("POST /echo HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n{body}").into_bytes()
}

fn refused(name: &str, bytes: Vec<u8>, statuses: &'static [u16], refused: Refused) -> Refusal<'static> {
    Refusal { name: name.to_owned(), bytes, statuses, refused }
}

#[test]
pub(crate) fn row_1_length_and_transfer_coding_together_are_refused() {
    are_refused(&length_and_coding());
}

/// What every server has to refuse before its app sees it.
pub(crate) fn heads() -> Vec<Refusal<'static>> {
    length_and_coding().into_iter().chain(no_lengths()).chain(no_codings()).collect()
}

fn length_and_coding() -> Vec<Refusal<'static>> {
    let both = [
        ("length first", "content-length: 6\r\ntransfer-encoding: chunked\r\n"),
        ("coding first", "transfer-encoding: chunked\r\ncontent-length: 6\r\n"),
        ("length 0", "content-length: 0\r\ntransfer-encoding: chunked\r\n"),
        ("names in capitals", "CONTENT-LENGTH: 6\r\nTRANSFER-ENCODING: chunked\r\n"),
        ("coding in capitals", "content-length: 6\r\ntransfer-encoding: CHUNKED\r\n"),
        ("tab before the coding", "content-length: 6\r\ntransfer-encoding:\tchunked\r\n"),
        (
            "length twice and a coding",
            "content-length: 6\r\ntransfer-encoding: chunked\r\ncontent-length: 6\r\n",
        ),
    ];
    both.iter()
        .map(|(name, lines)| refused(name, post(lines, "0\r\n\r\n"), &[400], Refused::BeforeTheApp))
        .collect()
}

#[test]
pub(crate) fn row_2_a_length_that_is_no_length_is_refused() {
    are_refused(&no_lengths());
}

fn no_lengths() -> Vec<Refusal<'static>> {
    let values = [
        "5,6",
        "5, 6",
        "+5",
        "-1",
        "0x5",
        "5 5",
        "5.0",
        "5e0",
        "",
        "a",
        "5a",
        "\u{b}5",
        "5;",
        "\"5\"",
        "five",
        "18446744073709551616",
        "18446744073709551615",
        "99999999999999999999999999",
        "\u{661}",
    ];
    let mut refusals: Vec<_> = values
        .iter()
        .map(|value| {
            let bytes = post(&format!("content-length: {value}\r\n"), "abcde");
            refused(&format!("content-length: {value}"), bytes, &[400], Refused::BeforeTheApp)
        })
        .collect();
    // The largest number that can be read is merely too long; hyper answers it as it does an overlong head.
    refusals[16].statuses = &[400, 413, 431];
    for (name, lines) in [
        ("two lengths", "content-length: 5\r\ncontent-length: 6\r\n"),
        ("two lengths, the second empty", "content-length: 5\r\ncontent-length:\r\n"),
        ("a space before the colon", "content-length : 5\r\n"),
        ("a tab before the colon", "content-length\t: 5\r\n"),
        ("a length on a folded line", "content-length:\r\n 5\r\n"),
        ("a length in a folded value", "x: y\r\n content-length: 5\r\n"),
    ] {
        refusals.push(refused(name, post(lines, "abcde"), &[400], Refused::BeforeTheApp));
    }
    refusals
}

#[test]
pub(crate) fn row_2_a_transfer_coding_that_is_not_chunked_is_refused() {
    are_refused(&no_codings());
}

fn no_codings() -> Vec<Refusal<'static>> {
    let lines = [
        "transfer-encoding: xchunked",
        "transfer-encoding: chunkedx",
        "transfer-encoding: chunked;q=1",
        "transfer-encoding: chunked; x=y",
        "transfer-encoding: gzip",
        "transfer-encoding: identity",
        "transfer-encoding: identity, chunked",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: chunked, gzip",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: chunked, chunked",
        "transfer-encoding: chunked,",
        "transfer-encoding: ,chunked",
        "transfer-encoding: \"chunked\"",
        "transfer-encoding: \u{b}chunked",
        "transfer-encoding: \u{c}chunked",
        "transfer-encoding:",
        "transfer-encoding : chunked",
        "transfer-encoding\t: chunked",
        " transfer-encoding: chunked",
        "transfer-encoding:\r\n chunked",
        "x: y\r\n transfer-encoding: chunked",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity",
        "transfer-encoding: identity\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ntransfer-encoding: x",
    ];
    lines
        .iter()
        .map(|line| {
            let bytes = post(&format!("{line}\r\n"), "0\r\n\r\n");
            // A coding that is not known may be answered with 501 (RFC 9112, section 6.1).
            refused(line, bytes, &[400, 501], Refused::BeforeTheApp)
        })
        .chain([refused(
            "a coding on HTTP/1.0",
            b"POST /echo HTTP/1.0\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
            &[400],
            Refused::BeforeTheApp,
        )])
        .collect()
}

#[test]
pub(crate) fn row_3_a_chunk_that_is_no_chunk_is_refused() {
    let extension = format!("5;{}\r\nabcde\r\n0\r\n\r\n", "x".repeat(64 << 10));
    let extensions = "1;abcdefghijklmnop\r\nx\r\n".repeat(8 << 10) + "0\r\n\r\n";
    let trailer = format!("0\r\nx: {}\r\n\r\n", "y".repeat(96 << 10));
    let trailers = format!("0\r\n{}\r\n", "x: y\r\n".repeat(20_000));
    let bodies = [
        ("a sign", "+5\r\nabcde\r\n0\r\n\r\n"),
        ("a minus", "-5\r\nabcde\r\n0\r\n\r\n"),
        ("0x", "0x5\r\nabcde\r\n0\r\n\r\n"),
        ("no size", "\r\nabcde\r\n0\r\n\r\n"),
        ("no digit", "g\r\nabcde\r\n0\r\n\r\n"),
        ("two sizes", "5 5\r\nabcde\r\n0\r\n\r\n"),
        ("a comma", "5,5\r\nabcde\r\n0\r\n\r\n"),
        ("an underscore", "0_5\r\nabcde\r\n0\r\n\r\n"),
        ("a space before", " 5\r\nabcde\r\n0\r\n\r\n"),
        ("more than 64 bits", "10000000000000005\r\nabcde\r\n0\r\n\r\n"),
        ("all the bits of 64", "ffffffffffffffff\r\nabcde\r\n0\r\n\r\n"),
        ("LF after the size", "5\nabcde\r\n0\r\n\r\n"),
        ("CR alone after the size", "5\rabcde\r\n0\r\n\r\n"),
        ("LF within an extension", "5;a\nb\r\nabcde\r\n0\r\n\r\n"),
        ("CR within an extension", "5;a\rb\r\nabcde\r\n0\r\n\r\n"),
        ("an extension of 64 KiB", extension.as_str()),
        ("extensions of 160 KiB in all", extensions.as_str()),
        ("content longer than its size", "3\r\nabcde\r\n0\r\n\r\n"),
        ("content shorter than its size", "6\r\nabcde\r\n0\r\n\r\n"),
        ("LF after the content", "5\r\nabcde\n0\r\n\r\n"),
        ("CR alone after the content", "5\r\nabcde\r0\r\n\r\n"),
        ("LF after the last chunk", "5\r\nabcde\r\n0\n\n"),
        ("a trailer without a colon", "5\r\nabcde\r\n0\r\nxy\r\n\r\n"),
        ("a trailer with a space in its name", "5\r\nabcde\r\n0\r\nx y: z\r\n\r\n"),
        ("a trailer with NUL", "5\r\nabcde\r\n0\r\nx: \0\r\n\r\n"),
        ("a trailer with CR", "5\r\nabcde\r\n0\r\nx: a\rb\r\n\r\n"),
        ("a folded trailer", "5\r\nabcde\r\n0\r\nx: a\r\n b\r\n\r\n"),
        ("a trailer of 96 KiB", trailer.as_str()),
        ("20,000 trailers", trailers.as_str()),
    ];
    let refusals: Vec<_> = bodies
        .iter()
        .map(|(name, body)| {
            refused(
                name,
                post("transfer-encoding: chunked\r\n", body),
                &[400, 408, 413, 431],
                Refused::WithinTheBody,
            )
        })
        .collect();
    are_refused(&refusals);
}

/// Whether it comes with the head or when a handler waits for it already.
#[test]
fn row_3_what_no_chunk_may_hold_is_400_at_once() {
    let target = Target::start(&[]);
    for body in [
        "5;a\0b\r\nabcde\r\n0\r\n\r\n",
        "5;a=\u{7f}\r\nabcde\r\n0\r\n\r\n",
        "5;a\x1bb\r\nabcde\r\n0\r\n\r\n",
        "5\r\nabcde\r\n0;a\x01\r\n\r\n",
        "ffffffffffffffff\r\nabcde",
        "8000000000000000\r\nabcde",
        "10000000000000005\r\nabcde",
    ] {
        let head = post("transfer-encoding: chunked\r\n", "");
        for apart in [false, true] {
            let before = target.board();
            let mut wire = Wire::connect(target.plain);
            if apart {
                wire.send(&head);
                target.until("the handler is at work", |board| board.dispatched > before.dispatched);
                wire.send(body.as_bytes());
            } else {
                wire.send(&[&head, body.as_bytes()].concat());
            }
            let reply = h1::reply(&mut wire, false).unwrap();
            assert_eq!(reply.status, 400, "{body:?}, apart: {apart}");
            assert!(wire.closes_within(PATIENCE), "{body:?}, apart: {apart}: the connection stays open");
            let after = target.until("the handler is gone", |board| board.in_flight == 0);
            assert_eq!(after.committed, before.committed, "{body:?}");
            assert_eq!(after.dispatched - before.dispatched, u64::from(apart), "{body:?}");
        }
    }
    // White space is none of these.
    let mut wire = Wire::connect(target.plain);
    wire.send(&post("transfer-encoding: chunked\r\n", "5 ;\ta=\"b c\"\r\nabcde\r\n0\r\n\r\n"));
    assert_eq!(h1::reply(&mut wire, false).unwrap().text(), "abcde");
}
