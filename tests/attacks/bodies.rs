//! Reliability rows 19 to 21: bodies that are too large, or are not what they say.

use crate::harness::flow::{self, Fate, Flow, over_all};
use crate::harness::target::Target;
use crate::harness::witness::Witness;

const LIMIT: &[(&str, &str)] = &[("body_limit", "256KiB")];

#[test]
fn row_19_a_body_beyond_the_limit_is_413_on_every_path() {
    let mut target = Target::start(LIMIT);
    let witness = Witness::watch(&target);
    let body = vec![b'x'; 4 << 20];
    over_all(|transport| {
        for path in ["/echo", "/sink"] {
            let before = target.board().committed;
            let mut flow = Flow::open(transport, &target, ("POST", path), &[], body.len() as u64);
            let sent = flow.send(&body) && flow.end();
            let answer = flow.answer();
            assert_eq!(
                (answer.status, answer.fate),
                (Some(413), Fate::Complete),
                "{transport:?} {path}: {sent}"
            );
            assert_eq!(target.board().committed, before, "{transport:?} {path}");
        }
    });
    witness.check(&mut target);
}

#[test]
fn row_19_an_announced_length_beyond_the_limit_is_413_before_the_body_comes() {
    let target = Target::start(LIMIT);
    over_all(|transport| {
        let length = (1_u64 << 40).to_string();
        let announced = if transport.is_h2() { vec![("content-length", length.as_str())] } else { vec![] };
        if transport == flow::Transport::H1Chunked {
            return;
        }
        for path in ["/echo", "/sink", "/json", "/form"] {
            let mut headers = announced.clone();
            headers.push((
                "content-type",
                if path == "/form" { "application/x-www-form-urlencoded" } else { "application/json" },
            ));
            let mut flow = Flow::open(transport, &target, ("POST", path), &headers, 1 << 40);
            let answer = flow.answer();
            assert_eq!(answer.status, Some(413), "{transport:?} {path}");
        }
    });
    assert_eq!(target.board().committed, 0);
}

#[test]
fn row_19_a_body_of_just_the_limit_is_taken_and_one_byte_more_is_not() {
    let target = Target::start(LIMIT);
    over_all(|transport| {
        let body = vec![b'x'; (256 << 10) + 1];
        let ask = |path, length| flow::ask(transport, &target, ("POST", path), &[], &body[..length]);
        assert_eq!(ask("/sink", 256 << 10).text(), "262144", "{transport:?}");
        assert_eq!(ask("/sink", (256 << 10) + 1).status, Some(413), "{transport:?}");
        // Routes have limits of their own.
        assert_eq!(ask("/sink/small", 1024).text(), "1024", "{transport:?}");
        assert_eq!(ask("/sink/small", 1025).status, Some(413), "{transport:?}");
        assert_eq!(ask("/sink/large", (256 << 10) + 1).text(), "262145", "{transport:?}");
    });
}

#[test]
fn row_19_an_endless_body_takes_no_memory_and_ends() {
    let mut target = Target::start(&[("body_grace", "60s")]);
    let witness = Witness::watch(&target);
    let piece = vec![b'x'; 256 << 10];
    over_all(|transport| {
        // To a handler that answers without reading, and to one that reads until its limit.
        for path in ["/ignore", "/sink"] {
            let mut flow = Flow::open(transport, &target, ("POST", path), &[], 1 << 40);
            let mut sent = 0_u64;
            while sent < 256 << 20 && flow.send(&piece) {
                sent += piece.len() as u64;
            }
            assert!(sent < 64 << 20, "{transport:?} {path}: {sent} bytes were taken");
            let answer = flow.answer();
            let wanted = if path == "/sink" { 413 } else { 200 };
            let refused = answer.status == Some(413);
            assert!(refused || answer.status == Some(wanted), "{transport:?} {path}: {answer:?}");
        }
    });
    witness.check(&mut target);
}

#[test]
fn row_19_a_handler_that_ignores_a_small_body_keeps_the_connection() {
    let target = Target::start(&[]);
    over_all(|transport| {
        let answer = flow::ask(transport, &target, ("POST", "/ignore"), &[], b"not wanted");
        assert_eq!((answer.status, answer.text()), (Some(200), "hello".to_owned()), "{transport:?}");
    });
}

