//! Whatever comes, in whatever pieces. On the stable toolchain these run over random inputs and the kept corpus in
//! `__fuzz__`; `cargo bolero test` drives them with a fuzzer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "uploads/support.rs"]
mod support;

use std::collections::VecDeque;

use bytes::Bytes;
use zzz_core::http::Body;
use zzz_multipart::{Boundary, FileKind};

use support::{Held, Pieces, parse, pieces};

/// Bytes that mean something, so that random choices get somewhere.
const WORDS: &[&[u8]] = &[
    b"--X",
    b"\r\n--X",
    b"\r\n--X\r\n",
    b"\r\n--X--",
    b"\r\n",
    b"\r",
    b"\n",
    b"-",
    b"--",
    b" ",
    b"Content-Disposition: form-data; name=\"a\"",
    b"; filename=\"b.txt\"",
    b"; filename*=utf-8''c",
    b"Content-Disposition: form-data; name=a\r\n\r\n",
    b"Content-Type: text/plain",
    b"\r\n\r\n",
    b"content",
    b"\x89PNG\r\n\x1a\n",
    b"\0",
    b"\xff",
    b"\"",
    b"\\",
    b"%22",
    b":",
];

fn of_words(choice: &[u8]) -> Vec<u8> {
    choice.iter().flat_map(|at| WORDS[usize::from(*at) % WORDS.len()]).copied().collect()
}

/// What a body holds does not depend on the pieces in which it comes.
fn is_the_same_in_pieces(body: &[u8], lengths: &[u8]) {
    let (whole, mistake) = parse("X", pieces(body, &[]));
    let (split, split_mistake) = parse("X", pieces(body, lengths));
    assert_eq!(whole, split);
    assert_eq!(mistake.map(|error| error.to_string()), split_mistake.map(|error| error.to_string()));
    let length: usize = whole.iter().map(|held| held.content.len()).sum();
    assert!(length <= body.len(), "there is more in it than came");
}

/// The first byte says how long the pieces are, the rest is the body: so the corpus are bodies that one can read.
#[test]
fn any_bytes_in_any_pieces() {
    bolero::check!().for_each(|input: &[u8]| {
        if let Some((length, body)) = input.split_first() {
            is_the_same_in_pieces(body, &[*length]);
        }
    });
}

#[test]
fn any_words_in_any_pieces() {
    bolero::check!().with_type::<(Vec<u8>, Vec<u8>)>().for_each(|(choice, lengths)| {
        is_the_same_in_pieces(&of_words(choice), lengths);
    });
}

#[test]
fn any_boundary_and_beginning() {
    bolero::check!().with_type::<Vec<u8>>().for_each(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(boundary) = Boundary::of(&format!("multipart/form-data; boundary={text}")) {
            assert!((1..=70).contains(&boundary.as_str().len()));
        }
        let _ = Boundary::of(&text);
        let _ = FileKind::of(bytes);
    });
}

/// As browsers write it (WHATWG HTML, "multipart/form-data encoding algorithm").
fn encode(parts: &[Held], boundary: &str) -> Vec<u8> {
    let escape = |name: &str| name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22");
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        body.extend_from_slice(
            format!("Content-Disposition: form-data; name=\"{}\"", escape(&part.name)).as_bytes(),
        );
        if let Some(name) = &part.file_name {
            body.extend_from_slice(format!("; filename=\"{}\"", escape(name)).as_bytes());
        }
        if let Some(content_type) = &part.content_type {
            body.extend_from_slice(format!("\r\nContent-Type: {content_type}").as_bytes());
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(&part.content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

/// A name that comes back as it was: `%22` and the like would come back decoded, and a `\` before a quote or another
/// one means something.
fn name(text: &str) -> String {
    let kept = |c: &char| !c.is_control() && !matches!(c, '%' | '\\') || matches!(c, '\r' | '\n');
    text.chars().filter(kept).take(500).collect()
}

#[test]
fn what_is_encoded_is_read_as_it_was() {
    type Part = (String, Option<String>, bool, Vec<u8>);
    bolero::check!().with_type::<(Vec<Part>, Vec<u8>)>().for_each(|(parts, lengths)| {
        let boundary = "----zzz7MA4YWxkTrZu0gW";
        let parts: Vec<Held> = parts
            .iter()
            .take(100)
            .map(|(field, file, typed, content)| Held {
                name: name(field),
                file_name: file.as_deref().map(name),
                content_type: typed.then(|| "image/png".to_owned()),
                content: content.clone(),
            })
            .collect();
        let body = encode(&parts, boundary);
        let (read, mistake) = parse(boundary, pieces(&body, lengths));
        assert!(mistake.is_none(), "{mistake:?}");
        assert_eq!(read, parts);
    });
}

#[test]
fn content_is_handed_out_where_it_stands() {
    let content = vec![b'x'; 1 << 20];
    let body = Bytes::from(encode(&[Held { content, ..Held::field("a", "") }], "X"));
    let place = body.as_ptr() as usize..body.as_ptr() as usize + body.len();
    let mut form = support::multipart("X", Body::from_http_body(Pieces(VecDeque::from([body.clone()]))));
    let all = async {
        let mut part = form.next_part().await.unwrap().unwrap();
        let chunk = part.chunk().await.unwrap().unwrap();
        assert_eq!(chunk.len(), 1 << 20);
        assert!(place.contains(&(chunk.as_ptr() as usize)));
        assert!(part.chunk().await.unwrap().is_none());
    };
    zzz_core::http::now_or_never(all).unwrap();
}
