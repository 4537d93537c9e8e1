//! Bodies as clients send them, bodies that none should, and what is found in them. Each is read as a whole, and byte
//! by byte.

use crate::support::{Held, parse, pieces};

const FIELD: &str = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";

fn found(body: &str) -> Vec<Held> {
    let (whole, mistake) = parse("X", pieces(body.as_bytes(), &[]));
    assert!(mistake.is_none(), "{body:?}: {mistake:?}");
    assert_eq!(parse("X", pieces(body.as_bytes(), &[1])).0, whole, "{body:?}");
    whole
}

fn contents(body: &str) -> Vec<String> {
    found(body).into_iter().map(|held| String::from_utf8(held.content).unwrap()).collect()
}

#[track_caller]
fn refused(body: &[u8]) -> String {
    let [whole, split] =
        [&[][..], &[1]].map(|lengths| parse("X", pieces(body, lengths)).1.map(|error| error.to_string()));
    assert_eq!(whole, split, "{:?}", String::from_utf8_lossy(body));
    whole.unwrap_or_else(|| panic!("{:?} is taken", String::from_utf8_lossy(body)))
}

#[test]
fn a_form_of_a_browser_is_read() {
    let body = "------WebKitFormBoundaryq7\r\n\
        Content-Disposition: form-data; name=\"title\"\r\n\r\n\
        Größe\r\n\
        ------WebKitFormBoundaryq7\r\n\
        Content-Disposition: form-data; name=\"image\"; filename=\"an %22owl%22.png\"\r\n\
        Content-Type: image/png\r\n\r\n\
        \u{89}PNG\r\n\u{1a}\n\r\n\
        ------WebKitFormBoundaryq7\r\n\
        Content-Disposition: form-data; name=\"none\"; filename=\"\"\r\n\
        Content-Type: application/octet-stream\r\n\r\n\r\n\
        ------WebKitFormBoundaryq7--\r\n";
    let file = |name: &str, file_name: &str, content_type: &str, content: &str| Held {
        file_name: Some(file_name.into()),
        content_type: Some(content_type.into()),
        ..Held::field(name, content)
    };
    for lengths in [&[][..], &[1], &[7, 1, 30], &[0, 64]] {
        let (held, mistake) = parse("----WebKitFormBoundaryq7", pieces(body.as_bytes(), lengths));
        assert!(mistake.is_none(), "{mistake:?}");
        assert_eq!(
            held,
            [
                Held::field("title", "Größe"),
                file("image", "an \"owl\".png", "image/png", "\u{89}PNG\r\n\u{1a}\n"),
                file("none", "", "application/octet-stream", ""),
            ]
        );
    }
}

#[test]
fn what_looks_like_a_boundary_and_is_none_is_content() {
    for content in [
        "",
        "\r",
        "\n",
        "\r\n",
        "\r\n\r\n",
        "--X",
        "--X--",
        "\n--X",
        "\r--X\r\n",
        "\r\n-X",
        "\r\n--x",
        "\r\n--Y\r\n",
        "\r\r\n-",
        "\r\n--\r\n--\r\n--",
        "\r\n\r\n--Y--X",
    ] {
        // Behind a letter: right behind the head, a boundary needs no line break of its own.
        let body = format!("--X\r\n{FIELD}a{content}\r\n--X--\r\n");
        assert_eq!(contents(&body), [format!("a{content}")], "{content:?}");
    }
}

#[test]
fn a_part_may_be_empty_and_so_may_a_form() {
    assert_eq!(contents(&format!("--X\r\n{FIELD}\r\n--X--\r\n")), [""]);
    // RFC 2046: the line break behind the head is the boundary's own, if there is no content.
    assert_eq!(contents(&format!("--X\r\n{FIELD}--X\r\n{FIELD}b\r\n--X--")), ["", "b"]);
    assert_eq!(contents(&format!("--X\r\n{FIELD}--Xa\r\n--X--").replace("--Xa", "--Ya")), ["--Ya"]);
    assert_eq!(contents("--X--\r\n"), [""; 0]);
    assert_eq!(contents("--X--"), [""; 0]);
}

#[test]
fn what_stands_outside_of_the_parts_is_passed_over_up_to_a_kibibyte() {
    let part = format!("--X\r\n{FIELD}b\r\n--X");
    for (before, padding, after) in [
        ("", "", "--"),
        ("\r\n", "", "--\r\n"),
        ("This is a form.\r\n", " \t", "--\r\nand that was it"),
        ("--\r\n--Y\r\n\r\n", "", "-- \t\r\n--X\r\n--X--"),
    ] {
        let part = part.replacen("--X\r\n", &format!("--X{padding}\r\n"), 1);
        assert_eq!(contents(&format!("{before}{part}{after}")), ["b"], "{before:?} {after:?}");
    }
    assert_eq!(contents(&format!("{}\r\n{part}--", "x".repeat(1024))), ["b"]);
}

