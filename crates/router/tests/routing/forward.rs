//! Another router, or a service, under a path.

use zzz_core::http::{Body, Format, IntoResponse, Limits, Method, Request, StatusCode};
use zzz_router::{Endpoint, Pipeline, Router, Scope, TrailingSlash};

use crate::support::{Mark, Seen, Speaks, ask, echo, endpoint, get, listed, send, trail};

async fn where_am_i(request: Request) -> String {
    format!("{} below {:?} as {}", request.path(), request.script_name(), request.route().unwrap())
}
async fn lost() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "lost in the dashboard")
}

fn dashboard() -> Router {
    let own = Pipeline::new("own").plug(Mark("inner"));
    let scope = Scope::new("/")
        .through(&own)
        .route(zzz_router::get("/", where_am_i).name("root"))
        .get("/queues/:id", where_am_i)
        .post("/queues/:id", trail)
        .fallback(lost);
    Router::new().scope(scope)
}

#[test]
fn a_service_sees_what_is_below_it() {
    let scope = Scope::new("/").forward("/blog", Seen).get("/blog/own", echo).forward("/blog/deep/er", Seen);
    let endpoint = endpoint(Router::new().scope(scope).scope(Scope::new("/x").forward("/", Seen)));
    for (path, wanted) in [
        ("/blog", "/ below \"/blog\""),
        ("/blog/", "/ below \"/blog\""),
        ("/blog?page=2", "/?page=2 below \"/blog\""),
        ("/blog/posts/1?x", "/posts/1?x below \"/blog\""),
        ("/blog//posts", "//posts below \"/blog\""),
        ("/blog/a%2fb", "/a%2fb below \"/blog\""),
        ("/blog/own", "GET /blog/own"),
        ("/blog/deep/er/x", "/x below \"/blog/deep/er\""),
        ("/blog/deep", "/deep below \"/blog\""),
        ("/x/y", "/y below \"/x\""),
        ("/blogs", "404"),
        ("/blog%2fposts", "404"),
        ("/blog/../admin", "404"),
        ("/blog/%2e%2e/admin", "404"),
        ("/blog/a\\b", "400"),
    ] {
        assert_eq!(get(&endpoint, path), wanted, "{path}");
    }
    for method in ["POST", "OPTIONS", "BREW"] {
        assert_eq!(ask(&endpoint, method, "/blog/posts").body, "/posts below \"/blog\"");
    }
}

#[test]
fn a_forward_at_the_root_takes_what_is_left() {
    let endpoint = endpoint(Router::new().scope(Scope::new("/").get("/own", echo).forward("/", Seen)));
    assert_eq!(get(&endpoint, "/own"), "GET /own");
    assert_eq!(get(&endpoint, "/"), "/ below \"\"");
    assert_eq!(get(&endpoint, "/other/x"), "/other/x below \"\"");
}

#[test]
fn a_router_keeps_its_own_routes_pipelines_and_fallbacks() {
    let outer = Pipeline::new("outer").plug(Mark("outer"));
    let scope = Scope::new("/admin").through(&outer).forward("/jobs", dashboard());
    let rest = Scope::new("/").get("/*rest", echo).fallback(echo);
    let endpoint = endpoint(Router::new().scope(scope).scope(rest));
    for (path, wanted) in [
        ("/admin/jobs", "/admin/jobs below \"/admin/jobs\" as GET /admin/jobs"),
        ("/admin/jobs/", "/admin/jobs/ below \"/admin/jobs\" as GET /admin/jobs"),
        ("/admin/jobs/queues/7", "/admin/jobs/queues/7 below \"/admin/jobs\" as GET /admin/jobs/queues/:id"),
        ("/other", "GET /*rest rest=other"),
    ] {
        assert_eq!(get(&endpoint, path), wanted, "{path}");
    }
    let answer = ask(&endpoint, "POST", "/admin/jobs/queues/7");
    assert_eq!(answer.body, "outer inner");
    let answer = ask(&endpoint, "GET", "/admin/jobs/nowhere");
    assert_eq!((answer.status, answer.body.as_str()), (404, "lost in the dashboard"));
    let answer = ask(&endpoint, "DELETE", "/admin/jobs/queues/7");
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, POST, HEAD, OPTIONS"));
    assert_eq!(answer.header("passed"), "outer", "what is forwarded has passed the pipelines before");
    assert_eq!(ask(&endpoint, "GET", "/admin/jobs/queues/%zz").status, 400);
}

