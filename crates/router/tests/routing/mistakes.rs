//! Every mistake in a table is told at once, with the lines it is about.

use zzz_core::Error;
use zzz_core::http::{Folder, Method, Path, Socket, Transport};
use zzz_router::{Endpoint, PathParams, Pipeline, Router, Scope, any, get, on, post};

use crate::support::{Mark, Seen, echo};

struct Talk;

impl Socket for Talk {
    fn transports(self) -> Vec<Transport> {
        vec![Transport::new("/websocket", &[Method::GET], echo)]
    }
}

fn mistakes(router: Router) -> Vec<String> {
    router.build().unwrap_err().mistakes().to_vec()
}

#[test]
fn all_mistakes_are_reported_together() {
    let once = Pipeline::new("once").plug(Mark("x"));
    let scope = Scope::new("/")
        .route(get("/posts/:id", echo).name("post").at("src/a.rs", 1))
        .route(get("/posts/:slug", echo).at("src/b.rs", 2))
        .route(any("/a", echo).name("post").at("src/b.rs", 3))
        .route(any("/a", echo).at("src/b.rs", 4))
        .route(get("b", echo).at("src/b.rs", 5))
        .route(get("/c/:", echo).at("src/b.rs", 6))
        .route(on(&[], "/d", echo).at("src/b.rs", 7))
        .route(get("/e/:id", echo).param_type("idd", "i64").at("src/b.rs", 8))
        .scope(Scope::new("x").at("src/b.rs", 9))
        .scope(Scope::new("/h").host("a.*.b").at("src/b.rs", 10))
        .forward("/f/:id", Seen)
        .at("src/b.rs", 11)
        .fallback(echo)
        .at("src/b.rs", 12)
        .fallback(echo)
        .at("src/b.rs", 13)
        .scope(Scope::new("/p").through(&once).scope(Scope::new("/q").through(&once).at("src/b.rs", 14)))
        .route(get("/a/../b", echo).at("src/b.rs", 15));
    let mut found = mistakes(Router::new().scope(scope));
    found.sort();
    let echo = std::any::type_name_of_val(&echo);
    let seen = std::any::type_name::<Seen>();
    let mut wanted = vec![
        format!("`GET /posts/:slug` takes the same requests as `GET /posts/:id`: {echo} (src/b.rs:2) and {echo} (src/a.rs:1); remove one, or tell them apart by method, host or a fixed segment"),
        format!("`ANY /a` takes the same requests as `ANY /a`: {echo} (src/b.rs:4) and {echo} (src/b.rs:3); remove one, or tell them apart by method, host or a fixed segment"),
        "the name `post` stands for `/posts/:id` (src/a.rs:1) and for `/a` (src/b.rs:3); a name is for one route".to_owned(),
        format!("the path `b` must begin with `/` ({echo} at src/b.rs:5)"),
        format!("`` in `/c/:` is no name for a parameter: use letters, digits and `_` ({echo} at src/b.rs:6)"),
        "the route `/d` (src/b.rs:7) has no method, so it takes no request".into(),
        "`/e/:id` (src/b.rs:8) has no parameter `idd`, of which a type is given".into(),
        "the path of the scope `x` (src/b.rs:9) must begin with `/`".into(),
        "the scope `/h` (src/b.rs:10): `a.*.b` is no pattern for hosts: write `example.com`, `*.example.com` or `admin.*`, without a port".into(),
        "the path `/f/:id` of a forward (src/b.rs:11) can have no parameters: what it leads to would not know them".into(),
        format!("the scope `/` has two fallbacks: {echo} (src/b.rs:12) and {echo} (src/b.rs:13); only one can answer"),
        "the scope `/p/q` (src/b.rs:14) goes through the pipeline `once` twice".into(),
        format!("no request can have the path `/a/../b`: `..` leads to another path ({echo} at src/b.rs:15)"),
    ];
    wanted.sort();
    assert_eq!(found, wanted);
    assert!(seen.ends_with("Seen"));
}

#[test]
fn what_does_not_meet_is_no_mistake() {
    let scope = Scope::new("/")
        .route(get("/a/:id", echo))
        .route(post("/a/:slug", echo))
        .route(any("/a/:other", echo))
        .route(get("/a/x:id", echo))
        .route(get("/a/:post_id/b", echo))
        .route(get("/a/*rest", echo))
        .scope(Scope::new("/").host("example.com").get("/a/:id", echo))
        .scope(Scope::new("/").host("*.example.com").get("/a/:id", echo).fallback(echo))
        .scope(Scope::new("/a").fallback(echo))
        .fallback(echo)
        .forward("/b", Seen);
    let table = Router::new().scope(scope).build().unwrap();
    assert_eq!(table.routes().count(), 12);
}

