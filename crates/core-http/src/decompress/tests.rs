//! Bodies in every coding: good ones, bombs and broken ones.

use std::io::Write;

use zzz_core::Error;
use zzz_core::http::{BodyStream, HeaderValue, now_or_never};

use super::*;

const TEXT: &str = "Hello, hello, hello!\n";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
}

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// `TEXT`, as the reference encoders of the three codings write it.
fn encoded() -> [(&'static str, Vec<u8>); 3] {
    [
        ("gzip", hex("1f8b0800000000000003f348cdc9c9d751c840a214b900bbc753ed15000000")),
        ("br", hex("0b0a8048656c6c6f2c2068656c6c6f2c2068656c6c6f210a03")),
        ("zstd", hex("28b52ffd04588500005048656c6c6f2c2068210a0100320a17d4d1e57a")),
    ]
}

/// What a body is made of: pieces, one after the other.
struct Pieces(std::vec::IntoIter<Vec<u8>>, Option<HeaderMap>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = BoxError;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let data = self.0.next().map(|piece| Ok(Frame::data(piece.into())));
        Poll::Ready(data.or_else(|| self.1.take().map(|trailers| Ok(Frame::trailers(trailers)))))
    }
}

impl RequestBody for Pieces {
    fn set_held(self: Pin<&mut Self>, _: u64) {}
}

/// A body in this coding that comes in pieces of this length.
fn decoded(coding: &str, encoded: &[u8], piece: usize, limit: u64) -> (Body, HeaderMap) {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(encoded.len()));
    if !coding.is_empty() {
        headers.insert(header::CONTENT_ENCODING, coding.parse().unwrap());
    }
    let pieces: Vec<Vec<u8>> = encoded.chunks(piece).map(<[u8]>::to_vec).collect();
    let mut body = body(&mut headers, Pieces(pieces.into_iter(), None), limit);
    body.set_limit(limit);
    (body, headers)
}

fn read(coding: &str, encoded: &[u8], piece: usize, limit: u64) -> Result<Bytes, Error> {
    Ok(now_or_never(decoded(coding, encoded, piece, limit).0.read()).unwrap()?)
}

/// The status that a body is refused with.
fn refusal(coding: &str, encoded: &[u8]) -> u16 {
    read(coding, encoded, 16 * 1024, 1024 * 1024).map_or_else(|error| error.status(), |_| 200)
}

#[test]
fn a_body_is_read_as_it_was_before_it_was_encoded() {
    for (coding, encoded) in encoded() {
        for piece in [1, 2, 7, 1_000] {
            assert_eq!(read(coding, &encoded, piece, 21).unwrap(), TEXT, "{coding} by {piece}");
        }
        let (_, headers) = decoded(coding, &encoded, 10, 21);
        assert!(headers.is_empty(), "{coding}: {headers:?}");
    }
    for coding in ["", "identity", "Identity"] {
        assert_eq!(read(coding, TEXT.as_bytes(), 3, 21).unwrap(), TEXT);
    }
    assert_eq!(read("X-GZIP", &gzip(b"x"), 3, 21).unwrap(), "x");
}

#[test]
fn a_long_body_is_read_in_little_memory() {
    // Bytes that do not repeat soon, so that they fill windows.
    let mut state = 1_u32;
    let content: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 26) as u8
    })
    .take(3_000_000)
    .collect();
    for (coding, encoded) in [("gzip", gzip(&content)), ("zstd", zstd(&content))] {
        let (body, _) = decoded(coding, &encoded, 10_000, u64::MAX);
        let mut stream = BodyStream::new(body);
        let mut all = Vec::new();
        while let Some(chunk) = now_or_never(stream.chunk()).unwrap().unwrap() {
            all.extend_from_slice(&chunk);
        }
        assert!(all == content, "{coding}: {} bytes", all.len());
    }
}

#[test]
fn a_bomb_is_413_at_the_limit_of_decoded_bytes() {
    let zeros = vec![0; 10 * 1024 * 1024];
    for (coding, encoded) in [
        ("gzip", gzip(&zeros)),
        ("zstd", zstd(&zeros)),
        ("br", hex("cbffff3ff82700e2b14020f7fe2fffff3ff04f00c4611180eefd07")),
        // 100MiB with the longest window there is.
        (
            "br",
            hex(
                "cfffff7ff82700e2b14020f7fe9ffffffff04f00c4610180eefd3fffffffe19f0088c32200ddfb7ffeffffc33f01\
                 10870500baf7fffcffff877f02200e0b0074effff9ffff0fff04401c1600e8deffe7ffff0ffe0980382c00d0bdff01",
            ),
        ),
    ] {
        let error = read(coding, &encoded, 16 * 1024, 1_000_000).unwrap_err();
        assert_eq!(error.status(), 413, "{coding}");
        assert_eq!(error.public_message(), Some("The body is larger than the 1000000B allowed here."));
    }
    assert_eq!(read("gzip", &gzip(&zeros), 16 * 1024, zeros.len() as u64).unwrap(), zeros);
}