#[test]
fn script_names_accumulate() {
    let innermost = Router::new().scope(Scope::new("/c").get("/", where_am_i).forward("/d", Seen));
    let middle = Router::new().scope(Scope::new("/b").forward("/", innermost));
    let app = Router::new().scope(Scope::new("/a").forward("/", middle));
    let table = endpoint(app);
    assert_eq!(get(&table, "/a/b/c"), "/a/b/c below \"/a/b\" as GET /a/b/c");
    assert_eq!(get(&table, "/a/b/c/d/e"), "/e below \"/a/b/c/d\"");
    // A whole endpoint is a service: it sees its own paths, and knows what stands before them.
    let outer = endpoint(Router::new().scope(Scope::new("/").forward("/app", table)));
    assert_eq!(get(&outer, "/app/a/b/c"), "/a/b/c below \"/app/a/b\" as GET /a/b/c");
    assert_eq!(get(&outer, "/app/a/b/c/d/e"), "/e below \"/app/a/b/c/d\"");
}

#[test]
fn what_stands_before_the_match_of_an_inner_router_sees_all_its_requests() {
    async fn as_delete(mut request: Request, next: zzz_core::http::Next) -> zzz_core::http::Response {
        if request.method() == Method::POST {
            request.set_method(Method::DELETE);
        }
        next.run(request).await
    }
    let inner = Router::new().plug(as_delete).plug(Mark("plug")).scope(Scope::new("/").delete("/x", echo));
    let endpoint = endpoint(Router::new().scope(Scope::new("/").forward("/in", inner)));
    assert_eq!(ask(&endpoint, "POST", "/in/x").body, "DELETE /in/x");
    let answer = ask(&endpoint, "GET", "/in/nowhere");
    assert_eq!((answer.status, answer.header("passed")), (404, "plug"));
}

#[test]
fn an_inner_router_inherits_options_and_sets_its_own() {
    let api = Pipeline::new("api").plug(Speaks(Format::Json));
    let inner = Router::new()
        .trailing_slash(TrailingSlash::Redirect)
        .scope(Scope::new("/own").limits(Limits::new().body(20)).get("/", echo))
        .scope(Scope::new("/").route(zzz_router::get("/x", echo).name("root")));
    let scope =
        Scope::new("/in").named("in").through(&api).limits(Limits::new().body(10)).forward("/", inner);
    let router =
        Router::new().scope(scope).scope(Scope::new("/").route(zzz_router::get("/", echo).name("root")));
    let routes: Vec<_> = listed(router.clone())
        .iter()
        .map(|route| {
            (
                route.to_string(),
                route.name.clone(),
                route.limits.body,
                route.script_name.clone(),
                route.pipelines.len(),
            )
        })
        .collect();
    let root = Some("root".to_owned());
    assert_eq!(
        routes,
        [
            ("ANY /in/*".to_owned(), None, Some(10), String::new(), 1),
            ("GET /in/own".into(), None, Some(20), "/in".into(), 1),
            ("GET /in/x".into(), root.clone(), Some(10), "/in".into(), 1),
            ("GET /".into(), root, None, String::new(), 0),
        ]
    );
    let endpoint = endpoint(router);
    assert_eq!(ask(&endpoint, "GET", "/in/x/").header("location"), "/in/x");
    assert_eq!(ask(&endpoint, "GET", "/in/nowhere").header("content-type"), "application/problem+json");
    assert_eq!(ask(&endpoint, "GET", "/nowhere").header("content-type"), "text/html; charset=utf-8");
}

#[test]
fn a_redirect_of_a_mounted_endpoint_leads_back_below_its_mount() {
    let inner = Router::new().trailing_slash(TrailingSlash::Redirect).scope(Scope::new("/").get("/x", echo));
    let outer = endpoint(Router::new().scope(Scope::new("/").forward("/app", endpoint(inner))));
    assert_eq!(ask(&outer, "GET", "/app/x/?q").header("location"), "/app/x?q");
}

#[test]
fn the_largest_body_behind_a_forward_counts_before_the_match() {
    async fn length(body: String) -> String {
        body.len().to_string()
    }
    async fn reads(mut request: Request, next: zzz_core::http::Next) -> zzz_core::http::Response {
        let body = std::mem::replace(request.body_mut(), Body::empty());
        match body.read().await {
            Ok(bytes) => *request.body_mut() = Body::from(bytes),
            Err(_) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        }
        next.run(request).await
    }
    let inner = Router::new()
        .scope(Scope::new("/").route(zzz_router::post("/big", length).limits(Limits::new().body(100))));
    let lost = Scope::new("/lost").limits(Limits::new().body(100)).fallback(length);
    let router =
        Router::new().scope(Scope::new("/").forward("/in", inner).post("/small", length)).scope(lost);
    let endpoint = Endpoint::new(router).plug(reads).limits(Limits::new().body(3)).build().unwrap();
    assert_eq!(send(&endpoint, Request::post("/in/big", "more than three")).status, 200);
    assert_eq!(send(&endpoint, Request::post("/lost/x", "more than three")).status, 200);
    assert_eq!(send(&endpoint, Request::post("/small", "more than three")).status, 413);
}
