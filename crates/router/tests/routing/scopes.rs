//! Scopes: path, names, limits, assigned values, each within another.

use std::time::Duration;

use zzz_core::http::{Assign, Limits, Request, RouteLog};
use zzz_router::{Router, Scope, post};

use crate::support::{ask, echo, endpoint, get, listed, send};

#[derive(Clone)]
struct Section(&'static str);
#[derive(Clone)]
struct Depth(u8);

#[test]
fn paths_are_joined() {
    let inner =
        Scope::new("/admin").get("/", echo).scope(Scope::new("/posts/:post_id").get("/comments/:id", echo));
    let endpoint = endpoint(Router::new().scope(Scope::new("/api/v1").scope(inner).get("/users", echo)));
    assert_eq!(get(&endpoint, "/api/v1/users"), "GET /api/v1/users");
    assert_eq!(get(&endpoint, "/api/v1/admin"), "GET /api/v1/admin");
    assert_eq!(get(&endpoint, "/api/v1/admin/"), "404");
    assert_eq!(
        get(&endpoint, "/api/v1/admin/posts/1/comments/2"),
        "GET /api/v1/admin/posts/:post_id/comments/:id post_id=1 id=2"
    );
    assert_eq!(get(&endpoint, "/users"), "404");
}

#[test]
fn names_get_the_prefixes_of_their_scopes() {
    let inner = Scope::new("/v1").named("v1").route(get_named("/users", "users"));
    let scope = Scope::new("/api").named("api").scope(inner).route(get_named("/", "root"));
    let plain = Scope::new("/").route(get_named("/users", "users"));
    let names: Vec<_> =
        listed(Router::new().scope(scope).scope(plain)).iter().map(|route| route.name.clone()).collect();
    assert_eq!(names, [Some("api_v1_users".to_owned()), Some("api_root".into()), Some("users".into())]);
}

fn get_named(path: &str, name: &str) -> zzz_router::Route {
    zzz_router::get(path, echo).name(name)
}

#[test]
fn limits_and_levels_hold_from_the_outside_in() {
    let inner = Scope::new("/in")
        .limits(Limits::new().body(20))
        .get("/inherits", echo)
        .route(zzz_router::get("/own", echo).limits(Limits::new().body(30)).log(RouteLog::Warn));
    let minute = Duration::from_secs(60);
    let scope = Scope::new("/")
        .limits(Limits::new().body(10).timeout(minute))
        .log(RouteLog::Debug)
        .get("/", echo)
        .scope(inner);
    let found: Vec<_> = listed(Router::new().scope(scope).scope(Scope::new("/x").get("/", echo)))
        .iter()
        .map(|route| (route.pattern.clone(), route.limits.body, route.limits.timeout, route.log))
        .collect();
    assert_eq!(
        found,
        [
            ("/".to_owned(), Some(10), Some(minute), RouteLog::Debug),
            ("/in/inherits".into(), Some(20), Some(minute), RouteLog::Debug),
            ("/in/own".into(), Some(30), Some(minute), RouteLog::Warn),
            ("/x".into(), None, None, RouteLog::Info),
        ]
    );
}

#[test]
fn a_limit_holds_the_body() {
    async fn length(body: String) -> String {
        body.len().to_string()
    }
    let scope = Scope::new("/small").limits(Limits::new().body(3)).post("/", length);
    let endpoint = endpoint(Router::new().scope(scope).scope(Scope::new("/").post("/big", length)));
    let post = |path, body: &'static str| send(&endpoint, Request::post(path, body)).status;
    assert_eq!((post("/small", "abc"), post("/small", "abcd"), post("/big", "abcd")), (200, 413, 200));
}

#[test]
fn values_are_assigned_before_the_pipelines_run() {
    async fn show(Assign(section): Assign<Section>, request: Request) -> String {
        let depth = request.assigns().get::<Depth>().map_or(0, |depth| depth.0);
        format!("{} {depth}", section.0)
    }
    let inner = Scope::new("/in").assign(Depth(2)).get("/", show);
    let outer = Scope::new("/out")
        .assign(Section("outer"))
        .assign(Depth(1))
        .get("/", show)
        .route(zzz_router::get("/own", show).assign(Section("own")))
        .scope(inner);
    let router = Router::new().scope(outer);
    let assigns: Vec<_> = listed(router.clone()).iter().map(|route| route.assigns.len()).collect();
    assert_eq!(assigns, [2, 3, 3]);
    let endpoint = endpoint(router);
    assert_eq!(get(&endpoint, "/out"), "outer 1");
    assert_eq!(get(&endpoint, "/out/own"), "own 1");
    assert_eq!(get(&endpoint, "/out/in"), "outer 2");
}

#[test]
fn routers_of_several_files_are_merged() {
    let users = Router::new().scope(Scope::new("/users").get("/", echo).route(post("/", echo)));
    let posts = Router::new().scope(Scope::new("/posts").route(get_named("/", "posts")));
    let endpoint = endpoint(Router::new().merge(users).merge(posts));
    assert_eq!(get(&endpoint, "/users"), "GET /users");
    assert_eq!(ask(&endpoint, "POST", "/users").body, "POST /users");
    assert_eq!(get(&endpoint, "/posts"), "GET /posts");
}
