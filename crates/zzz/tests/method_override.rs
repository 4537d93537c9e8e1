//! A form whose method counts is refused, where it has to be, by the route that it is for and in its format.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::IntoFuture;

use serde::Deserialize;
use zzz::http::{Form, Format, Limits, Method, now_or_never};
use zzz::middleware::{accepts, method_override};
use zzz::router::{Endpoint, Pipeline, Router, Scope, post, put};
use zzz_testing::TestClient;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Post {
    title: String,
}

async fn save(method: Method, Form(post): Form<Post>) -> String {
    format!("{method} {}", post.title)
}

/// Takes no body, so that none is refused.
async fn logout() -> &'static str {
    "bye"
}

fn client() -> TestClient {
    let api = Pipeline::new("api").plug(accepts(Format::Json));
    let routes = |scope: Scope| {
        let small = Limits::new().body(30);
        scope
            .post("/posts", save)
            .put("/posts", save)
            .put("/posts/:id", save)
            .post("/logout", logout)
            .route(post("/small", save).limits(small))
            .route(put("/small", save).limits(small))
    };
    let router = Router::new()
        .plug(method_override)
        .scope(routes(Scope::new("/")))
        .scope(routes(Scope::new("/api").through(&api)));
    TestClient::new(Endpoint::new(router).limits(Limits::new().body(40)).build().unwrap())
}

fn send(path: &str, body: &str, accept: &str) -> (u16, String, String) {
    let client = client();
    let mut request = client.post(path).body("application/x-www-form-urlencoded", body.to_owned());
    if !accept.is_empty() {
        request = request.header("accept", accept);
    }
    let response = now_or_never(request.into_future()).unwrap();
    (response.status(), response.header("content-type").to_owned(), response.text().to_owned())
}

#[test]
fn what_a_form_is_refused_for_is_told_in_the_format_of_its_route() {
    let long = "_method=put&title=0123456789012345678901234567890123456789";
    let longer_than_the_routes = "_method=put&title=0123456789012";
    for (path, body, status) in [
        ("/posts", "_method=put&title=%ff", 400),
        ("/posts", "_method=put&title=%", 400),
        ("/posts", "_method=put&title=Hi&x=1", 422),
        ("/posts", long, 413),
        ("/posts/7", long, 413),
        ("/posts/7", "_method=put&title=%ff", 400),
        ("/posts/7", "title=%ff", 405),
        ("/small", longer_than_the_routes, 413),
    ] {
        for (prefix, accept, media) in [
            ("", "text/html", "text/html; charset=utf-8"),
            ("", "", "text/html; charset=utf-8"),
            ("", "application/json", "application/problem+json"),
            ("/api", "", "application/problem+json"),
            ("/api", "*/*", "application/problem+json"),
        ] {
            let (got, content_type, text) = send(&format!("{prefix}{path}"), body, accept);
            assert_eq!((got, &*content_type), (status, media), "{prefix}{path} {body} {accept}: {text}");
        }
    }
}

#[test]
fn what_takes_no_form_does_not_mind() {
    for body in ["_method=%ff", "a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1"] {
        assert_eq!((send("/logout", body, "").0, send("/api/logout", body, "").2), (200, "bye".to_owned()));
    }
}

#[test]
fn the_field_and_the_token_are_nothing_that_a_handler_has_to_know() {
    assert_eq!(send("/posts", "_method=put&title=Hi", "").2, "PUT Hi");
    assert_eq!(send("/posts", "title=Hi&_csrf_token=abc", "").2, "POST Hi");
}
