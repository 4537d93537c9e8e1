//! What SQLite's driver alone does: writes that share a transaction, and what is left of them when a process dies.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod file;
mod group_commit;
mod lookups;
mod process;
mod undone;
