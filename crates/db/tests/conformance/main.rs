//! One suite for every database: each case runs on each backend that is compiled in.

#![cfg(feature = "sqlite")]
// clippy.toml excepts functions marked as tests; helpers of tests are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod backend;
mod blog;
mod cancellation;
mod changesets;
mod concurrency;
mod conflicts;
mod constraints;
mod copies;
mod excluded;
mod expressions;
mod forms;
mod hostile;
mod isolation;
mod joins;
mod listening;
#[cfg(all(feature = "decimal", feature = "uuid"))]
mod lists;
mod migration_sql;
mod migrations;
mod migrations_apart;
mod migrations_in_rust;
mod mysql;
mod narrowed;
mod postgres_types;
mod preparing;
mod queries;
mod reading;
mod refusals;
mod relations;
#[cfg(feature = "sandbox")]
mod sandbox;
#[cfg(feature = "sandbox")]
mod sandbox_apart;
mod saving;
mod schemas;
mod sharing;
mod storage;
mod streams;
mod structures;
mod transactions;
mod validations;
mod values;
mod writing;
