//! Routing through the public API: which handler answers which request, and what the request passes on its way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod assets;
mod fallbacks;
mod forward;
mod hosts;
mod logging;
mod matching;
mod methods;
mod mistakes;
mod pipelines;
mod reflection;
mod scopes;
mod slashes;
mod sockets;
mod spellings;
mod support;
mod url_paths;
