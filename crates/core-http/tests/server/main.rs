//! The server against clients on real sockets: good ones, silent ones, slow ones, hostile ones, and its own end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod deadlines;
mod http1;
#[cfg(feature = "http2")]
mod http2;
mod limits;
mod pipelines;
mod shutdown;
mod strictness;
mod support;
mod upgrade;
