//! What nobody should send: the right 4xx, which field and why, and not a row changed.

use crate::App;
use serde_json::Value;

#[tokio::test]
async fn malformed_json_is_refused() {
    let app = App::start().await;
    let deep = "[".repeat(100_000);
    let nested = format!(r#"{{"title": {}1{}}}"#, "[".repeat(200), "]".repeat(200));
    for (body, status, part) in [
        ("", 400, "EOF"),
        ("{", 400, "line 1 column 1"),
        (r#"{"title": "a}"#, 400, "EOF"),
        (deep.as_str(), 400, "it nests more than 127 deep"),
        (nested.as_str(), 400, "recursion"),
        ("[1]", 422, "expected"),
        ("\"text\"", 422, "expected"),
        (r#"{"title": "\ud800"}"#, 400, "hex escape"),
        (r#"{"title": 1e400}"#, 400, "out of range"),
        (r#"{"title": "One", "title": "Another"}"#, 422, "The field `title` stands there twice."),
        (
            r#"{"title": "fine", "unknown": {"a": 1, "a": 2}}"#,
            422,
            "The field `unknown.a` stands there twice.",
        ),
        (r#"{"title": 7}"#, 422, "is invalid"),
        (r#"{"title": ["a"]}"#, 422, "is invalid"),
        (r#"{"title": {"a": 1}}"#, 422, "is invalid"),
        (r#"{"title": "a\u0000b"}"#, 422, "is invalid"),
        (r#"{"title": "fine", "body": 9223372036854775808}"#, 422, "is invalid"),
    ] {
        let answer = app.post("/api/v1/posts").body("application/json", body.to_owned()).await;
        let problem: Value = answer.assert_status(status).json();
        assert!(problem.to_string().contains(part), "{body:.60}: {problem}");
    }
    let answer = app.post("/api/v1/posts").body("application/json", &b"{\"title\": \"\xff\"}"[..]).await;
    answer.assert_status(400);
    assert_eq!(app.rows().await, (0, 0));
}

#[tokio::test]
async fn malformed_forms_are_refused() {
    let app = App::start().await;
    let form = |body: &'static [u8]| app.post("/posts").body("application/x-www-form-urlencoded", body);
    form(b"title=%ff%fe").await.assert_status(400).assert_contains("title");
    form(b"%ff=1").await.assert_status(400);
    form(b"title[]=a&title[]=b").await.assert_status(422).assert_contains("is invalid");
    form(b"title=a%00b").await.assert_status(400).assert_contains("has a NUL character");
    form(b"title=100%").await.assert_status(400).assert_contains("title");
    form(b"title=%zz").await.assert_status(400).assert_contains("title");
    form(b"").await.assert_status(422);
    form(b"&&&=&").await.assert_status(422);
    let many = "a=1&".repeat(1_001);
    app.post("/posts").body("application/x-www-form-urlencoded", many).await.assert_status(413);
    let deep = format!("a{}=1", "[b]".repeat(40));
    app.post("/posts").body("application/x-www-form-urlencoded", deep).await.assert_status(400);
    let huge = format!("title=fine&body={}", "x".repeat(2 << 20));
    app.post("/posts").body("application/x-www-form-urlencoded", huge).await.assert_status(413);
    assert_eq!(app.rows().await, (0, 0));
}

#[tokio::test]
async fn another_media_type_is_415() {
    let app = App::start().await;
    for media in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let answer = app.post("/api/v1/posts").body(media, r#"{"title": "fine"}"#).await;
        answer.assert_status(415);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{media}");
    }
    app.post("/posts").body("application/json", r#"{"title": "fine"}"#).await.assert_status(415);
    app.post("/posts").await.assert_status(415);
    assert_eq!(app.rows().await, (0, 0));
}

#[tokio::test]
async fn addresses_that_name_nothing_are_refused() {
    let app = App::start().await;
    app.a_post("There").await;
    for (path, status, part) in [
        ("/posts/999", 404, ""),
        ("/posts/9223372036854775807", 404, ""),
        ("/posts/-1", 404, ""),
        ("/posts/9223372036854775808", 400, "`id` does not fit: expected a whole number"),
        ("/posts/01", 400, "`id` does not fit: expected a whole number, not `01`"),
        ("/posts/abc", 400, "`id` does not fit: expected a whole number, not `abc`"),
        ("/posts/1.5", 400, "`id`"),
        ("/posts/+1", 400, "`id`"),
        ("/posts/%31", 200, "There"),
        ("/posts/%zz", 400, "escape"),
        ("/posts/%", 400, "escape"),
        ("/posts/%00", 400, "NUL"),
        ("/posts/%ff", 400, "UTF-8"),
        ("/posts/1/", 404, ""),
        ("//posts/1", 404, ""),
        ("/posts/../posts/1", 404, ""),
        ("/posts?q=%ff", 400, "`q`"),
        ("/posts?q=%00", 400, "`q`"),
        ("/posts?q=100%", 400, "`q`"),
        ("/api/v1/posts?q=%00", 400, "`q`"),
    ] {
        app.get(path).accept_json().await.assert_status(status).assert_contains(part);
    }
    app.get("/api/v1/posts/abc").await.assert_status(400).assert_contains("`id`");
}

#[tokio::test]
async fn other_sites_can_not_post_here() {
    let app = App::start().await;
    let post = app.a_post("Mine").await;
    let path = format!("/posts/{}", post.id);
    for (header, value) in
        [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")]
    {
        app.post("/posts").header(header, value).form([("title", "Evil")]).await.assert_status(403);
        app.post(&path).header(header, value).form([("_method", "delete")]).await.assert_status(403);
        app.delete(&path).header(header, value).await.assert_status(403);
        let api = app
            .post("/api/v1/posts")
            .header(header, value)
            .json(&serde_json::json!({ "title": "Evil" }))
            .await;
        api.assert_status(403);
    }
    app.post("/posts")
        .header("sec-fetch-site", "same-origin")
        .header("origin", "http://localhost")
        .form([("title", "Good")])
        .await
        .assert_status(303);
    assert_eq!(app.rows().await, (2, 0));
}

#[tokio::test]
async fn a_search_takes_every_character_as_it_is() {
    let app = App::start().await;
    app.a_post("100% sure_thing").await;
    app.a_post("plain").await;
    for (q, count) in [
        ("%25", "1"),
        ("_", "1"),
        ("%27%20OR%201%3D1--", "0"),
        ("%22", "0"),
        ("%5C", "0"),
        ("PLAIN", "1"),
        ("", "2"),
    ] {
        let found = app.get(&format!("/api/v1/posts?q={q}")).await;
        assert_eq!((found.status(), found.header("x-total-count")), (200, count), "{q}");
    }
}
