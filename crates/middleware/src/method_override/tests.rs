//! Which forms change the method, and that their bodies stay whole.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use zzz_core::http::{Body, BodyStream, Form, HandlerExt, MiddlewareExt, Stack, now_or_never};
use zzz_core::{ErrorStatus, Params};

use super::*;

async fn method(request: Request) -> String {
    format!("{} {:?}", request.method(), request.body())
}

/// The method, and the body as the handler reads it.
async fn whole(request: Request) -> String {
    let method = request.method().clone();
    let mut stream = BodyStream::new(request.into_parts().1);
    let mut content = Vec::new();
    while let Ok(Some(chunk)) = stream.chunk().await {
        content.extend_from_slice(&chunk);
    }
    format!("{method} {}", String::from_utf8_lossy(&content))
}

fn call(handler: zzz_core::http::BoxHandler, request: Request) -> (u16, String) {
    let response = now_or_never(Stack::new(vec![method_override.erase()], handler).run(request)).unwrap();
    let status = response.status().as_u16();
    (status, String::from_utf8(response.into_body().full_bytes().unwrap().to_vec()).unwrap())
}

fn through(request: Request) -> String {
    call(method.erase(), request).1
}

fn form(target: &str, body: &'static str) -> Request {
    Request::post(target, body)
        .with_header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
}

#[test]
fn only_the_body_of_a_post_counts() {
    assert_eq!(through(form("/", "_method=delete")), "DELETE Body(14 bytes)");
    assert_eq!(through(form("/", "a=1&_method=PATCH")), "PATCH Body(17 bytes)");
    assert_eq!(through(form("/", "_method=pUt")), "PUT Body(11 bytes)");
    assert_eq!(through(form("/", "_method=put&_method=delete")), "DELETE Body(26 bytes)");
    assert_eq!(through(form("/?_method=delete", "a=1")), "POST Body(3 bytes)");
    assert_eq!(through(Request::post("/", "_method=delete")), "POST Body(14 bytes)", "no form");
    assert_eq!(through(Request::get("/?_method=delete")), "GET Body(empty)");
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let request = Request::new(method.clone(), "/", "_method=patch")
            .with_header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(through(request), format!("{method} Body(13 bytes)"));
    }
}

#[test]
fn only_what_a_form_may_ask_for_counts() {
    for body in ["_method=trace", "_method=", "_method=post", "_method=+put", "_method[]=put", "_Method=put"]
    {
        assert!(through(form("/", body)).starts_with("POST "), "{body}");
    }
}

#[test]
fn a_form_that_can_not_be_read_goes_on_as_it_came() {
    async fn taken(Form(fields): Form<Params>) -> String {
        format!("{fields:?}")
    }
    async fn ignored() -> &'static str {
        "ignored"
    }
    let deep = format!("_method=delete&a{}=1", "[b]".repeat(100));
    let many = format!("_method=delete{}", "&a=1".repeat(1000));
    for (body, method, status) in [
        ("_method=delete&a=%ff", "DELETE", 400),
        ("_method=%", "POST", 400),
        ("x=_method=put&a=%00", "POST", 400),
        ("a_method=put&%", "POST", 400),
        ("_method=put&a=%00&_method=Patch", "PATCH", 400),
        (&deep, "DELETE", 400),
        (&many, "DELETE", 413),
    ] {
        for pieces in [1, 7, 10_000] {
            let request = || {
                Request::post("/", in_pieces(body, pieces))
                    .with_header("content-type", "application/x-www-form-urlencoded")
            };
            assert_eq!(call(taken.erase(), request()).0, status, "{body}");
            assert_eq!(call(whole.erase(), request()), (200, format!("{method} {body}")));
            assert_eq!(call(ignored.erase(), request()), (200, "ignored".into()));
        }
    }
}

#[test]
fn a_form_that_is_too_long_is_refused_where_it_is_taken() {
    async fn taken(Form(fields): Form<Params>) -> String {
        format!("{fields:?}")
    }
    async fn with_more_room(mut request: Request) -> String {
        request.body_mut().set_limit(100);
        whole(request).await
    }
    let body = "_method=delete&a=1";
    for pieces in [3, 10_000] {
        let request = |limit: u64| {
            let body = if pieces == 3 { in_pieces(body, pieces) } else { Body::from(body) };
            let mut request =
                Request::post("/", body).with_header("content-type", "application/x-www-form-urlencoded");
            request.body_mut().set_limit(limit);
            request
        };
        let length = body.len() as u64;
        assert_eq!(call(with_more_room.erase(), request(length)), (200, format!("DELETE {body}")));
        for limit in [0, 3, length - 1] {
            assert_eq!(call(taken.erase(), request(limit)).0, 413, "{limit}");
            assert_eq!(
                call(with_more_room.erase(), request(limit)),
                (200, format!("POST {body}")),
                "{limit}"
            );
        }
    }
}

