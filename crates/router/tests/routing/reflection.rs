//! What a table tells of its routes, and of what becomes of a request.

use zzz_core::http::{Folder, Limits, Method, Request, RouteKind, RouteLog};
use zzz_router::{Outcome, Pipeline, RouteTable, Router, Scope, TrailingSlash};

use crate::support::{Mark, Seen, echo};

fn table() -> RouteTable {
    let browser = Pipeline::new("browser").plug(Mark("x"));
    let inner = Router::new().scope(Scope::new("/").get("/queues/:id", echo));
    let scope = Scope::new("/")
        .named("site")
        .through(&browser)
        .route(
            zzz_router::get("/posts/:id", echo)
                .name("post")
                .limits(Limits::new().body(5))
                .log(RouteLog::Debug)
                .assign(7_u8)
                .param_type("id", "i64")
                .handler_name("posts::show")
                .at("src/router.rs", 12),
        )
        .post("/posts", echo)
        .forward("/jobs", inner)
        .forward("/blog", Seen)
        .fallback(echo);
    let admin = Scope::new("/admin").host("admin.*").get("/", echo);
    let assets = Folder::on_disk("static");
    let router = Router::new().trailing_slash(TrailingSlash::Redirect).assets("/static", assets);
    router.scope(scope).scope(admin).build().unwrap()
}

#[test]
fn a_route_tells_everything_of_itself() {
    let table = table();
    let routes: Vec<_> = table.routes().collect();
    let kinds: Vec<_> = routes.iter().map(|route| (route.kind, route.to_string())).collect();
    assert_eq!(
        kinds,
        [
            (RouteKind::Assets, "GET /static/*".to_owned()),
            (RouteKind::Handler, "GET /posts/:id".into()),
            (RouteKind::Handler, "POST /posts".into()),
            (RouteKind::Forward, "ANY /jobs/*".into()),
            (RouteKind::Handler, "GET /jobs/queues/:id".into()),
            (RouteKind::Forward, "ANY /blog/*".into()),
            (RouteKind::Fallback, "ANY /*".into()),
            (RouteKind::Handler, "GET admin.*/admin".into()),
        ]
    );
    let post = routes[1];
    assert_eq!(post.method, Some(Method::GET));
    assert_eq!(post.name.as_deref(), Some("site_post"));
    assert_eq!(post.handler, "posts::show");
    assert_eq!((post.params[0].name.as_str(), post.params[0].type_name), ("id", Some("i64")));
    assert_eq!(post.pipelines, ["browser"]);
    assert_eq!((post.limits.body, post.log), (Some(5), RouteLog::Debug));
    assert_eq!(post.assigns, ["u8"]);
    assert_eq!(post.source.unwrap().to_string(), "src/router.rs:12");
    assert_eq!((post.host.as_deref(), post.script_name.as_str()), (None, ""));
    assert_eq!((routes[7].host.as_deref(), routes[4].script_name.as_str()), (Some("admin.*"), "/jobs"));
    assert_eq!(table.find(&Method::GET, "/posts/7").unwrap().pattern, "/posts/:id");
    assert_eq!(table.find(&Method::GET, "/jobs/queues/7").unwrap().pattern, "/jobs/queues/:id");
    assert!(table.find(&Method::GET, "/posts/%zz").is_none());
    assert_eq!(format!("{table:?}").matches("GET /posts/:id").count(), 1);
}

#[test]
fn what_becomes_of_a_request_is_told_without_running_it() {
    let table = table();
    let explain =
        |method: &str, target: &str| table.explain(&Request::new(method.parse().unwrap(), target, ""));
    let route = |method: &str, target: &str| match explain(method, target) {
        Outcome::Route(info, params) => (info.to_string(), params),
        other => panic!("{other:?}"),
    };
    assert_eq!(route("GET", "/posts/a%20b"), ("GET /posts/:id".into(), vec![("id".into(), "a b".into())]));
    assert_eq!(route("HEAD", "/posts/7").0, "GET /posts/:id");
    assert_eq!(
        route("GET", "/jobs/queues/7"),
        ("GET /jobs/queues/:id".into(), vec![("id".into(), "7".into())])
    );
    assert_eq!(route("PUT", "/blog/x"), ("ANY /blog/*".into(), Vec::new()));
    assert_eq!(route("GET", "/nowhere").0, "ANY /*");
    assert_eq!(route("GET", "http://admin.example.com/admin").0, "GET admin.*/admin");
    assert_eq!(route("GET", "http://example.com/admin").0, "ANY /*");
    match explain("GET", "/posts/7/?x") {
        Outcome::Redirect(info, to) => {
            assert_eq!((info.pattern.as_str(), to.as_str()), ("/posts/:id", "/posts/7?x"))
        }
        other => panic!("{other:?}"),
    }
    let refused = |method: &str, target: &str| match explain(method, target) {
        Outcome::Refused(status, message, allow) => (status, message, allow),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refused("GET", "/posts"),
        (405, "This address answers POST, OPTIONS, not GET.".into(), Some("POST, OPTIONS".into()))
    );
    assert_eq!(refused("GET", "/posts/%zz").0, 400);
    assert_eq!(refused("GET", "/posts/..").0, 404);
    assert_eq!(refused("GET", "/jobs/nowhere").0, 404);
    assert_eq!(explain("OPTIONS", "/posts"), Outcome::Options("POST, OPTIONS".into()));
}
