//! A form as a handler's argument: what is refused before anything is read, and whose limit holds.

use std::sync::Arc;

use zzz_core::Services;
use zzz_core::config::ByteSize;
use zzz_core::http::{Body, FromRequest, HandlerExt, Limits, Request, RouteInfo, now_or_never};
use zzz_multipart::{Multipart, MultipartForm, UploadConfig, Uploads};

use crate::support::pieces;

const MIB: usize = 1 << 20;

async fn length(mut form: Multipart) -> zzz_core::Result<String> {
    let mut length = 0;
    while let Some(mut part) = form.next_part().await? {
        while let Some(chunk) = part.chunk().await? {
            length += chunk.len();
        }
    }
    Ok(length.to_string())
}

fn body(content: usize) -> Vec<u8> {
    let mut body = b"--X\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n".to_vec();
    body.resize(body.len() + content, b'x');
    body.extend_from_slice(b"\r\n--X--\r\n");
    body
}

fn request(body: impl Into<Body>) -> Request {
    Request::post("/", body).with_header("content-type", "multipart/form-data; boundary=X")
}

fn with_route(mut request: Request, limits: Limits) -> Request {
    let route = RouteInfo::new(None, "/", "").with_limits(limits);
    request.set_route(Arc::new(route));
    request
}

fn with_max_total(mut request: Request, max_total: ByteSize) -> Request {
    let mut services = Services::new();
    services.insert(Uploads::new(UploadConfig { max_total, ..UploadConfig::default() }));
    request.set_services(Arc::new(services));
    request
}

fn status(request: Request) -> u16 {
    now_or_never(length.erase().call(request)).unwrap().status().as_u16()
}

#[test]
fn the_limit_is_two_mebibytes_with_and_without_a_known_length() {
    let most = 2 * MIB - (body(0).len());
    for (content, expected) in [(most, 200), (most + 1, 413)] {
        assert_eq!(status(request(body(content))), expected, "{content}");
        assert_eq!(status(request(pieces(&body(content), &[255]))), expected, "{content} in pieces");
    }
}

#[test]
fn max_total_stands_in_for_the_limit_of_other_bodies() {
    for (max_total, content, expected) in
        [(5 * MIB, 4 * MIB, 200), (5 * MIB, 5 * MIB, 413), (MIB, MIB / 2, 200), (MIB, MIB, 413)]
    {
        for body in [Body::from(body(content)), pieces(&body(content), &[255])] {
            let mut request = with_max_total(request(body), ByteSize(max_total as u64));
            // What the router set from `[http] body_limit`.
            request.body_mut().set_limit(2 * MIB as u64);
            assert_eq!(status(request), expected, "{max_total} {content}");
        }
    }
}

#[test]
fn the_limit_of_a_route_wins_over_both() {
    for (limit, content, expected) in
        [(5 * MIB, 4 * MIB, 200), (5 * MIB, 5 * MIB, 413), (1000, 100, 200), (1000, 1000, 413)]
    {
        for body in [Body::from(body(content)), pieces(&body(content), &[255])] {
            let mut request = with_route(request(body), Limits::new().body(limit as u64));
            // As the router does.
            request.body_mut().set_limit(limit as u64);
            assert_eq!(status(request), expected, "{limit} {content}");
        }
    }
}

/// A body that must not be touched.
struct Untouched(u64);

impl http_body::Body for Untouched {
    type Data = bytes::Bytes;
    type Error = std::io::Error;
    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
        panic!("it was read");
    }
    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.0)
    }
}

#[test]
fn what_is_refused_is_refused_before_it_is_read() {
    let untouched = |length| Body::from_http_body(Untouched(length));
    assert_eq!(status(request(untouched(3 << 20))), 413);
    for (content_type, expected) in [
        ("application/x-www-form-urlencoded", 415),
        ("multipart/mixed; boundary=X", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=\"X ", 400),
    ] {
        let request = Request::post("/", untouched(10)).with_header("content-type", content_type);
        assert_eq!(status(request), expected, "{content_type}");
    }
    assert_eq!(status(Request::post("/", untouched(10))), 415);
    let two = request(untouched(10)).with_header("content-type", "multipart/form-data; boundary=Y");
    assert_eq!(status(two), 400);
}

#[test]
fn a_handler_can_take_the_refusal_itself() {
    async fn told(form: zzz_core::Result<Multipart>) -> String {
        form.map_or_else(|error| error.to_string(), |_| "a form".into())
    }
    let answer = |request: Request| {
        let response = now_or_never(told.erase().call(request)).unwrap();
        String::from_utf8(response.into_body().full_bytes().unwrap().to_vec()).unwrap()
    };
    assert_eq!(answer(Request::post("/", "a=1")), "Send the form as multipart/form-data.");
    assert_eq!(answer(request("")), "a form");
    let _ = <zzz_core::Result<Multipart> as FromRequest>::from_request;
}

#[test]
fn an_option_is_none_for_a_request_without_a_body() {
    async fn told(form: Option<Multipart>) -> &'static str {
        if form.is_some() { "a form" } else { "none" }
    }
    let answer = |request: Request| {
        let response = now_or_never(told.erase().call(request)).unwrap();
        (response.status().as_u16(), response.into_body().full_bytes().unwrap())
    };
    assert_eq!(answer(Request::post("/", "")), (200, "none".into()));
    assert_eq!(answer(request("--X--")), (200, "a form".into()));
    assert_eq!(answer(Request::post("/", "a=1")).0, 415);
}

#[test]
fn what_is_wrong_with_a_form_is_a_rejection() {
    async fn told(form: Result<MultipartForm, zzz_core::Rejection>) -> String {
        form.map_or_else(|rejection| format!("{} {rejection}", rejection.status()), |_| "a form".into())
    }
    let response = now_or_never(told.erase().call(request("--X\r\n"))).unwrap();
    let answer = response.into_body().full_bytes().unwrap();
    assert_eq!(answer, "400 The body ended before its last boundary.");
}