#[test]
fn what_is_broken_or_cut_is_400() {
    for (coding, whole) in encoded() {
        for length in 0..whole.len() {
            assert_eq!(refusal(coding, &whole[..length]), 400, "{coding} cut after {length}");
        }
        let mut with_more = whole.clone();
        with_more.push(0);
        assert_eq!(refusal(coding, &with_more), 400, "{coding} with more behind it");
        let last = whole.len() - 1;
        let mut broken = whole.clone();
        broken[last] ^= 0x40;
        assert_eq!(refusal(coding, &broken), 400, "{coding} with a wrong checksum or end");
        assert_eq!(refusal(coding, b"this is no compressed text"), 400, "{coding}");
    }
    let error = read("gzip", b"nonsense nonsense", 5, 100).unwrap_err();
    assert_eq!(error.public_message(), Some("The body is not valid gzip, or not complete."));
}

#[test]
fn any_byte_that_is_wrong_is_noticed_or_does_not_matter() {
    for (coding, whole) in encoded() {
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut broken = whole.clone();
                broken[at] ^= 1 << bit;
                // It must neither panic nor hang; what no checksum covers (br has none) may come out otherwise.
                let _ = read(coding, &broken, 4, 16 * 1024);
            }
        }
    }
}

#[test]
fn an_encoding_that_is_not_known_is_415_for_whoever_reads() {
    let gzip = gzip(TEXT.as_bytes());
    for coding in ["deflate", "compress", "gzip, gzip", "gzip, br", "identity, gzip", "gzip;q=1", "\u{e9}"] {
        let error = read(coding, &gzip, 100, 100).unwrap_err();
        assert_eq!(error.status(), 415, "{coding}");
        assert_eq!(error.headers(), [("accept-encoding", "gzip, br, zstd".to_owned())]);
    }
    let mut twice = HeaderMap::new();
    twice.append(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    twice.append(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    let body = body(&mut twice, Pieces(vec![gzip].into_iter(), None), 100);
    assert_eq!(Error::from(now_or_never(body.read()).unwrap().unwrap_err()).status(), 415);
}

#[test]
fn members_and_frames_may_follow_each_other() {
    let two = |one: Vec<u8>, other: Vec<u8>| [one, other].concat();
    assert_eq!(read("gzip", &two(gzip(b"one "), gzip(b"two")), 3, 100).unwrap(), "one two");
    assert_eq!(read("zstd", &two(zstd(b"one "), zstd(b"two")), 3, 100).unwrap(), "one two");
    let skippable = hex("502a4d1804000000aabbccdd");
    assert_eq!(read("zstd", &two(skippable.clone(), zstd(b"x")), 5, 100).unwrap(), "x");
    assert_eq!(refusal("zstd", &skippable), 400, "a frame that is skipped is no content");
}

#[test]
fn all_that_a_header_of_gzip_may_have_is_read_over() {
    let plain = gzip(TEXT.as_bytes());
    let with = |flags: u8, more: &[u8]| {
        let mut encoded = plain[..10].to_vec();
        encoded[3] = flags;
        encoded.extend_from_slice(more);
        encoded.extend_from_slice(&plain[10..]);
        encoded
    };
    for (flags, more) in [
        (1, &b""[..]),
        (2, b"\x12\x34"),
        (4, b"\x03\x00abc"),
        (8, b"name.txt\0"),
        (16, b"a comment\0"),
        (31, b"\x01\x00xname\0comment\0\x12\x34"),
    ] {
        for piece in [1, 5, 1_000] {
            assert_eq!(read("gzip", &with(flags, more), piece, 100).unwrap(), TEXT, "{flags} by {piece}");
        }
    }
    assert_eq!(refusal("gzip", &with(32, b"")), 400, "a flag without a meaning");
    assert_eq!(refusal("gzip", &with(8, &[b'x'; 2_000])), 400, "a name without an end");
}

#[test]
fn what_never_decodes_to_anything_ends() {
    // Empty blocks of DEFLATE, and empty frames of zstd: endless, and no limit would ever be reached.
    let mut nothing = gzip(b"")[..10].to_vec();
    nothing.extend(hex("000000ffff").repeat(20_000));
    assert_eq!(refusal("gzip", &nothing), 400);
    assert_eq!(refusal("zstd", &zstd(b"").repeat(500_000)), 400);
    assert_eq!(refusal("zstd", &hex("502a4d1800000000").repeat(600_000)), 400);
}

#[test]
fn a_window_that_is_larger_than_the_limit_is_413() {
    // A frame with a window of 2MiB, 4MiB or 8MiB and one block of a byte.
    let frame = |window: u8| [&hex("28b52ffd00")[..], &[window], &hex("09000061")].concat();
    let status = |window: u8, limit: u64| {
        read("zstd", &frame(window), 100, limit).map_or_else(|error| error.status(), |_| 200)
    };
    let (two, four, eight, sixteen) = (11 << 3, 12 << 3, 13 << 3, 14 << 3);
    assert_eq!([status(two, 10), status(four, 10)], [200, 413]);
    assert_eq!([status(four, 4 << 20), status(eight, 4 << 20)], [200, 413]);
    assert_eq!([status(eight, 1 << 30), status(sixteen, 1 << 30)], [200, 413]);
}

#[test]
fn trailers_come_after_a_decoded_body() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("7"));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    let body = body(&mut headers, Pieces(vec![gzip(b"x")].into_iter(), Some(trailers)), 100);
    let mut stream = BodyStream::new(body);
    assert_eq!(now_or_never(stream.chunk()).unwrap().unwrap().unwrap(), "x");
    assert_eq!(now_or_never(stream.chunk()).unwrap().unwrap(), None);
    assert_eq!(stream.trailers().unwrap()["x-sum"], "7");
}
