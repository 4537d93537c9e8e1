//! `router!`, `routes!` and `path!`: what their tables answer, and what their paths are. What does not compile is in
//! `compile_fail`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "a test fails by panicking; handlers are public as in an app"
)]

mod app;
mod nesting;
mod parameters;
mod paths;
mod reflection;
mod round_trips;
mod tables;
