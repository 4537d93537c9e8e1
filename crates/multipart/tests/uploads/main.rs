//! Uploads through the public API: what a form is, what is refused, where files stay.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod extractors;
mod files;
mod forms;
mod grammar;
mod limits;
mod support;
