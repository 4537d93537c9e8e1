//! The home page.

use serde::Serialize;
use zzz::prelude::*;

use super::posts::{Entry, entries};
use crate::feed::Feed;
use crate::listing::Listing;

/// How many posts the home page shows.
const NEWEST: u64 = 10;

#[derive(Serialize)]
struct Home {
    posts: Vec<Entry>,
    total: u64,
    /// Where the feed goes on from what the page shows.
    live: String,
}

/// `GET /`: the newest posts.
///
/// # Errors
/// If the database does not answer.
pub async fn home(repo: Repo, feed: Svc<Feed>, view: View) -> Result<Response> {
    let live = feed.position();
    let page = Listing::default().load(&repo, NEWEST).await?;
    view.render("pages/home.html", Home { posts: entries(&repo, page.posts).await?, total: page.total, live })
}
