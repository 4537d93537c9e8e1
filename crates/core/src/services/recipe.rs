//! `Recipe`: how one service comes to be.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use super::constructor::Building;
use super::from_services::{Needs, Ready};
use super::need::Need;
use super::stored::Stored;

/// How long a service lives, and who shares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Built once, when the app starts; dropped when it ends.
    Singleton,
    /// Built at most once for a request, when it is first needed; dropped with the request.
    PerRequest,
    /// Built each time that it is needed.
    Transient,
    /// Another name for another service, with that one's lifetime.
    Alias,
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Singleton => "singleton",
            Self::PerRequest => "per request",
            Self::Transient => "transient",
            Self::Alias => "alias",
        })
    }
}

/// How one service comes to be.
#[derive(Clone)]
pub(crate) struct Recipe {
    pub(crate) need: Need,
    pub(crate) lifetime: Lifetime,
    pub(crate) needs: Needs,
    pub(crate) make: Make,
    /// Where it was registered.
    pub(crate) at: &'static Location<'static>,
}

type Call = Arc<dyn Fn(&mut Ready<'_>) -> Building<Stored> + Send + Sync>;

/// What makes a service.
#[derive(Clone)]
pub(crate) enum Make {
    /// Nothing: it is there.
    Value(Stored),
    /// Somebody who promised to provide it.
    Promise,
    /// A constructor.
    Call(Call),
}

impl Recipe {
    pub(crate) fn value(need: Need, service: Stored, at: &'static Location<'static>) -> Self {
        Self { need, lifetime: Lifetime::Singleton, needs: Needs::default(), make: Make::Value(service), at }
    }
}

/// `app::Gallery (src/lib.rs:40)`, in quotes.
impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}:{})", self.need.name(), self.at.file(), self.at.line())
    }
}