#[test]
fn a_handler_that_takes_what_its_path_does_not_have_is_a_mistake() {
    async fn one(_: Path<i64>) {}
    async fn two(_: Path<(i64, String)>) {}
    async fn named(_: Path<Post>) {}
    async fn perhaps(_: Option<Path<u8>>, _: Result<Path<u8>, Error>) {}
    async fn text(_: Path<String>) {}

    let scope = Scope::new("/")
        .route(get("/a", one).at("a.rs", 1))
        .route(get("/b/:id", two).at("a.rs", 2))
        .route(get("/c/:a/:b", one).at("a.rs", 3))
        .route(get("/d/:slug", named).at("a.rs", 4))
        .route(get("/e/*rest", one).at("a.rs", 5))
        .route(get("/f", perhaps).at("a.rs", 6))
        .scope(Scope::new("/g").fallback(one).at("a.rs", 7));
    let here = module_path!();
    let found: Vec<String> = mistakes(Router::new().scope(scope))
        .iter()
        .map(|mistake| {
            let path = format!("{here}::a_handler_that_takes_what_its_path_does_not_have_is_a_mistake::");
            mistake.replace(&path, "")
        })
        .collect();
    let of_one = "its `Path<...>` must hold one type";
    let of_more = "its `Path<(...)>` must hold one type for each, or be a struct with #[derive(PathParams)]";
    let of_none = "take `Path` out of the handler, or add a parameter such as `/:id` to the path";
    assert_eq!(
        found,
        [
            format!("the handler one (a.rs:1) takes 1 path parameter, but `/a` has no path parameters; {of_none}"),
            format!("the handler two (a.rs:2) takes 2 path parameters, but `/b/:id` has 1 path parameter; {of_one}"),
            format!("the handler one (a.rs:3) takes 1 path parameter, but `/c/:a/:b` has 2 path parameters; {of_more}"),
            "the handler named (a.rs:4) takes the path parameter `id`, which `/d/:slug` does not have; it has `slug`".into(),
            "the handler one (a.rs:5) takes `*rest` of `/e/*rest` as `i64`, but it is all that is left of a path, slashes \
             among it, which a `String` can hold; for one segment write `:rest`".into(),
            format!("the handler perhaps (a.rs:6) takes 1 path parameter, but `/f` has no path parameters; {of_none}"),
            format!("the handler one (a.rs:7) takes 1 path parameter, but `/g` has no path parameters; {of_none}"),
        ]
    );
    let scope = Scope::new("/")
        .get("/a/:id", one)
        .get("/b/:id/:name", two)
        .get("/c/:team/:id", named)
        .get("/d/*rest", text)
        .get("/e/:n", perhaps)
        .get("/f/:id", echo)
        .route(get("/g/:id", echo).param_type("id", "u8"))
        .scope(Scope::new("/h/:tenant").fallback(text));
    let table = Router::new().scope(scope).build().unwrap();
    let types = table.routes().map(|route| {
        let types = route.params.iter().map(|param| format!("{}: {:?}", param.name, param.type_name));
        types.collect::<Vec<_>>().join(", ")
    });
    assert_eq!(
        types.collect::<Vec<_>>(),
        [
            "id: Some(\"i64\")",
            "id: Some(\"i64\"), name: Some(\"String\")",
            "team: None, id: Some(\"u16\")",
            "rest: Some(\"String\")",
            "n: Some(\"u8\")",
            "id: None",
            "id: Some(\"u8\")",
            "tenant: Some(\"String\")",
        ]
    );
}

#[derive(PathParams)]
struct Post {
    #[expect(dead_code, reason = "only its name counts")]
    id: u16,
}

#[test]
fn two_forwards_to_one_path_are_one_mistake() {
    let scope = Scope::new("/").forward("/jobs", Seen).at("a.rs", 1).forward("/jobs/", Seen).at("a.rs", 2);
    let found = mistakes(Router::new().scope(scope));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("(a.rs:2)") && found[0].contains("(a.rs:1)"), "{found:#?}");
}

#[test]
fn two_sockets_at_one_path_are_a_mistake_for_each_of_their_paths() {
    let scope = Scope::new("/").socket("/talk", Talk).socket("/talk", Talk);
    let found = mistakes(Router::new().scope(scope));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("`GET /talk/websocket` takes the same requests as"), "{found:#?}");
}

