//! [`Repo::listen`]: hearing what the database tells, PostgreSQL's LISTEN and NOTIFY.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use super::Repo;
use crate::Result;

/// What a [`Listener`] hears.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Somebody has sent this text to the channel, and has committed.
    Notification(String),
    /// Some notifications may not have come: the connection was broken and is whole again, or more came than
    /// were taken. What depends on having heard all has to look at the tables now.
    Missed,
}

/// Hears one channel until it is dropped; made by [`Repo::listen`].
pub struct Listener {
    pub(crate) heard: mpsc::Receiver<Heard>,
    /// Set when the queue was full.
    pub(crate) missed: Arc<AtomicBool>,
}

impl Listener {
    /// What comes next; `None` once the repo is closed.
    ///
    /// Nothing is lost when this future is dropped before it is done.
    pub async fn next(&mut self) -> Option<Heard> {
        if self.missed.swap(false, Ordering::AcqRel) {
            return Some(Heard::Missed);
        }
        self.heard.recv().await
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").finish_non_exhaustive()
    }
}

impl Repo {
    /// Hears what is sent to a channel with `NOTIFY` or `pg_notify` from now on: when this returns, the database
    /// knows of it. All channels share one connection, beside those of the pool. A connection that breaks is
    /// opened again, for as long as it takes, and then [`Heard::Missed`] comes.
    ///
    /// Up to 1,024 notifications wait for a listener that is slow; past that, some are left out, and
    /// [`Heard::Missed`] says so.
    ///
    /// ```
    /// # async fn with(repo: &zzz_db::Repo) -> zzz_db::Result<()> {
    /// use zzz_db::repo::Heard;
    ///
    /// let mut listener = repo.listen("jobs").await?;
    /// while let Some(heard) = listener.next().await {
    ///     match heard {
    ///         Heard::Notification(text) => println!("{text}"),
    ///         _ => println!("look at the table: something may have been missed"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the database does not know LISTEN (SQLite), or no connection can be opened within `acquire_timeout`.
    pub async fn listen(&self, channel: &str) -> Result<Listener> {
        self.driver.listen(channel.to_owned()).await
    }
}
