//! New posts for open pages, as server-sent events.

use zzz::prelude::*;
use zzz::streaming::{LastEventId, Sse};

use crate::feed::Feed;

/// `GET /events`: an event `post` for each new post, as JSON like the API's; first an event `reset` if the page
/// has missed posts that are not kept any more.
///
/// # Errors
/// If the query string is not valid.
pub async fn index(last: LastEventId, feed: Svc<Feed>) -> Result<Sse> {
    Ok(feed.since(&last)?.into())
}