#[test]
fn a_forward_and_a_route_for_every_method_at_one_path_are_a_mistake() {
    for path in ["/jobs", "/jobs/", "/jobs/*rest"] {
        let scope = Scope::new("/").forward("/jobs", Seen).at("a.rs", 1).route(any(path, echo).at("a.rs", 2));
        let found = mistakes(Router::new().scope(scope));
        assert_eq!(found.len(), 1, "{path}: {found:#?}");
        assert!(found[0].contains("(a.rs:1)") && found[0].contains("(a.rs:2)"), "{found:#?}");
    }
    let scope = Scope::new("/").forward("/jobs", Seen).get("/jobs", echo).route(any("/jobs/new", echo));
    assert_eq!(Router::new().scope(scope).build().unwrap().routes().count(), 3);
}

#[test]
fn nothing_comes_to_a_fallback_below_a_forward() {
    let seen = std::any::type_name::<Seen>();
    let echo_name = std::any::type_name_of_val(&echo);
    let of = |scope: Scope| mistakes(Router::new().scope(scope));
    for (forward, fallback) in [("/", "/"), ("/", "/a"), ("/a", "/a"), ("/a/", "/a"), ("/a", "/a/:id")] {
        let scope = Scope::new("/")
            .scope(Scope::new(fallback).fallback(echo).at("a.rs", 1))
            .forward(forward, Seen)
            .at("a.rs", 2);
        let below = format!("{}/*", forward.trim_end_matches('/'));
        assert_eq!(
            of(scope),
            [format!(
                "nothing comes to the fallback {echo_name} (a.rs:1) of the scope `{fallback}`: the forward `{below}` takes \
                 everything there, {seen} (a.rs:2); remove one"
            )]
        );
    }
    let on_hosts = |forward: Option<&str>, fallback: Option<&str>| {
        let scope = |host: Option<&str>| match host {
            Some(host) => Scope::new("/").host(host),
            None => Scope::new("/"),
        };
        let router = Router::new().scope(scope(forward).forward("/", Seen));
        router.scope(scope(fallback).fallback(echo)).build().is_ok()
    };
    assert!(!on_hosts(Some("a.example"), Some("a.example")));
    assert!(!on_hosts(None, Some("a.example")), "routes for all hosts come before fallbacks of one");
    assert!(on_hosts(Some("a.example"), None) && on_hosts(Some("a.example"), Some("b.example")));
    let beside = Scope::new("/").forward("/a", Seen).scope(Scope::new("/ab").fallback(echo)).fallback(echo);
    assert!(Router::new().scope(beside).build().is_ok());
}

#[test]
fn mistakes_behind_a_forward_are_reported_too() {
    let inner = Router::new().scope(Scope::new("/").get("x", echo).at("inner.rs", 1));
    let scope = Scope::new("/").forward("/jobs", inner).get("y", echo).at("outer.rs", 1);
    let found = mistakes(Router::new().scope(scope));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("inner.rs:1") && found[1].contains("outer.rs:1"), "{found:#?}");
}

#[test]
fn a_route_knows_the_line_that_declares_it() {
    let line = line!() + 1;
    let table = Router::new().scope(Scope::new("/").get("/", echo)).build().unwrap();
    let source = table.routes().next().unwrap().source.unwrap();
    assert!(source.file.ends_with("mistakes.rs"), "{source}");
    assert_eq!(source.line, line);
}

#[test]
fn alternatives_within_alternatives_have_a_bound() {
    let mut scope = Scope::new("/");
    for depth in 0..18 {
        let start = "/fixed".repeat(depth);
        scope = scope.get(&format!("{start}/fixed"), echo).get(&format!("{start}/:last/end"), echo);
    }
    let found = mistakes(Router::new().scope(scope));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("more than 16 alternatives lie within each other"), "{found:#?}");
}

#[test]
fn assets_that_nobody_serves_stop_the_endpoint() {
    let router = || Router::new().assets("/static", Folder::on_disk("static"));
    let error = Endpoint::new(router()).build().unwrap_err().to_string();
    assert!(error.contains("nobody serves the assets at `/static`"), "{error}");
    assert_eq!(router().build().unwrap().routes().next().unwrap().pattern, "/static/*");
    let error = mistakes(Router::new().assets("/:a", Folder::on_disk("static"))).join("");
    assert!(error.contains("can have no parameter"), "{error}");
    assert_eq!(Method::GET, router().build().unwrap().routes().next().unwrap().method.clone().unwrap());
}
