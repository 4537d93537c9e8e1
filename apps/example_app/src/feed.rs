//! [`Feed`]: tells open pages of new posts.

use zzz::prelude::*;
use zzz::streaming::{Event, Hub, LastEventId, Subscription};

use crate::models::Post;

/// How many posts are kept for pages that come back, after their network or their laptop has slept.
const KEPT: usize = 200;

/// Tells open pages of new posts.
#[derive(Debug, Clone)]
pub struct Feed {
    hub: Hub,
}

impl Default for Feed {
    fn default() -> Self {
        Self { hub: Hub::new(KEPT) }
    }
}

impl Feed {
    /// Sends a post to every open page.
    ///
    /// # Errors
    /// If it can not be written as JSON.
    pub fn announce(&self, post: &Post) -> Result<()> {
        self.hub.publish(&Event::json(post)?.named("post")?);
        Ok(())
    }

    /// What a page asks to go on from. Read it before the posts that the page shows, so that none is missed.
    #[must_use]
    pub fn position(&self) -> String {
        self.hub.last_event_id()
    }

    /// The posts since the one that a page has, after the event `reset` if there were more of them than are kept.
    ///
    /// # Errors
    /// Never, as long as `reset` is a valid name of an event.
    pub fn since(&self, last: &LastEventId) -> Result<Subscription> {
        Ok(self.hub.subscribe(last).when_missed(&Event::new("").named("reset")?))
    }
}
