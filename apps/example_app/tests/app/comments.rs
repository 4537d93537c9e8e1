//! Comments under a post.

use example_app::router::path;

use crate::App;

#[tokio::test]
async fn a_comment_is_added_and_deleted() {
    let app = App::start().await;
    let post = app.a_post("A post").await;
    let path = path!("/posts/{post.id}");
    let added = app.post(&path!("/posts/{post.id}/comments")).form([("body", "Well <said>")]).await;
    added.assert_redirect(&path);
    app.follow(&added).await.assert_contains("Your comment is there.").assert_contains("Well &lt;said&gt;");
    app.get("/").await.assert_contains("1 comment");
    let deleted = app.post(&path!("/posts/{post.id}/comments/1")).form([("_method", "delete")]).await;
    deleted.assert_redirect(&path);
    app.follow(&deleted).await.refute_contains("Well &lt;said&gt;");
    assert_eq!(app.rows().await, (1, 0));
}

#[tokio::test]
async fn a_comment_has_1_to_2000_characters() {
    let app = App::start().await;
    let post = app.a_post("A post").await;
    let path = path!("/posts/{post.id}/comments");
    app.post(&path).form([("body", "")]).await.assert_status(422).assert_contains("can&#x27;t be blank");
    app.post(&path).form([("body", " \n")]).await.assert_status(422);
    let long = "y".repeat(2_001);
    app.post(&path)
        .form([("body", &long)])
        .await
        .assert_status(422)
        .assert_contains("at most 2000")
        .assert_contains(&long);
    app.post(&path).form([("body", "!")]).await.assert_status(303);
    app.post(&path).form([("body", &long[1..])]).await.assert_status(303);
    assert_eq!(app.rows().await, (1, 2));
}

#[tokio::test]
async fn comments_belong_to_their_post() {
    let app = App::start().await;
    let (one, other) = (app.a_post("One").await, app.a_post("Other").await);
    let comment = app.a_comment(&one, "Mine").await;
    app.delete(&path!("/posts/{other.id}/comments/{comment.id}")).await.assert_status(404);
    app.post("/posts/999/comments").form([("body", "Hello?")]).await.assert_status(404);
    assert_eq!(app.rows().await, (2, 1));
    app.delete(&path!("/posts/{one.id}")).await.assert_status(303);
    assert_eq!(app.rows().await, (1, 0), "comments go with their post");
}
