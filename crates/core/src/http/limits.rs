//! [`Limits`]: what a route lets a client do.

use std::time::Duration;

/// Limits of one request. The server's configuration gives the defaults; a route may set its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// The largest request body in bytes, decoded; `None` leaves what stood before. Beyond it: 413.
    pub body: Option<u64>,
    /// How long a handler may take until its response begins; `None` leaves what stood before. Beyond it: 503.
    pub timeout: Option<Duration>,
}

impl Limits {
    /// No limits of its own.
    #[must_use]
    pub const fn new() -> Self {
        Self { body: None, timeout: None }
    }

    /// Sets the largest request body in bytes.
    #[must_use]
    pub const fn body(mut self, bytes: u64) -> Self {
        self.body = Some(bytes);
        self
    }

    /// Sets how long a handler may take until its response begins.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}
