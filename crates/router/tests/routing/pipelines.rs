//! Pipelines: what a request passes, in which order, and when.

use zzz_core::http::{IntoResponse, Next, Request, Response, StatusCode};
use zzz_router::{Pipeline, Router, Scope};

use crate::support::{Mark, ask, endpoint, get, trail};

async fn locked(_: Request, _: Next) -> Response {
    (StatusCode::FORBIDDEN, "locked").into_response()
}

fn router() -> Router {
    let one = Pipeline::new("one").plug(Mark("a")).plug(Mark("b"));
    let two = Pipeline::new("two").plug(Mark("c"));
    let lock = Pipeline::new("lock").plug(Mark("d")).plug(locked).plug(Mark("e"));
    let nested = Scope::new("/in").through(&two).get("/", trail);
    Router::new()
        .plug(Mark("0"))
        .scope(Scope::new("/none").get("/", trail))
        .scope(Scope::new("/one").through(&one).get("/", trail).scope(nested.clone()))
        .scope(Scope::new("/both").through(&one).through(&two).get("/", trail))
        .scope(Scope::new("/twisted").through(&two).through(&one).get("/", trail))
        .scope(Scope::new("/locked").through(&lock).get("/", trail).post("/:id", trail))
}

#[test]
fn a_request_passes_its_pipelines_in_their_order() {
    let endpoint = endpoint(router());
    assert_eq!(get(&endpoint, "/none"), "0");
    assert_eq!(get(&endpoint, "/one"), "0 a b");
    assert_eq!(get(&endpoint, "/one/in"), "0 a b c");
    assert_eq!(get(&endpoint, "/both"), "0 a b c");
    assert_eq!(get(&endpoint, "/twisted"), "0 c a b");
}

#[test]
fn a_middleware_that_answers_ends_the_way() {
    let endpoint = endpoint(router());
    let answer = ask(&endpoint, "GET", "/locked");
    assert_eq!((answer.status, answer.body.as_str()), (403, "locked"));
    assert_eq!(answer.header("passed"), "d");
}

#[test]
fn a_request_without_a_route_passes_no_pipeline() {
    let endpoint = endpoint(router());
    for (method, path, status) in [
        ("GET", "/one/nowhere", 404),
        ("POST", "/one", 405),
        ("OPTIONS", "/locked", 204),
        ("GET", "/locked/7", 405),
    ] {
        let answer = ask(&endpoint, method, path);
        assert_eq!((answer.status, answer.header("passed")), (status, "0"), "{method} {path}");
    }
}

#[test]
fn a_scope_around_scopes_hands_its_pipelines_down() {
    let one = Pipeline::new("one").plug(Mark("a"));
    let inner = Scope::new("/b").get("/", trail);
    let endpoint = endpoint(Router::new().scope(Scope::new("/a").through(&one).scope(inner)));
    assert_eq!(get(&endpoint, "/a/b"), "a");
}

#[test]
fn a_pipeline_knows_the_route_and_its_parameters() {
    async fn tell(request: Request, next: Next) -> Response {
        let route = request.route().map_or_else(String::new, |route| route.pattern.clone());
        let told = format!("{route} {}", request.param("id").unwrap_or_default());
        let mut response = next.run(request).await;
        response.headers_mut().insert("told", told.parse().unwrap());
        response
    }
    let told = Pipeline::new("told").plug(tell);
    let scope = Scope::new("/in").through(&told).scope(Scope::new("/:id").get("/", trail).get("/x", trail));
    let endpoint = endpoint(Router::new().scope(scope));
    assert_eq!(ask(&endpoint, "GET", "/in/a%20b").header("told"), "/in/:id a b");
    assert_eq!(ask(&endpoint, "GET", "/in/7/x").header("told"), "/in/:id/x 7");
}
