//! What a form may cost.

use std::sync::Arc;

use zzz_core::config::ByteSize;
use zzz_core::http::{Body, now_or_never};
use zzz_multipart::{Boundary, Multipart, MultipartError, UploadConfig, Uploads};

use crate::support::{multipart, parse, pieces};

fn part(parameters: &str, content: &str) -> String {
    format!("--X\r\nContent-Disposition: form-data; {parameters}\r\n\r\n{content}\r\n")
}

fn status(mistake: Option<MultipartError>) -> u16 {
    mistake.map_or(200, |error| error.status())
}

#[test]
fn a_thousand_fields_and_a_hundred_files_and_not_one_more() {
    for (parameters, most, what) in [("name=a", 1000, "fields"), ("name=a; filename=b", 100, "files")] {
        let form = |count: usize| format!("{}--X--", part(parameters, "").repeat(count));
        let (held, mistake) = parse("X", pieces(form(most).as_bytes(), &[]));
        assert_eq!((held.len(), status(mistake)), (most, 200));
        let (held, mistake) = parse("X", pieces(form(most + 1).as_bytes(), &[200]));
        assert_eq!(held.len(), most);
        let mistake = mistake.unwrap();
        assert!(mistake.is_too_large());
        assert_eq!(
            (mistake.status(), mistake.to_string()),
            (413, format!("The form has more than {most} {what}."))
        );
    }
    let both =
        format!("{}{}--X--", part("name=a", "").repeat(1000), part("name=a; filename=b", "").repeat(100));
    assert_eq!(parse("X", pieces(both.as_bytes(), &[])).0.len(), 1100);
}

#[test]
fn after_too_many_parts_there_is_none() {
    let form = format!("{}--X--", part("name=a; filename=b", "c").repeat(200));
    let mut form = multipart("X", pieces(form.as_bytes(), &[]));
    let all = async {
        for _ in 0..100 {
            form.next_part().await.unwrap().unwrap();
        }
        assert_eq!(form.next_part().await.unwrap_err().status(), 413);
        assert!(form.next_part().await.is_err());
    };
    now_or_never(all).unwrap();
}

#[test]
fn a_head_of_eight_kibibytes_and_not_one_byte_more() {
    let start = "Content-Disposition: form-data; name=a; filename=\"";
    let with_name = |name: &str| format!("--X\r\n{start}{name}\"\r\n\r\nb\r\n--X--");
    let room = 8 * 1024 - start.len() - 1;
    for lengths in [&[][..], &[1], &[255]] {
        for (name, expected) in [
            ("x".repeat(room), (1, 200)),
            ("x".repeat(room + 1), (0, 400)),
            ("\\\"".repeat(room / 2), (1, 200)),
            ("%22".repeat(room / 3), (1, 200)),
            ("\\\"".repeat(100_000), (0, 400)),
        ] {
            let (held, mistake) = parse("X", pieces(with_name(&name).as_bytes(), lengths));
            assert_eq!((held.len(), status(mistake)), expected);
        }
        let endless = format!("--X\r\nX-A: {}", "x".repeat(1 << 20));
        let (_, mistake) = parse("X", pieces(endless.as_bytes(), lengths));
        assert_eq!(
            mistake.unwrap().to_string(),
            "the multipart body is malformed: part 1: its head is longer than 8192 bytes"
        );
    }
}

#[test]
fn a_part_is_held_to_its_own_limit_in_whichever_way_it_is_read() {
    let form = || multipart("X", pieces(format!("{}--X--", part("name=a", "12345")).as_bytes(), &[2]));
    let all = async {
        let mut this = form();
        assert_eq!(this.next_part().await.unwrap().unwrap().bytes(5).await.unwrap(), "12345");
        let mut this = form();
        let error = this.next_part().await.unwrap().unwrap().bytes(4).await.unwrap_err();
        assert_eq!((error.status(), error.part()), (413, Some("a")));
        assert_eq!(error.to_string(), "The part `a` is larger than the 4B allowed here.");
        let mut this = form();
        assert_eq!(this.next_part().await.unwrap().unwrap().text(4).await.unwrap_err().status(), 413);
        let mut this = form();
        let part = this.next_part().await.unwrap().unwrap().limit(4);
        assert_eq!(part.text(1000).await.unwrap_err().status(), 413);
        let mut this = form();
        let mut part = this.next_part().await.unwrap().unwrap().limit(4);
        while let Ok(chunk) = part.chunk().await {
            assert!(chunk.is_some(), "it ended instead");
        }
    };
    now_or_never(all).unwrap();
}

#[test]
fn the_body_as_a_whole_is_held_to_its_limit_with_what_is_outside_of_parts() {
    let form = format!("before\r\n{}--X--\r\nafter", part("name=a", "12345"));
    for (limit, expected) in [(form.len(), 200), (form.len() - 1, 413), (10, 413)] {
        let mut body = pieces(form.as_bytes(), &[1]);
        body.set_limit(limit as u64);
        assert_eq!(status(parse("X", body).1), expected, "{limit}");
    }
}

#[test]
fn every_limit_can_be_set() {
    let config =
        UploadConfig { max_fields: 1, max_files: 0, max_part_head: ByteSize(256), ..UploadConfig::default() };
    let uploads = Arc::new(Uploads::new(config));
    let status = |form: String| {
        let boundary = Boundary::of("multipart/form-data; boundary=X").unwrap();
        let mut form = Multipart::new(&boundary, Body::from(format!("{form}--X--")), Arc::clone(&uploads));
        let all = async {
            while form.next_part().await?.is_some() {}
            Ok(())
        };
        status(now_or_never(all).unwrap().err())
    };
    assert_eq!(status(part("name=a", "")), 200);
    assert_eq!(status(part("name=a", "").repeat(2)), 413);
    assert_eq!(status(part("name=a; filename=b", "")), 413);
    assert_eq!(status(part(&format!("name={}", "a".repeat(256)), "")), 400);
}
