//! Which handler answers which address.

use std::time::Duration;

use zzz::http::{Format, Limits};
use zzz::middleware::{accepts, flash, health, refuse_cross_site};
use zzz::prelude::*;
use zzz::router::{delete, get, patch, post, put};

use crate::controllers::{api, comments, events, images, pages, posts};
use crate::gallery::MAX_SIZE;

/// The routes of the app.
#[must_use]
pub fn router() -> Router {
    let browser = Pipeline::new("browser").plug(refuse_cross_site).plug(flash);
    let json = Pipeline::new("api").plug(accepts(Format::Json)).plug(refuse_cross_site);

    // An image, what is around it, and time for a slow line.
    let upload = Limits::new().body(MAX_SIZE + 64 * 1024).timeout(Duration::from_secs(300));

    Router::new()
        .scope(
            Scope::new("/")
                .through(&browser)
                .route(get("/", pages::home).name("home"))
                .route(get("/posts", posts::index).name("posts"))
                .route(get("/posts/new", posts::new).name("new_post"))
                .route(post("/posts", posts::create))
                .route(get("/posts/:id", posts::show).name("post"))
                .route(get("/posts/:id/edit", posts::edit).name("edit_post"))
                .route(patch("/posts/:id", posts::update))
                .route(put("/posts/:id", posts::update))
                .route(delete("/posts/:id", posts::delete))
                .route(get("/upload", images::new).name("upload"))
                .route(post("/upload", images::create).limits(upload))
                .route(get("/uploads/:file", images::show).name("image"))
                .route(delete("/posts/:post_id/image", images::delete))
                .route(post("/posts/:post_id/comments", comments::create))
                .route(delete("/posts/:post_id/comments/:id", comments::delete)),
        )
        .scope(
            Scope::new("/api/v1")
                .through(&json)
                .route(get("/posts", api::posts::index).name("api_posts"))
                .route(post("/posts", api::posts::create))
                .route(get("/posts/:id", api::posts::show).name("api_post"))
                .route(patch("/posts/:id", api::posts::update))
                .route(put("/posts/:id", api::posts::update))
                .route(delete("/posts/:id", api::posts::delete)),
        )
        .scope(Scope::new("/").route(get("/events", events::index).name("events")))
        .scope(Scope::new("/health").get("/live", health::live).get("/ready", health::ready))
}
