//! [`Runtime`]: how the threads share their work.

use std::fmt;

use zzz_core::config::{Raw, Setting};

/// How the threads that serve requests share their work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Runtime {
    /// Every thread takes any task that is ready, so that none is idle while another has too much.
    #[default]
    Shared,
    /// Each thread has a runtime of its own: a connection, its requests, and what their handlers spawn stay on
    /// the thread that has accepted it. Nothing moves between cores, and nothing evens out the load.
    PerCore,
}

impl Setting for Runtime {
    const EXPECTS: &'static str = "\"shared\" or \"per_core\"";

    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Text(text) => {
                [Self::Shared, Self::PerCore].into_iter().find(|kind| kind.to_string() == text.trim())
            }
            _ => None,
        }
    }

    fn show(&self) -> Option<Raw> {
        Some(Raw::Text(self.to_string()))
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shared => "shared",
            Self::PerCore => "per_core",
        })
    }
}
