//! What answers where no route matches, and in which format.

use zzz_core::http::{Format, Path, Request, StatusCode};
use zzz_router::{Outcome, Pipeline, Router, Scope};

use crate::support::{Mark, Speaks, ask, echo, endpoint, get, get_at, trail};

async fn lost(request: Request) -> (StatusCode, String) {
    (StatusCode::NOT_FOUND, format!("{} lost at {}", request.route().unwrap(), request.path()))
}

#[test]
fn the_fallback_of_the_longest_scope_answers_through_its_pipelines() {
    let pipeline = Pipeline::new("browser").plug(Mark("browser"));
    let admin = Scope::new("/admin").through(&pipeline).get("/users", echo).fallback(trail);
    let deep = Scope::new("/admin/deep").scope(Scope::new("/er").get("/x", echo));
    let tenants = Scope::new("/t/:tenant").get("/x", echo).fallback(lost);
    let router = Router::new()
        .scope(Scope::new("/").get("/", echo).fallback(lost))
        .scope(admin)
        .scope(deep)
        .scope(tenants);
    let endpoint = endpoint(router);
    assert_eq!(get(&endpoint, "/admin/users"), "GET /admin/users");
    for path in ["/admin/nowhere", "/admin/deep/er/y", "/admin", "/admin/"] {
        let answer = ask(&endpoint, "POST", path);
        assert_eq!(
            (answer.status, answer.body.as_str(), answer.header("passed")),
            (200, "browser", "browser"),
            "{path}"
        );
    }
    for (path, wanted) in [
        ("/nowhere", "ANY /* lost at /nowhere"),
        ("/administration", "ANY /* lost at /administration"),
        ("/t/acme/y", "ANY /t/:tenant/* lost at /t/acme/y"),
        ("/t", "ANY /* lost at /t"),
    ] {
        let answer = ask(&endpoint, "GET", path);
        assert_eq!((answer.status, answer.body.as_str()), (404, wanted), "{path}");
    }
}

#[test]
fn a_fallback_knows_the_parameters_of_its_scope() {
    async fn of_tenant(Path((tenant, year)): Path<(String, u16)>) -> String {
        format!("nothing of {tenant} in {year}")
    }
    let scope = Scope::new("/t/:tenant/y:year").get("/x", trail).fallback(of_tenant);
    let table = Router::new().scope(scope.clone()).build().unwrap();
    let endpoint = endpoint(Router::new().scope(scope));
    for path in ["/t/a%20b/y2026/z", "/t/a%20b/y2026", "/t/a%20b/y2026/", "/t/a%20b/y2026/z/z/z"] {
        assert_eq!(get(&endpoint, path), "nothing of a b in 2026", "{path}");
    }
    assert_eq!(ask(&endpoint, "GET", "/t/a/yes/z").status, 400);
    let Outcome::Route(_, values) = table.explain(&Request::get("/t/a%20b/y2026/z")) else { panic!() };
    assert_eq!(values, [("tenant".to_owned(), "a b".to_owned()), ("year".into(), "2026".into())]);
}

#[test]
fn a_fallback_takes_neither_other_methods_nor_odd_spellings() {
    let endpoint = endpoint(Router::new().scope(Scope::new("/").get("/x", echo).fallback(echo)));
    assert_eq!(ask(&endpoint, "POST", "/x").status, 405);
    for (path, status) in [("/%zz", 400), ("/a/../x", 404), ("/a\\b", 400), ("/%2e%2e/x", 404)] {
        assert_eq!(ask(&endpoint, "GET", path).status, status, "{path}");
    }
}

#[test]
fn a_host_has_its_own_fallback() {
    let router = Router::new()
        .scope(Scope::new("/").host("admin.*").fallback(echo))
        .scope(Scope::new("/").get("/about", echo).fallback(echo));
    let endpoint = endpoint(router);
    assert_eq!(get_at(&endpoint, "admin.x", "/nowhere"), "ANY admin.*/*");
    assert_eq!(get_at(&endpoint, "admin.x", "/about"), "GET /about", "a route comes before a fallback");
    assert_eq!(get_at(&endpoint, "www.x", "/nowhere"), "ANY /*");
}

#[test]
fn an_error_below_a_scope_is_in_its_format() {
    let api = Pipeline::new("api").plug(Speaks(Format::Json));
    let json =
        Scope::new("/api").scope(Scope::new("/v1").through(&api).get("/users", echo).get("/users/:id", echo));
    let router = Router::new()
        .scope(Scope::new("/").get("/", echo))
        .scope(json)
        .scope(Scope::new("/mixed").through(&api).get("/a", echo))
        .scope(Scope::new("/mixed").get("/b", echo));
    let endpoint = endpoint(router);
    let html = "text/html; charset=utf-8";
    for (method, path, status, content_type) in [
        ("GET", "/api/v1/nowhere", 404, "application/problem+json"),
        ("GET", "/api/v1", 404, "application/problem+json"),
        ("GET", "/api/v1/", 404, "application/problem+json"),
        ("PUT", "/api/v1/users", 405, "application/problem+json"),
        ("GET", "/api/v1/users/%zz", 400, "application/problem+json"),
        ("GET", "/api/v1/%ff/x", 400, "application/problem+json"),
        ("GET", "/api/v1/../x", 404, "application/problem+json"),
        ("GET", "/api/v2/nowhere", 404, html),
        ("GET", "/api", 404, html),
        ("GET", "/nowhere", 404, html),
        ("GET", "/%zz", 400, html),
        ("GET", "/mixed/nowhere", 404, html),
    ] {
        let answer = ask(&endpoint, method, path);
        assert_eq!((answer.status, answer.header("content-type")), (status, content_type), "{method} {path}");
    }
}