#[test]
fn more_outside_of_the_parts_is_refused_wherever_it_stands() {
    let part = format!("--X\r\n{FIELD}b\r\n--X");
    let much = "x".repeat(1025);
    for body in [
        format!("{much}\r\n{part}--"),
        format!("{much}{much}"),
        format!("{}\r\n{part}--", "\r\n--".repeat(300)),
        format!("{part}--\r\n{much}"),
        format!("{part}{}\r\n", " ".repeat(1025)),
        format!("{part}--{}\r\n", "\t".repeat(1025)),
        format!("{}\r\n{part}--\r\n{}", &much[..600], &much[..600]),
    ] {
        assert!(refused(body.as_bytes()).contains("more than 1024 bytes stand outside"), "{body}");
    }
}

#[test]
fn a_body_that_ends_too_early_is_incomplete_at_every_byte() {
    let body = format!("--X\r\n{FIELD}content\r\n--X\r\n{FIELD}more\r\n--X--\r\n");
    for end in 0..body.len() {
        let cut = &body.as_bytes()[..end];
        // The last line break is not needed, but half of it is no end.
        if cut.ends_with(b"--X--") {
            assert!(parse("X", pieces(cut, &[])).1.is_none());
            continue;
        }
        assert_eq!(refused(cut), "the multipart body ended before its last boundary", "{end}");
        assert!(parse("X", pieces(cut, &[])).1.unwrap().is_incomplete());
    }
}

#[test]
fn malformed_bodies_are_refused_with_the_part_and_the_reason() {
    let part = format!("--X\r\n{FIELD}b");
    for (body, why) in [
        ("--Xa\r\n".to_owned(), "followed by something else"),
        ("--X\n".to_owned(), "followed by something else"),
        ("--X\r\r\n".to_owned(), "followed by something else"),
        (format!("{part}\r\n--Xtra\r\n"), "followed by something else"),
        (format!("{part}\r\n--X-\r\n"), "followed by something else"),
        (format!("{part}\r\n--X-a"), "followed by something else"),
        (format!("{part}\r\n--X--a"), "followed by something else"),
        (format!("{part}\r\n--X--\n"), "followed by something else"),
        ("--X\r\n\r\nb\r\n--X--".to_owned(), "part 1: it has no headers"),
        (format!("{part}\r\n--X\r\n\r\nb\r\n--X--"), "part 2: it has no headers"),
        (
            "--X\r\nContent-Type: text/plain\r\n\r\nb\r\n--X--".to_owned(),
            "part 1: it has no Content-Disposition",
        ),
        (format!("--X\r\n X: y\r\n{FIELD}b\r\n--X--"), "part 1: a header line begins with a space"),
        (format!("--X\r\nX\r\n{FIELD}b\r\n--X--"), "part 1: a header line has no colon"),
        (format!("--X\r\nX: y\n{FIELD}b\r\n--X--"), "part 1: the value of a header has a control character"),
        (format!("--X\r\n\rX: y\r\n{FIELD}b\r\n--X--"), "part 1: "),
        (
            "--X\r\nContent-Disposition: form-data; name=\"a\u{0}\"\r\n\r\nb\r\n--X--".to_owned(),
            "control character",
        ),
    ] {
        let message = refused(body.as_bytes());
        assert!(message.contains(why), "{body:?}: {message}");
        assert!(parse("X", pieces(body.as_bytes(), &[])).1.unwrap().is_malformed());
    }
}

#[test]
fn a_part_before_the_mistake_is_found_and_none_after_it() {
    let body = format!("--X\r\n{FIELD}b\r\n--X\r\n\r\nc\r\n--X\r\n{FIELD}d\r\n--X--");
    for lengths in [&[][..], &[1]] {
        let mut form = crate::support::multipart("X", pieces(body.as_bytes(), lengths));
        let all = async {
            assert_eq!(form.next_part().await.unwrap().unwrap().text(9).await.unwrap(), "b");
            // It stays an error, however often one asks.
            for _ in 0..3 {
                assert!(form.next_part().await.unwrap_err().is_malformed());
            }
        };
        zzz_core::http::now_or_never(all).unwrap();
    }
}

#[test]
fn every_boundary_that_is_one_works() {
    for boundary in ["'", "-", "----", "a b", "'()+_,-./:=?", &"-".repeat(70), "0", "--X--"] {
        let body = format!("--{boundary}\r\n{FIELD}\r\n--\r\n-\r\n--{boundary}--");
        for lengths in [&[][..], &[1], &[3]] {
            let (held, mistake) = parse(boundary, pieces(body.as_bytes(), lengths));
            assert!(mistake.is_none(), "{boundary:?}: {mistake:?}");
            assert_eq!(held, [Held::field("a", "\r\n--\r\n-")], "{boundary:?}");
        }
    }
}
