//! [`Deadlines`]: how long each phase of a connection may take.

use std::time::Duration;

use crate::config::HttpConfig;

/// The deadlines of connections, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    /// From accept, or from the first byte of the next request, to a complete head.
    pub(crate) header: u64,
    /// Without a request.
    pub(crate) keep_alive: u64,
    /// How many bytes of a request's body must come in a second of waiting for them; 0 for any.
    pub(crate) body_min_rate: u64,
    /// How far a request's body may lag behind that.
    pub(crate) body_grace: u64,
    /// Without progress while there is something to write.
    pub(crate) write_stall: u64,
    /// For what still comes from a peer that has its last answer.
    pub(crate) linger: u64,
    /// The time between two rounds of the sweeper.
    pub(crate) round: u64,
}

/// Long enough for an answer to cross the world and for the peer to stop; short enough to cost little.
const LINGER: u64 = 2_000;

impl Deadlines {
    pub(crate) fn new(config: &HttpConfig) -> Self {
        let (header, keep_alive) = (millis(config.header_timeout), millis(config.keep_alive_timeout));
        let (body_grace, write_stall) = (millis(config.body_grace), millis(config.write_stall_timeout));
        let shortest =
            header.min(keep_alive).min(body_grace).min(write_stall).min(millis(config.request_timeout));
        Self {
            header,
            keep_alive,
            body_min_rate: config.body_min_rate.0,
            body_grace,
            write_stall,
            linger: LINGER,
            round: (shortest / 8).clamp(5, 250),
        }
    }

    /// Whether more than `limit` has gone by since then. A time noted by the coarse clock is up to a round too
    /// early.
    pub(crate) fn over(&self, now: u64, since: u64, limit: u64) -> bool {
        now.saturating_sub(since) > limit.saturating_add(self.round)
    }
}

/// A duration in whole milliseconds, at least one.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}
