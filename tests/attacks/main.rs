//! What a hostile client may do to a running server, and what it must not achieve: one module per concern, each
//! test named after the row of the reliability promises that it checks.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bodies;
mod decoded;
mod desync;
mod faults;
mod fronts;
mod grammar;
mod harness;
mod heads;
mod http2;
mod memory;
mod paths;
mod reflections;
mod refusals;
mod slow;
mod smuggling;
mod stopping;
mod tls;
mod unread;
mod uploads;
mod ways;
