//! Posts as pages and forms.

use crate::App;
use example_app::models::Post;

#[tokio::test]
async fn a_post_is_created_read_changed_and_deleted() {
    let app = App::start().await;
    app.get("/posts/new").await.assert_status(200).assert_contains("name=\"title\"");

    let created = app
        .post("/posts")
        .form([("title", "Größe <b>"), ("url", "https://example.org"), ("body", "Text")])
        .await;
    created.assert_redirect("/posts/1");
    let shown = app.follow(&created).await;
    shown
        .assert_contains("Posted.")
        .assert_contains("Größe &lt;b&gt;")
        .assert_contains("https:&#x2f;&#x2f;example.org");
    app.get("/posts/1").await.refute_contains("Posted.");

    app.get("/posts/1/edit").await.assert_contains("value=\"Größe &lt;b&gt;\"");
    let changed = app.post("/posts/1").form([("_method", "patch"), ("title", "Smaller"), ("url", "")]).await;
    changed.assert_redirect("/posts/1");
    let post = app.repo.get::<Post>(1).await.unwrap().unwrap();
    assert_eq!((post.title.as_str(), post.url, post.body.as_str()), ("Smaller", None, "Text"));

    let deleted = app.post("/posts/1").form([("_method", "delete")]).await;
    deleted.assert_redirect("/posts");
    app.follow(&deleted).await.assert_contains("Deleted.");
    app.get("/posts/1").await.assert_status(404);
}

#[tokio::test]
async fn true_methods_work_without_a_form_field() {
    let app = App::start().await;
    let post = app.a_post("First").await;
    let path = format!("/posts/{}", post.id);
    app.put(&path).form([("title", "Second")]).await.assert_redirect(&path);
    app.patch(&path).form([("title", "Third")]).await.assert_redirect(&path);
    assert_eq!(app.repo.get::<Post>(post.id).await.unwrap().unwrap().title, "Third");
    app.delete(&path).await.assert_redirect("/posts");
    assert_eq!(app.rows().await, (0, 0));
}

#[tokio::test]
async fn a_mistake_shows_the_filled_form_again() {
    let app = App::start().await;
    let long = "x".repeat(101);
    for (title, url, message) in [
        ("", "", "can&#x27;t be blank"),
        ("a", "", "should be at least 2 character(s)"),
        (&long, "", "should be at most 100 character(s)"),
        ("fine", "javascript:alert(1)", "must be an address that begins with"),
    ] {
        let page = app.post("/posts").form([("title", title), ("url", url), ("body", "kept <text>")]).await;
        page.assert_status(422).assert_contains(message).assert_contains("kept &lt;text&gt;");
        page.assert_contains("<title>Not saved").refute_contains("flash-info");
    }
    let post = app.a_post("Before").await;
    let page = app.post(&format!("/posts/{}", post.id)).form([("_method", "patch"), ("title", "")]).await;
    page.assert_status(422);
    assert_eq!(app.repo.get::<Post>(post.id).await.unwrap().unwrap().title, "Before");
    assert_eq!(app.rows().await, (1, 0));
}

#[tokio::test]
async fn a_mistake_is_a_problem_for_clients_who_want_json() {
    let app = App::start().await;
    let post = app.a_post("Before").await;
    let page = format!("/posts/{}", post.id);
    for (path, pairs, field) in [
        ("/posts", vec![("title", "a")], "title"),
        (&page, vec![("_method", "patch"), ("title", "a")], "title"),
        (&format!("{page}/comments"), vec![("body", "")], "body"),
    ] {
        let problem = app.post(path).accept_json().form(pairs).await;
        problem.assert_status(422);
        assert_eq!(problem.header("content-type"), "application/problem+json", "{path}");
        let document: serde_json::Value = problem.json();
        assert!(document["errors"][field][0].is_string(), "{path}: {document}");
    }
    assert_eq!(app.rows().await, (1, 0));
}

#[tokio::test]
async fn lengths_count_characters_and_the_borders_belong() {
    let app = App::start().await;
    for (title, status) in [("éé", 303), (&"é".repeat(100)[..], 303), (&"é".repeat(101), 422)] {
        app.post("/posts").form([("title", title)]).await.assert_status(status);
    }
    let url = |length: usize| format!("https://example.org/{}", "a".repeat(length - 20));
    app.post("/posts").form([("title", "ok"), ("url", &url(2000))]).await.assert_status(303);
    app.post("/posts").form([("title", "ok"), ("url", &url(2001))]).await.assert_status(422);
    app.post("/posts").form([("title", "ok"), ("body", &"b".repeat(10_000))]).await.assert_status(303);
    app.post("/posts").form([("title", "ok"), ("body", &"b".repeat(10_001))]).await.assert_status(422);
}

#[tokio::test]
async fn the_list_has_pages_an_order_and_a_search() {
    let app = App::start().await;
    app.get("/posts").await.assert_status(200).assert_contains("Nothing here yet");
    for number in 1..=25 {
        app.a_post(&format!("Post {number}.")).await;
    }
    let first = app.get("/posts").await;
    first.assert_contains("25 posts").assert_contains("Post 25.").refute_contains("Post 5.<");
    first.assert_contains("page=2").refute_contains("Previous page");
    app.get("/posts?page=2").await.assert_contains("Post 5.").assert_contains("Previous page");
    app.get("/posts?page=9").await.assert_status(200).assert_contains("There is nothing on this page");
    app.get("/posts?sort=id").await.assert_contains("Post 1.").refute_contains("Post 25.");
    app.get("/posts?q=post+7.")
        .await
        .assert_contains("Post 7.")
        .assert_contains("1 post")
        .refute_contains("Post 8.");
    app.get("/posts?q=100%25").await.assert_contains("No post says");
    app.get("/posts?sort=evil").await.assert_status(400);
}
