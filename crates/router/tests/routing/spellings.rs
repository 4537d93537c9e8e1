//! No spelling of a path leads around a scope's pipelines.

use zzz_router::{Pipeline, Router, Scope, TrailingSlash};

use crate::support::{Mark, ask, echo, endpoint};

fn router(policy: TrailingSlash) -> Router {
    let guard = Pipeline::new("guard").plug(Mark("guard"));
    let admin =
        Scope::new("/admin").through(&guard).get("/", echo).get("/users/:id", echo).get("/files/*rest", echo);
    let open =
        Scope::new("/").get("/", echo).get("/:page", echo).get("/a/:page", echo).get("/open/*rest", echo);
    Router::new().trailing_slash(policy).scope(admin).scope(open)
}

#[test]
fn another_spelling_reaches_the_guarded_route_through_its_guard_or_not_at_all() {
    for policy in [TrailingSlash::Strict, TrailingSlash::Redirect, TrailingSlash::Ignore] {
        let endpoint = endpoint(router(policy));
        for path in [
            "/admin",
            "/admin/",
            "//admin",
            "/admin//",
            "/./admin",
            "/a/../admin",
            "/open/../admin",
            "/%2e%2e/admin",
            "/%2E/admin",
            "/.%2e/admin",
            "/admin/.",
            "/admin/x/..",
            "/admin%2f",
            "/admin%2F",
            "/%61dmin",
            "/ADMIN",
            "/admin;x",
            "/admin;x=1",
            "/admin%00",
            "/admin%20",
            "/admin.",
            "/admin%",
            "/admin%2",
            "/admin%zz",
            "/admin%ff",
            "/admin%C0%AF",
            "/admin\\",
            "/open\\..\\admin",
            "/a/..%2fadmin",
            "/open/..;/admin",
            "/open/%2e%2e/admin",
            "/admin?x",
            "/admin/users/..",
            "/admin/users/%2e%2e",
            "/admin/files/../../open/x",
        ] {
            let answer = ask(&endpoint, "GET", path);
            let guarded = answer.header("passed") == "guard";
            match answer.status {
                200 => assert_eq!(guarded, answer.body.starts_with("GET /admin"), "{path}: {}", answer.body),
                308 => assert_eq!(answer.header("location"), "/admin", "{path}"),
                status => assert!([400, 404].contains(&status) && !guarded, "{path}: {status}"),
            }
        }
    }
}

#[test]
fn what_leads_elsewhere_reaches_no_parameter() {
    let endpoint = endpoint(router(TrailingSlash::Strict));
    for path in [
        "/..",
        "/.",
        "/%2e",
        "/%2E%2e",
        "/a/..",
        "/open/..",
        "/open/a/../../admin",
        "/open/a/%2e%2e/b",
        "/open/./a",
        "/admin/users/..",
        "/admin/files/..",
        "/admin/files/a/../../..",
    ] {
        assert_eq!(ask(&endpoint, "GET", path).status, 404, "{path}");
    }
    for path in
        ["/open/..;/admin", "/open/..a", "/open/...", "/open/.well-known/x", "/a/..%2fadmin", "/open/a..b/."]
    {
        let status = if path.ends_with("/.") { 404 } else { 200 };
        assert_eq!(ask(&endpoint, "GET", path).status, status, "{path}");
    }
}

#[test]
fn what_can_not_be_decoded_is_a_bad_request() {
    let endpoint = endpoint(router(TrailingSlash::Strict));
    for path in [
        "/%",
        "/a/%",
        "/a/%2",
        "/a/%zz",
        "/a/%00",
        "/a/x%00y",
        "/a/%ff",
        "/open/%C0%AF",
        "/nowhere/at/%",
        "/a\\b",
        "/open/\\",
    ] {
        assert_eq!(ask(&endpoint, "GET", path).status, 400, "{path}");
    }
}
