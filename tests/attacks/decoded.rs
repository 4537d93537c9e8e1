//! Reliability row 20 with `decompress = true`: what a body becomes counts, not what came.

use std::io::Write;

use crate::harness::flow::{self, Flow, over_all};
use crate::harness::target::Target;
use crate::harness::witness::Witness;

const ON: &[(&str, &str)] = &[("decompress", "true")];

/// 64 MiB of zeros in brotli.
const BROTLI_BOMB: &str = "cbffff3f002400e2b14072effff8ffff078004401c1680eefd1fffffff00900088c302d0bdffe3ffff1f001200715800baf77ffcffff034002200e0b40f7fe8fffff7f004800c46101e8defff1ffff0f000980382c00ddfb3ffeffff012001108705a07bff37";

/// `{"a":1}` in brotli.
const BROTLI_JSON: &str = "0b03807b2261223a317d03";

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// The frame of zstd (RFC 8878) without a checksum, with a window as this byte says, and these blocks: their type
/// and size, and their bytes.
fn zstd(window: u8, blocks: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0, window];
    for (number, (kind, size, content)) in blocks.iter().enumerate() {
        let last = u32::from(number + 1 == blocks.len());
        bytes.extend(&(last | kind << 1 | size << 3).to_le_bytes()[..3]);
        bytes.extend(*content);
    }
    bytes
}

const RAW: u32 = 0;
/// One byte, again and again.
const RUN: u32 = 1;
/// A window of 128 KiB.
const WINDOW: u8 = 7 << 3;

#[test]
fn row_20_a_body_that_grows_beyond_the_limit_is_413() {
    let mut target = Target::start(ON);
    let witness = Witness::watch(&target);
    let ten_gigabytes = zstd(WINDOW, &vec![(RUN, 128 << 10, &[0][..]); 80_000]);
    let bombs = [
        ("gzip", gzip(&vec![0; 64 << 20])),
        ("gzip", gzip(&vec![0; 1 << 20]).repeat(64)),
        ("br", hex(BROTLI_BOMB)),
        ("zstd", ten_gigabytes),
    ];
    over_all(|transport| {
        for (coding, bomb) in &bombs {
            for path in ["/sink", "/json", "/echo"] {
                let headers = [("content-type", "application/json"), ("content-encoding", *coding)];
                let before = target.cpu();
                let status = flow::ask(transport, &target, ("POST", path), &headers, bomb).status;
                let wanted = if path == "/json" { &[413, 400][..] } else { &[413] };
                assert!(
                    status.is_some_and(|it| wanted.contains(&it)),
                    "{transport:?} {coding} {path}: {status:?}"
                );
                let cpu = target.cpu() - before;
                assert!(cpu.as_secs() < 5, "{transport:?} {coding} {path}: {cpu:?} of CPU");
            }
        }
    });
    assert_eq!(target.board().committed, 0);
    witness.check(&mut target);
}

#[test]
fn row_20_what_is_no_such_coding_is_refused() {
    let mut target = Target::start(ON);
    let witness = Witness::watch(&target);
    let good = gzip(b"{\"a\":1}");
    let cases = [
        ("two codings", "gzip, gzip", gzip(&good), &[415_u16][..]),
        ("two codings in two headers' worth", "gzip, br", good.clone(), &[415]),
        ("an unknown coding", "lzma", good.clone(), &[415]),
        ("an empty list", ",", good.clone(), &[400, 415]),
        ("half of it", "gzip", good[..good.len() / 2].to_vec(), &[400]),
        ("without its end", "gzip", good[..good.len() - 4].to_vec(), &[400]),
        ("a wrong checksum", "gzip", [&good[..good.len() - 8], &[0; 8]].concat(), &[400]),
        ("garbage", "gzip", b"this is no gzip".to_vec(), &[400]),
        ("garbage", "br", b"\xff\xff\xff\xff\xff".to_vec(), &[400]),
        ("garbage", "zstd", b"this is no zstd".to_vec(), &[400]),
        ("a window of 3.75 TiB", "zstd", zstd(0xff, &[(RUN, 16, b"x")]), &[400, 413, 415]),
        ("a block beyond the bound", "zstd", zstd(WINDOW, &[(RUN, 1 << 20, b"x")]), &[400]),
        ("a block that is cut", "zstd", zstd(WINDOW, &[(RAW, 1000, b"x")]), &[400]),
        ("nothing", "gzip", Vec::new(), &[400]),
    ];
    over_all(|transport| {
        for (what, coding, body, statuses) in &cases {
            let headers = [("content-type", "application/json"), ("content-encoding", *coding)];
            let status = flow::ask(transport, &target, ("POST", "/json"), &headers, body).status;
            assert!(
                status.is_some_and(|it| statuses.contains(&it)),
                "{transport:?} {what}, {coding}: {status:?}"
            );
        }
    });
    assert_eq!(target.board().committed, 0);
    witness.check(&mut target);
}

#[test]
fn row_20_coded_bodies_are_read() {
    let target = Target::start(ON);
    over_all(|transport| {
        let json = b"{\"a\":1}";
        for (coding, body) in [
            ("gzip", gzip(json)),
            ("x-gzip", gzip(json)),
            ("GZIP", gzip(json)),
            ("br", hex(BROTLI_JSON)),
            ("zstd", zstd(WINDOW, &[(RAW, 7, json)])),
            ("identity", json.to_vec()),
        ] {
            let headers = [("content-type", "application/json"), ("content-encoding", coding)];
            let answer = flow::ask(transport, &target, ("POST", "/json"), &headers, &body);
            assert_eq!((answer.status, answer.text()), (Some(200), "1".to_owned()), "{transport:?} {coding}");
        }
        // In pieces of one byte.
        let body = gzip(&vec![b'x'; 100_000]);
        let mut flow = Flow::open(
            transport,
            &target,
            ("POST", "/sink"),
            &[("content-encoding", "gzip")],
            body.len() as u64,
        );
        for byte in &body {
            flow.send(&[*byte]);
        }
        flow.end();
        assert_eq!(flow.answer().text(), "100000", "{transport:?}");
    });
}
