//! HPACK, RFC 7541: a block that can not be read ends the connection, since the table is lost.

use super::case::Expected::{Answered, ConnectionError};
use super::case::{COMPRESSION, Case, block, bytes, case, run};
use crate::harness::h2::{headers, settings};
use crate::harness::hpack::{huffman_string, indexed, indexed_literal, integer, resize, string};

/// A request whose block is followed by these bytes.
fn followed_by(section: &'static str, name: &'static str, rest: Vec<u8>) -> Case {
    let block = [block("GET", "/echo"), rest].concat();
    case(section, name, bytes(&[headers(1, block, true)]), ConnectionError(COMPRESSION))
}

/// The same with a block that is fine.
fn good(section: &'static str, name: &'static str, block: Vec<u8>) -> Case {
    case(section, name, bytes(&[headers(1, block, true)]), Answered(200))
}

#[test]
fn row_25_a_header_block_that_can_not_be_read_ends_the_connection() {
    let value = |string: Vec<u8>| [vec![0, 1, b'x'], string].concat();
    run(&[
        followed_by("RFC 7541, 2.3.3", "a place beyond the tables", indexed(70)),
        followed_by("RFC 7541, 2.3.3", "a place far beyond the tables", indexed(1 << 24)),
        followed_by("RFC 7541, 6.1", "place 0", vec![0x80]),
        followed_by(
            "RFC 7541, 6.2",
            "a name's place beyond the tables",
            [integer(70, 4, 0), string(b"v")].concat(),
        ),
        followed_by("RFC 7541, 5.1", "an integer without an end", vec![0xff; 12]),
        followed_by(
            "RFC 7541, 5.1",
            "an integer of zeros without an end",
            [vec![0xff], vec![0x80; 12]].concat(),
        ),
        followed_by("RFC 7541, 5.1", "an integer that is cut", vec![0xff, 0x80]),
        followed_by("RFC 7541, 5.2", "a string that is cut", vec![0, 1, b'x', 10, b'v']),
        followed_by(
            "RFC 7541, 5.2",
            "a string of 4 GiB",
            [vec![0, 1, b'x'], integer(1 << 32, 7, 0)].concat(),
        ),
        followed_by("RFC 7541, 5.2", "a name without a value", vec![0, 1, b'x']),
        followed_by("RFC 7541, 5.2", "Huffman with EOS", value(huffman_string(b"v", true))),
        followed_by("RFC 7541, 5.2", "Huffman padded with zeros", value(vec![0x81, 0x18])),
        followed_by("RFC 7541, 5.2", "Huffman padded with a byte too many", value(vec![0x82, 0x1f, 0xff])),
        followed_by("RFC 7541, 4.2", "a change of size after headers", resize(0)),
        case(
            "RFC 7541, 6.3",
            "a table larger than allowed",
            bytes(&[headers(1, [resize(1 << 20), block("GET", "/echo")].concat(), true)]),
            ConnectionError(COMPRESSION),
        ),
        case(
            "RFC 7541, 4.3",
            "an entry that was evicted",
            bytes(&[
                headers(1, [block("GET", "/never"), indexed_literal(b"x", b"v")].concat(), true),
                headers(3, [resize(0), block("GET", "/echo"), indexed(62)].concat(), true),
            ]),
            ConnectionError(COMPRESSION),
        ),
        case(
            "RFC 7541, 4.4",
            "an entry larger than the table",
            bytes(&[
                headers(1, [block("GET", "/never"), indexed_literal(b"x", &[b'v'; 5000])].concat(), true),
                headers(3, [block("GET", "/echo"), indexed(62)].concat(), true),
            ]),
            ConnectionError(COMPRESSION),
        ),
    ]);
}

#[test]
fn row_25_header_blocks_of_every_form_are_read() {
    let request = || block("GET", "/echo");
    let from_table =
        [indexed(2), indexed(6), integer(1, 4, 0), string(b"localhost"), integer(4, 4, 0), string(b"/echo")];
    let in_huffman = [
        indexed(2),
        indexed(6),
        integer(1, 4, 0),
        huffman_string(b"localhost", false),
        integer(4, 4, 0),
        huffman_string(b"/echo", false),
    ];
    run(&[
        good("RFC 7541, 6.1", "from the static table", from_table.concat()),
        good("RFC 7541, 5.2", "in Huffman", in_huffman.concat()),
        good(
            "RFC 7541, 6.2.1",
            "added to the table and used",
            [request(), indexed_literal(b"x", b"v"), indexed(62)].concat(),
        ),
        good(
            "RFC 7541, 6.2.3",
            "never to be indexed",
            [request(), vec![0x10], string(b"x"), string(b"v")].concat(),
        ),
        good("RFC 7541, 6.3", "two changes of size in front", [resize(0), resize(4096), request()].concat()),
        good(
            "RFC 7541, 4.4",
            "an entry larger than the table",
            [request(), indexed_literal(b"x", &[b'v'; 5000])].concat(),
        ),
        good(
            "RFC 7541, 5.1",
            "an integer with zeros behind it",
            [request(), vec![0, 1, b'x', 0x7f, 0x80, 0x80, 0x00], vec![b'v'; 127]].concat(),
        ),
        case(
            "RFC 7541, 2.3.2",
            "the table is shared by requests",
            bytes(&[
                settings(&[]),
                headers(1, [block("GET", "/echo"), indexed_literal(b"x", b"v")].concat(), true),
                headers(3, [block("GET", "/never"), indexed(62)].concat(), true),
            ]),
            Answered(200),
        ),
    ]);
}
