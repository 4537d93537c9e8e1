//! What a table answers.

use zzz_core::http::{Method, Request};

use crate::app::handlers::ask;

fn answer(method: &str, path: &str) -> (u16, String) {
    let (status, _, body) = ask(Request::new(method.parse().unwrap(), path, ""));
    (status, body)
}

#[test]
fn a_resource_has_its_seven_actions() {
    for (method, path, body) in [
        ("GET", "/posts", "posts"),
        ("GET", "/posts/new", "new post"),
        ("POST", "/posts", "post created"),
        ("GET", "/posts/7", "post 7"),
        ("GET", "/posts/7/edit", "edit post 7 at /posts/7/edit"),
        ("PATCH", "/posts/7", "update post 7"),
        ("PUT", "/posts/7", "update post 7"),
        ("DELETE", "/posts/7", "delete post 7"),
    ] {
        assert_eq!(answer(method, path), (200, body.into()), "{method} {path}");
    }
}

#[test]
fn resources_nest_and_name_the_parameter_of_their_parent() {
    assert_eq!(answer("POST", "/posts/7/comments"), (200, "comment on 7".into()));
    assert_eq!(answer("DELETE", "/posts/7/comments/9"), (200, "delete comment 9 of 7".into()));
    assert_eq!(answer("GET", "/posts/7/raw"), (200, "post 7".into()));
    assert_eq!(answer("GET", "/articles/a-b/notes"), (200, "notes on a-b".into()));
    assert_eq!(answer("GET", "/articles/a%20b"), (200, "article a b".into()));
}

#[test]
fn a_resource_for_one_thing_has_no_index_and_no_id() {
    for (method, path, body) in [
        ("GET", "/profile", "profile"),
        ("GET", "/profile/new", "new profile"),
        ("POST", "/profile", "profile created"),
        ("GET", "/profile/edit", "edit profile"),
        ("PATCH", "/profile", "profile updated"),
    ] {
        assert_eq!(answer(method, path), (200, body.into()), "{method} {path}");
    }
    assert_eq!(answer("DELETE", "/profile").0, 405);
}

#[test]
fn every_kind_of_route_is_reached() {
    for (method, path, body) in [
        ("GET", "/", "home"),
        ("POST", "/upload", "upload in uploads"),
        ("GET", "/search", "search by GET"),
        ("POST", "/search", "search by POST"),
        ("LOCK", "/echo", "echo of LOCK"),
        ("PURGE", "/cache", "purged"),
        ("GET", "/files/a/b", "file a/b"),
        ("GET", "/api/v2", "version 2"),
        ("GET", "/jobs/running", "dashboard at /running"),
        ("GET", "/teams/3/members/4", "member 4 of 3"),
        ("GET", "/socket/websocket", "socket"),
        ("GET", "/nowhere", "nothing here"),
    ] {
        assert_eq!(answer(method, path), (200, body.into()), "{method} {path}");
    }
    assert_eq!(answer("GET", "/posts/").0, 308);
}

#[test]
fn requests_pass_the_endpoint_and_then_the_pipelines_in_their_order() {
    assert_eq!(ask(Request::get("/")).1, "second first endpoint");
    assert_eq!(ask(Request::get("/teams/3/members/4")).1, "endpoint");
    let mut request = Request::get("/admin");
    request.headers_mut().insert("host", "admin.example.org".parse().unwrap());
    assert_eq!(ask(request).1, "admin second first endpoint");
}

#[test]
fn a_fragment_stands_in_the_scope_that_includes_it() {
    let at = |path: &str| {
        let mut request = Request::new(Method::GET, path, "");
        request.headers_mut().insert("host", "admin.example.org".parse().unwrap());
        let (status, _, body) = ask(request);
        (status, body)
    };
    assert_eq!(at("/admin"), (200, "home".into()));
    assert_eq!(at("/admin/upload"), (200, "upload in admin".into()));
    assert_eq!(at("/admin/board/x"), (200, "dashboard at /x".into()));
    assert_eq!(at("/admin/reports/7"), (200, "post 7".into()));
    assert_eq!(answer("GET", "/admin"), (200, "nothing here".into()), "for another host");
}
