//! Reliability row 11, and who a request is from: what a client writes stays what it is, wherever it ends up.

use crate::harness::flow::{self, over_all};
use crate::harness::target::Target;
use crate::harness::witness::Witness;

/// Percent-encoded, as they come in a query string.
const EVIL: &[&str] = &[
    "x%0d%0aset-cookie:%20evil=1",
    "x%0d%0a%0d%0a%3Cscript%3Ealert(1)%3C/script%3E",
    "x%0aset-cookie:%20evil=1",
    "x%0dset-cookie:%20evil=1",
    "x%00y",
    "x%1b%5b2Jy",
    "x%7fy",
];

#[test]
fn row_11_what_is_reflected_makes_no_header_of_its_own() {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    over_all(|transport| {
        for place in ["redirect", "path", "external", "cookie", "cookie-path", "etag", "file", "error"] {
            for evil in EVIL {
                let path = format!("/reflect/{place}?value={evil}");
                let answer = flow::ask(transport, &target, ("POST", &path), &[], b"x");
                // A name is cleaned, a message is content; everywhere else the value is refused.
                let refused = !matches!(place, "file" | "error");
                match answer.status {
                    Some(400) => assert!(evil.contains("%00"), "{transport:?} {path}"),
                    Some(500) => assert!(refused, "{transport:?} {path}"),
                    Some(200 | 404) => assert!(!refused, "{transport:?} {path}"),
                    other => panic!("{transport:?} {path}: {other:?}"),
                }
                assert_eq!(answer.header("set-cookie"), None, "{transport:?} {path}");
                assert!(!answer.text().contains("<script>"), "{transport:?} {path}");
                let odd = |c: char| c.is_control();
                for (name, value) in &answer.headers {
                    assert!(
                        !value.contains(odd) && !value.contains("evil=1\r"),
                        "{transport:?} {path}: {name}"
                    );
                }
            }
        }
    });
    witness.check(&mut target);
    let log = target.stderr();
    assert!(log.contains("is no path of this app") && log.contains("the value of header `etag`"), "{log}");
    assert!(!log.contains('\0') && !log.contains("\u{1b}[2J"), "an escape reached the terminal");
}

#[test]
fn row_11_a_redirect_stays_on_this_site() {
    let target = Target::start(&[]);
    over_all(|transport| {
        for evil in [
            "//evil.example",
            "/%5Cevil.example",
            "/%09/evil.example",
            "/%0a/evil.example",
            "%09//evil.example",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "%5C%5Cevil.example",
            "",
        ] {
            let path = format!("/reflect/redirect?value={evil}");
            let answer = flow::ask(transport, &target, ("POST", &path), &[], b"x");
            assert_eq!((answer.status, answer.header("location")), (Some(500), None), "{transport:?} {path}");
        }
        let answer = flow::ask(transport, &target, ("POST", "/reflect/redirect?value=/posts/1"), &[], b"x");
        assert_eq!((answer.status, answer.header("location")), (Some(303), Some("/posts/1")));
    });
}

/// What somebody sends who would like to be somebody else.
const PRETENCE: &[(&str, &str)] = &[
    ("x-forwarded-for", "192.0.2.1, 203.0.113.9"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "evil"),
];

#[test]
fn a_client_is_who_its_connection_says_unless_a_trusted_proxy_says_otherwise() {
    let direct = Target::start(&[]);
    let behind = Target::start(&[("trusted_proxies", "127.0.0.1,::1")]);
    let careful = Target::start(&[
        ("trusted_proxies", "127.0.0.1,::1"),
        ("proxy_headers", "x-forwarded-for,x-forwarded-proto"),
    ]);
    over_all(|transport| {
        let client = |target: &Target, headers: &[(&str, &str)]| {
            let text = flow::ask(transport, target, ("POST", "/client"), headers, b"x").text();
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            (words[0].clone(), words[1].clone(), words[2] == "evil")
        };
        let scheme = if transport.is_tls() { "https" } else { "http" };
        let of = |ip: &str, scheme: &str, evil: bool| (ip.to_owned(), scheme.to_owned(), evil);
        assert_eq!(client(&direct, PRETENCE), of("127.0.0.1", scheme, false), "{transport:?}");
        assert_eq!(client(&behind, PRETENCE), of("203.0.113.9", "https", true), "{transport:?}");
        assert_eq!(client(&careful, PRETENCE), of("203.0.113.9", "https", false), "{transport:?}");
        let forwarded = [("forwarded", "for=192.0.2.1, for=203.0.113.9;proto=http;host=evil")];
        assert_eq!(client(&direct, &forwarded), of("127.0.0.1", scheme, false), "{transport:?}");
        assert_eq!(client(&behind, &forwarded), of("203.0.113.9", "http", true), "{transport:?}");
        assert_eq!(client(&careful, &forwarded), of("127.0.0.1", scheme, false), "{transport:?}");
    });
}