#[test]
fn a_form_that_breaks_off_breaks_off_where_it_is_taken() {
    struct BreaksOff(bool);
    impl futures_core::Stream for BreaksOff {
        type Item = Result<&'static str, ErrorStatus>;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let first = std::mem::replace(&mut self.0, false);
            Poll::Ready(Some(if first { Ok("_method=delete") } else { Err(ErrorStatus::new(408)) }))
        }
    }
    async fn read(request: Request) -> zzz_core::Result<String> {
        let method = request.method().clone();
        let mut stream = BodyStream::new(request.into_parts().1);
        assert_eq!(stream.chunk().await?.unwrap(), "_method=delete");
        stream.chunk().await?;
        Ok(method.to_string())
    }
    for media in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=_"] {
        let request =
            Request::post("/", Body::from_stream(BreaksOff(true))).with_header("content-type", media);
        assert_eq!(call(read.erase(), request).0, 408, "{media}");
    }
}

#[test]
fn the_field_is_not_among_those_of_the_form() {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        title: String,
    }
    async fn update(method: Method, Form(form): Form<Strict>) -> String {
        format!("{method} {}", form.title)
    }
    let body = "_method=put&_csrf_token=x&title=Hi";
    assert_eq!(call(update.erase(), form("/", body)), (200, "PUT Hi".into()));
    assert_eq!(call(update.erase(), form("/", "_method=put&title=Hi&_other=1")).0, 422);
}

/// A body that comes in pieces of this length.
struct Pieces(VecDeque<Vec<u8>>);

impl futures_core::Stream for Pieces {
    type Item = Result<Vec<u8>, Infallible>;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

fn in_pieces(body: &str, length: usize) -> Body {
    Body::from_stream(Pieces(body.as_bytes().chunks(length).map(<[u8]>::to_vec).collect()))
}

fn multipart(body: Body) -> Request {
    Request::post("/?_method=put", body).with_header("content-type", "multipart/form-data; boundary=\"X-X\"")
}

#[test]
fn the_first_field_of_a_form_with_files_counts_in_whatever_pieces_it_comes() {
    let field = "--X-X\r\nContent-Disposition: form-data; name=\"_method\"\r\n\r\ndelete\r\n";
    let file = "--X-X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n";
    let long = "x".repeat(5000);
    for (body, method) in [
        (format!("{field}--X-X--\r\n"), "DELETE"),
        (format!("{field}{file}{long}\r\n--X-X--\r\n"), "DELETE"),
        (format!("{}--X-X--", field.replace("delete", "PuT")), "PUT"),
        (format!("{}--X-X--", field.replace("Content", "Content-Type: text/plain\r\ncontent")), "DELETE"),
        (format!("{}--X-X--", field.replace("--X-X\r", "--X-X \t\r").replace('"', "")), "DELETE"),
        // What is not the first field, no field, or nothing that a form may ask for.
        (format!("{file}{long}\r\n{field}--X-X--\r\n"), "POST"),
        (format!("{}--X-X--", field.replace("_method\"", "_method\"; filename=\"a\"")), "POST"),
        (format!("{}--X-X--", field.replace("name=\"_method\"", "filename=\"_method\"")), "POST"),
        (format!("{}--X-X--", field.replace("form-data", "attachment")), "POST"),
        (format!("{}--X-X--", field.replace("_method", "_Method")), "POST"),
        (format!("{}--X-X--", field.replace("delete", "delete ")), "POST"),
        (format!("{}--X-X--", field.replace("delete", "trace")), "POST"),
        (format!("{}--X-X--", field.replace("delete", &long)), "POST"),
        (format!("{}--X-X--", field.replace("Content", &format!("X: {long}\r\nContent"))), "POST"),
        (format!("preamble\r\n{field}--X-X--"), "POST"),
        (format!("{}--X-X--", field.replace("--X-X", "--Y-Y")), "POST"),
        (field.replace("\r\n\r\ndelete\r\n", "\r\n\r\ndelete"), "POST"),
        ("--X-".to_owned(), "POST"),
        (String::new(), "POST"),
        (field.replace("\r\n", "\n"), "POST"),
    ] {
        let expected = (200, format!("{method} {body}"));
        let beginning = body.get(..100).unwrap_or(&body);
        assert!(call(whole.erase(), multipart(Body::from(body.clone()))) == expected, "{beginning}");
        for length in [1, 2, 7, 64, 1000, 4096] {
            let answer = call(whole.erase(), multipart(in_pieces(&body, length)));
            assert!(answer == expected, "in pieces of {length}: {beginning}");
        }
    }
}

#[test]
fn the_limit_of_a_form_with_files_is_left_to_whoever_reads_it() {
    let body = "--X-X\r\nContent-Disposition: form-data; name=\"_method\"\r\n\r\nput\r\n--X-X--";
    let limited = |limit: u64| {
        let mut request = multipart(in_pieces(body, 16));
        request.body_mut().set_limit(limit);
        async fn read(request: Request) -> zzz_core::Result<String> {
            let method = request.method().clone();
            let body = request.into_parts().1.read().await?;
            Ok(format!("{method} {}", body.len()))
        }
        call(read.erase(), request)
    };
    assert_eq!(limited(body.len() as u64), (200, format!("PUT {}", body.len())));
    assert_eq!(limited(body.len() as u64 - 1).0, 413);
}

#[test]
fn a_form_without_a_boundary_changes_nothing() {
    for media in ["multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=X-X"] {
        let request = Request::post(
            "/",
            "--X-X\r\nContent-Disposition: form-data; name=\"_method\"\r\n\r\nput\r\n--X-X--",
        )
        .with_header("content-type", media);
        assert!(call(whole.erase(), request).1.starts_with("POST "), "{media}");
    }
}
