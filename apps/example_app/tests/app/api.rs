//! The JSON API of posts.

use crate::App;
use serde_json::{Value, json};

#[tokio::test]
async fn a_post_goes_through_its_life() {
    let app = App::start().await;
    let created =
        app.post("/api/v1/posts").json(&json!({ "title": "Hello", "url": null, "body": "Text" })).await;
    created.assert_status(201);
    assert_eq!(created.header("location"), "/api/v1/posts/1");
    let post: Value = created.json();
    let keys: Vec<&str> = post.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["body", "id", "inserted_at", "title", "updated_at", "url"]);
    assert!(post["inserted_at"].as_str().unwrap().ends_with('Z'), "{post}");

    assert_eq!(app.get("/api/v1/posts/1").await.json::<Value>(), post);
    let changed: Value = app.patch("/api/v1/posts/1").json(&json!({ "title": "Changed" })).await.json();
    assert_eq!((&changed["title"], &changed["body"]), (&"Changed".into(), &"Text".into()));
    app.put("/api/v1/posts/1").json(&json!({ "body": "New" })).await.assert_status(200);
    let gone = app.delete("/api/v1/posts/1").await;
    assert_eq!((gone.status(), gone.bytes().len()), (204, 0));
    for response in [app.get("/api/v1/posts/1").await, app.delete("/api/v1/posts/1").await] {
        response.assert_status(404);
        assert_eq!(response.header("content-type"), "application/problem+json");
    }
}

#[tokio::test]
async fn a_list_has_pages_links_order_and_search() {
    let app = App::start().await;
    for number in 1..=5 {
        app.a_post(&format!("Post {number}")).await;
    }
    let ids = |response: &zzz_testing::TestResponse| -> Vec<i64> {
        response.json::<Vec<Value>>().iter().map(|post| post["id"].as_i64().unwrap()).collect()
    };
    let all = app.get("/api/v1/posts").await;
    assert_eq!((ids(&all), all.header("x-total-count")), (vec![5, 4, 3, 2, 1], "5"));
    let second = app.get("/api/v1/posts?page=2&per_page=2&sort=id&q=post").await;
    assert_eq!(ids(&second), [3, 4]);
    let link = |page, rel| format!("</api/v1/posts?page={page}&per_page=2&sort=id&q=post>; rel=\"{rel}\"");
    let wanted = [link(1, "first"), link(1, "prev"), link(3, "next"), link(3, "last")].join(", ");
    assert_eq!(second.header("link"), wanted);
    assert_eq!(ids(&app.get("/api/v1/posts?sort=-title&per_page=1").await), [5]);
    assert_eq!(ids(&app.get("/api/v1/posts?q=Post%203").await), [3]);
    let beyond = app.get("/api/v1/posts?page=99").await;
    assert_eq!((ids(&beyond), beyond.header("x-total-count")), (vec![], "5"));
    app.get("/api/v1/posts?per_page=1000").await.assert_status(200);
    for wrong in
        ["sort=body", "sort=id;--", "page=0", "page=-1", "page=x", "per_page=0", "page=99999999999999999999"]
    {
        let refused = app.get(&format!("/api/v1/posts?{wrong}")).await;
        refused.assert_status(400);
        let name = wrong.split('=').next().unwrap();
        assert!(refused.json::<Value>()["errors"][name].is_array(), "{wrong}: {}", refused.text());
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_for_each_field() {
    let app = App::start().await;
    let refused = app.post("/api/v1/posts").json(&json!({ "title": "x", "url": "ftp://x" })).await;
    refused.assert_status(422);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let problem: Value = refused.json();
    assert_eq!(
        problem["errors"],
        json!({ "title": ["should be at least 2 character(s)"], "url": ["must be an address that begins with http:// or https://"] })
    );
    let post = app.a_post("Stays").await;
    app.patch(&format!("/api/v1/posts/{}", post.id)).json(&json!({ "title": null })).await.assert_status(422);
    assert_eq!(app.rows().await, (1, 0));
}
