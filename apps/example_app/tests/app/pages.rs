//! The home page, health, static files, error pages.

use crate::App;

#[tokio::test]
async fn the_home_page_shows_the_newest_posts_first() {
    let app = App::start().await;
    app.get("/").await.assert_status(200).assert_contains("Nightowl");
    for number in 1..=11 {
        app.a_post(&format!("Post number {number}.")).await;
    }
    let page = app.get("/").await;
    page.assert_contains("Post number 11.")
        .assert_contains("Post number 2.")
        .refute_contains("Post number 1.<");
    let place = |title: &str| page.text().find(title).unwrap();
    assert!(place("Post number 11.") < place("Post number 2."));
}

#[tokio::test]
async fn health_tells_of_the_database() {
    let app = App::start().await;
    assert_eq!(app.get("/health/live").await.text(), r#"{"status":"ok"}"#);
    let ready = app.get("/health/ready").await;
    assert_eq!((ready.status(), ready.text()), (200, r#"{"checks":{"database":"ok"},"status":"ok"}"#));
    app.repo.close().await;
    let ready = app.get("/health/ready").await;
    assert_eq!(
        (ready.status(), ready.text()),
        (503, r#"{"checks":{"database":"unavailable"},"status":"unavailable"}"#)
    );
    app.get("/health/live").await.assert_status(200);
}

#[tokio::test]
async fn static_files_are_served_with_an_etag() {
    let app = App::start().await;
    let css = app.get("/static/app.css").await;
    assert_eq!((css.status(), css.header("content-type")), (200, "text/css; charset=utf-8"));
    let again = app.get("/static/app.css").header("if-none-match", css.header("etag")).await;
    assert_eq!((again.status(), again.bytes().len()), (304, 0));
    app.get("/").await.assert_contains("href=\"/static/app.css\"");
    for path in ["/static/../Cargo.toml", "/static/%2e%2e/Cargo.toml", "/static/none.css", "/static/"] {
        app.get(path).await.assert_status(404);
    }
}

#[tokio::test]
async fn an_error_speaks_the_clients_language() {
    let app = App::start().await;
    let page = app.get("/posts/999").header("accept", "text/html,*/*;q=0.8").await;
    page.assert_status(404).assert_contains("<html").assert_contains("Nightowl");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let problem = app.get("/posts/999").accept_json().await;
    problem.assert_status(404);
    assert_eq!(problem.header("content-type"), "application/problem+json");
    let document: serde_json::Value = problem.json();
    assert_eq!((&document["status"], &document["title"]), (&404.into(), &"Not Found".into()));
    assert_eq!(document["request_id"], problem.header("x-request-id"));
    app.get("/nowhere").await.assert_status(404).assert_contains("<html");
    app.request(zzz::http::Method::DELETE, "/").await.assert_status(405);
    assert_eq!(app.delete("/").await.header("allow"), "GET, HEAD, OPTIONS");
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let app = App::start().await;
    let head = app.request(zzz::http::Method::HEAD, "/posts").await;
    assert_eq!((head.status(), head.bytes().len()), (200, 0));
    assert_eq!(head.header("content-type"), "text/html; charset=utf-8");
}
