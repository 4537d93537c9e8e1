//! A path that a client would have sent in another spelling reaches no route: who checks the URL before us, a proxy or a
//! browser, and we mean the same path or none.

use std::panic::AssertUnwindSafe;

use percent_encoding::percent_decode_str;
use zzz_core::http::{Body, Request, Uri};
use zzz_router::{Endpoint, Router, Scope};

use crate::support::{echo, endpoint, send};

/// Routes for everything.
fn greedy() -> Endpoint {
    let open = Scope::new("/")
        .get("/", echo)
        .get("/:a", echo)
        .get("/:a/:b", echo)
        .get("/*rest", echo)
        .fallback(echo);
    let admin =
        Scope::new("/admin").get("/", echo).get("/:id", echo).get("/x:id/y", echo).get("/*rest", echo);
    endpoint(Router::new().scope(open).scope(admin))
}

/// A request for exactly this path; `None` if no server would take it for one.
fn request(path: &str) -> Option<Request> {
    let uri = Uri::builder().path_and_query(path).build().ok().filter(|uri| uri.path() == path)?;
    let mut request = Request::get("/");
    request.set_uri(uri);
    let (parts, _) = request.into_parts();
    Some(Request::from_parts(parts, Body::empty()))
}

/// Whether two paths differ in nothing but which characters are percent-encoded.
fn same(one: &str, other: &str) -> bool {
    percent_decode_str(one).eq(percent_decode_str(other))
}

fn check(endpoint: &Endpoint, path: &str, normal: &str) -> bool {
    let Some(request) = request(path) else { return false };
    let status = send(endpoint, request).status;
    if same(path, normal) {
        assert!([200, 400].contains(&status), "{path:?} is {normal:?} and was answered with {status}");
    } else {
        assert!([400, 404].contains(&status), "{path:?} is {normal:?} and was answered with {status}");
    }
    true
}

#[test]
fn the_url_standard_and_the_router_mean_the_same_paths() {
    let data: Vec<(String, String)> = serde_json::from_str(include_str!("../data/url_paths.json")).unwrap();
    let endpoint = greedy();
    let (mut checked, mut differing) = (0, 0);
    for (path, normal) in &data {
        if check(&endpoint, path, normal) {
            checked += 1;
            differing += usize::from(!same(path, normal));
        }
    }
    assert!(checked > 50 && differing > 15, "{checked} checked, of which {differing} differ");
}

/// What the URL Standard makes of a path of an http URL, without percent-encoding what is not.
fn normal(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path[1..].split(['/', '\\']).collect();
    for (at, segment) in segments.iter().enumerate() {
        let is_last = at + 1 == segments.len();
        match segment.to_ascii_lowercase().replace("%2e", ".").as_str() {
            ".." => drop(kept.pop()),
            "." => {}
            _ => {
                kept.push(segment);
                continue;
            }
        }
        if is_last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[test]
fn no_mix_of_dots_slashes_and_escapes_leads_elsewhere() {
    const TOKENS: [&str; 20] = [
        "/", "/", "/", ".", "..", "%2e", "%2E", "\\", "%2f", "%5c", "admin", "a", "x", ";", "%", "%00",
        "%ff", "%20", "//", "%252e",
    ];
    let endpoint = AssertUnwindSafe(greedy());
    bolero::check!().with_type::<Vec<u8>>().for_each(|choices| {
        let tokens = choices.iter().take(24).map(|choice| TOKENS[usize::from(*choice) % TOKENS.len()]);
        let path = format!("/{}", tokens.collect::<String>());
        let endpoint: &AssertUnwindSafe<Endpoint> = &endpoint;
        check(endpoint, &path, &normal(&path));
    });
}