#[test]
fn row_20_a_coded_body_is_not_taken_for_what_it_is_not() {
    // Decoding is off by default: whoever wants JSON gets no JSON.
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    over_all(|transport| {
        for coding in ["gzip", "br", "zstd", "deflate", "gzip, gzip", "unknown"] {
            let headers = [("content-type", "application/json"), ("content-encoding", coding)];
            let answer =
                flow::ask(transport, &target, ("POST", "/json"), &headers, b"\x1f\x8b\x08\0\0\0\0\0");
            assert!(matches!(answer.status, Some(400 | 415)), "{transport:?} {coding}: {:?}", answer.status);
        }
    });
    assert_eq!(target.board().committed, 0);
    witness.check(&mut target);
}

#[test]
fn row_21_json_and_forms_that_are_no_good_are_refused() {
    let mut target = Target::start(&[("body_limit", "4MiB")]);
    let witness = Witness::watch(&target);
    let deep = "[".repeat(100_000);
    let deep_objects = "{\"a\":".repeat(100_000);
    let closed = format!("{deep}{}", "]".repeat(100_000));
    let bad: &[(&str, &[u8])] = &[
        ("100,000 levels", deep.as_bytes()),
        ("100,000 levels of objects", deep_objects.as_bytes()),
        ("100,000 levels and back", closed.as_bytes()),
        ("a number beyond all bounds", b"{\"a\":1e400}"),
        ("a lone surrogate", b"{\"a\":\"\\ud800\"}"),
        ("no UTF-8", b"{\"a\":\"\xff\"}"),
        ("half of it", b"{\"a\":"),
        ("more after it", b"{} {}"),
        ("nothing", b""),
        ("a comment", b"{/* */}"),
        ("NaN", b"[NaN]"),
        ("a name that stands twice", b"{\"a\":1,\"a\":2}"),
        ("a name that stands twice, written otherwise", b"[{\"a\":{\"b\":1,\"\\u0062\":2}}]"),
    ];
    let huge = format!("[\"{}\"]", "x".repeat(10 << 20));
    let fields: String = (0..100_000).map(|number| format!("f{number}=1&")).collect();
    over_all(|transport| {
        for (what, body) in bad {
            let answer = flow::ask(
                transport,
                &target,
                ("POST", "/json"),
                &[("content-type", "application/json")],
                body,
            );
            let wanted = if what.contains("twice") { 422 } else { 400 };
            assert_eq!(answer.status, Some(wanted), "{transport:?} {what}: {}", answer.text());
        }
        let json = [("content-type", "application/json")];
        let answer = flow::ask(transport, &target, ("POST", "/json"), &json, huge.as_bytes());
        assert_eq!(answer.status, Some(413), "{transport:?}: 10MiB");
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let answer = flow::ask(transport, &target, ("POST", "/form"), &form, fields.as_bytes());
        assert_eq!(answer.status, Some(413), "{transport:?}: 100,000 fields");
        let path = format!("/reflect/redirect?{}", "a&".repeat(1001));
        assert_eq!(
            flow::ask(transport, &target, ("POST", &path), &[], b"").status,
            Some(400),
            "{transport:?}"
        );
    });
    assert_eq!(target.board().committed, 0);
    witness.check(&mut target);
}

#[test]
fn row_21_what_a_type_passes_over_is_held_to_the_same() {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
    over_all(|transport| {
        let ask = |value: &str| {
            let body = format!("{{\"title\":\"a\",\"more\":{value}}}");
            let json = [("content-type", "application/json")];
            let answer = flow::ask(transport, &target, ("POST", "/json/title"), &json, body.as_bytes());
            answer.status
        };
        for value in [&deep("[", "]"), &deep("{\"a\":", "}"), "1e400", "\"\\udfff\""] {
            let beginning = &value[..value.len().min(20)];
            assert_eq!(ask(value), Some(400), "{transport:?} {beginning}");
        }
        assert_eq!(ask("{\"a\":1,\"a\":2}"), Some(422), "{transport:?}");
        assert_eq!(ask("1,\"more\":2"), Some(422), "{transport:?}");
    });
    assert_eq!(target.board().committed, 0);
    witness.check(&mut target);
}
