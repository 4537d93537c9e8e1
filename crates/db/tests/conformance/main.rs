//! One suite for every database: each case runs on each backend that is compiled in.

#![cfg(feature = "sqlite")]
// clippy.toml excepts functions marked as tests; helpers of tests are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod backend;
mod cancellation;
mod changesets;
mod concurrency;
mod forms;
mod hostile;
mod migrations;
mod queries;
mod reading;
mod storage;
mod transactions;
mod values;
mod writing;
