//! New posts on open pages.

use example_app::models::Post;
use zzz_testing::TestStream;

use crate::App;

impl App {
    async fn events(&self, query: &str) -> TestStream {
        let stream = self.client.get(&format!("/events{query}")).stream().await;
        assert_eq!((stream.status(), stream.header("content-type")), (200, "text/event-stream"));
        assert_eq!((stream.header("cache-control"), stream.header("x-accel-buffering")), ("no-cache", "no"));
        stream
    }

    async fn share(&self, title: &str) {
        self.client
            .post("/posts")
            .form([("title", title), ("url", ""), ("body", "")])
            .await
            .assert_status(303);
    }

    /// Where the feed goes on from a page; empty if the page is not live.
    async fn position(&self, path: &str) -> String {
        let page = self.client.get(path).await;
        let after = page.text().split_once("data-live=\"").map_or("", |(_, after)| after);
        after.split('"').next().unwrap_or_default().to_owned()
    }
}

/// The id and the title of an event about a post.
fn post(event: &str) -> (String, String) {
    let mut lines = event.lines();
    let id = lines.next().unwrap().strip_prefix("id: ").unwrap();
    assert_eq!(lines.next(), Some("event: post"), "{event}");
    let data = lines.next().unwrap().strip_prefix("data: ").unwrap();
    assert_eq!(lines.next(), None, "{event}");
    let post: serde_json::Value = serde_json::from_str(data).unwrap();
    (id.to_owned(), post["title"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_new_post_is_sent_to_every_open_page() {
    let app = App::start().await;
    let (mut one, mut other) = (app.events("").await, app.events("").await);
    app.share("<b>An owl</b>\r\nid: 9").await;
    for stream in [&mut one, &mut other] {
        let event = stream.event().await;
        assert_eq!(post(&event).1, "<b>An owl</b>\r\nid: 9");
    }
    let made = app.client.post("/api/v1/posts").json(&serde_json::json!({"title": "By the API"})).await;
    made.assert_status(201);
    let event = one.event().await;
    let (_, data) = event.split_once("data: ").unwrap();
    let sent: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(sent, made.json::<serde_json::Value>(), "as the API tells it");
}

#[tokio::test]
async fn what_is_not_saved_is_not_sent() {
    let app = App::start().await;
    let mut events = app.events("").await;
    app.client.post("/posts").form([("title", "x")]).await.assert_status(422);
    app.share("Saved").await;
    assert_eq!(post(&events.event().await).1, "Saved");
}

#[tokio::test]
async fn a_page_misses_nothing_between_its_loading_and_its_events() {
    let app = App::start().await;
    app.a_post("Shown by the page").await;
    for path in ["/", "/posts"] {
        let position = app.position(path).await;
        app.share("In between").await;
        let mut events = app.events(&format!("?lastEventId={position}")).await;
        assert_eq!(post(&events.event().await).1, "In between", "{path}");
    }
}

#[tokio::test]
async fn a_page_that_comes_back_gets_what_it_has_missed() {
    let app = App::start().await;
    let mut events = app.events("").await;
    app.share("First").await;
    let (id, _) = post(&events.event().await);
    drop(events);
    app.share("Second").await;
    app.share("Third").await;
    let mut back = app.client.get("/events").header("last-event-id", &id).stream().await;
    assert_eq!(post(&back.event().await).1, "Second");
    assert_eq!(post(&back.event().await).1, "Third");
    // The server was started anew since then.
    let mut stranger = app.client.get("/events").header("last-event-id", "1a2b-7").stream().await;
    assert_eq!(stranger.event().await, "event: reset\ndata:");
    assert_eq!(post(&stranger.event().await).1, "First");
}

#[tokio::test]
async fn only_lists_that_begin_with_the_newest_are_live() {
    let app = App::start().await;
    for number in 0..21 {
        app.a_post(&format!("Post {number}")).await;
    }
    for (path, live) in [
        ("/", true),
        ("/posts", true),
        ("/posts?sort=-id", true),
        ("/posts?page=2", false),
        ("/posts?sort=title", false),
        ("/posts?q=owl", false),
    ] {
        let page = app.client.get(path).await;
        assert_eq!(!app.position(path).await.is_empty(), live, "{path}");
        assert_eq!(page.text().contains("live.js"), live, "{path}");
    }
    let newest: Vec<Post> = Post::query().order_by(Post::id.desc()).limit(1).all(&app.repo).await.unwrap();
    app.client.get("/").await.assert_contains(&format!("id=\"post-{}\"", newest[0].id));
}
