//! What a user relies on, tested against the running program: one module per promise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod commands;
mod durability;
mod files;
#[cfg(unix)]
mod listening;
mod readme;
mod startup;
mod stopping;
mod support;
mod tls;
mod tower;
mod uploads;
