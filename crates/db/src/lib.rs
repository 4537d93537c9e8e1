//! Ecto for Rust: schemas, queries, changesets, a repo and migrations, on a database that is compiled in.
//!
//! A [`Schema`] is a struct that a row becomes. A [`Query`] is a value put together from typed columns. A
//! [`Changeset`] casts and validates what a user sent. A [`Repo`] is the handle through which all of them
//! reach the database. Nothing here needs a web framework, nor a database while it compiles.
//!
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use zzz_core::{Param, Params};
//! use zzz_db::migrate::{Migrations, Migrator};
//! use zzz_db::{Changeset, DatabaseConfig, DatabaseUrl, Repo, Schema, fields, storage};
//!
//! #[derive(Schema, Debug, Default)]
//! #[schema(table = "posts")]
//! pub struct Post {
//!     pub id: i64,
//!     pub title: String,
//!     pub url: Option<String>,
//! }
//!
//! impl Post {
//!     pub fn changeset(post: Post, params: &Params) -> Changeset<Post> {
//!         Changeset::new(post)
//!             .cast(params, fields![title, url])
//!             .validate_required(fields![title])
//!             .validate_length(Post::title, 2..=100)
//!             .unique(Post::title)
//!     }
//! }
//!
//! # let folder = std::env::temp_dir().join(format!("zzz-db-doc-{}", std::process::id()));
//! # let file = folder.join("app.db");
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let url = DatabaseUrl::sqlite(file);
//! storage::create(&url).await?;
//! let repo = Repo::connect(&url, &DatabaseConfig::default()).await?;
//!
//! let migrations = Migrations::new([(
//!     "20261121120000_create_posts.sql",
//!     "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE, url TEXT)",
//! )])?;
//! Migrator::new(&repo, &migrations).migrate().await?;
//!
//! let mut params = Params::new();
//! params.insert("title", Param::Text("Hello".into()));
//! let post = repo.insert(Post::changeset(Post::default(), &params)).await?.expect("is valid");
//! assert_eq!(post.id, 1);
//!
//! // The database refuses a second one, which becomes an error of the field.
//! let refused = repo.insert(Post::changeset(Post::default(), &params)).await?.unwrap_err();
//! assert_eq!(refused.errors()[0].to_string(), "has already been taken");
//!
//! let found = Post::query().filter(Post::title.contains("hell")).order_by(Post::id.desc()).all(&repo).await?;
//! assert_eq!(found[0].title, "Hello");
//!
//! repo.transaction(async |tx| {
//!     let post = tx.update(Changeset::new(post).put_change(Post::url, "https://example.org")).await?;
//!     tx.delete(post.expect("is valid")).await
//! })
//! .await?;
//! assert_eq!(Post::query().count(&repo).await?, 0);
//! # repo.close().await;
//! # Ok::<(), zzz_db::Error>(())
//! # }).unwrap();
//! # std::fs::remove_dir_all(folder).unwrap();
//! ```
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | [`repo`] | [`Repo`]: reading, writing, transactions, raw SQL |
//! | [`schema`] | [`Schema`], `#[derive(Schema)]`, [`fields!`] |
//! | [`query`] | [`Query`], [`Column`], [`Condition`], [`Order`], [`count()`] |
//! | [`changeset`] | [`Changeset`], its casts, validations and constraints, [`Form`](changeset::Form) |
//! | [`value`] | [`Value`], [`FieldType`]: the types a field may have |
//! | [`row`] | [`Row`], [`FromRow`]: rows of raw SQL |
//! | [`migrate`] | [`Migrator`](migrate::Migrator), [`Migrations`](migrate::Migrations) |
//! | [`storage`] | creating and dropping databases |
//! | [`dialect`] | SQL as each database wants it |
//! | `driver` | connections and threads; one folder per database |
//! | `config`, `url`, `error` | [`DatabaseConfig`], [`DatabaseUrl`], [`Error`] |
//! | `web` | statuses of errors and `or_404` (feature `web`) |
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `sqlite` | yes | the SQLite driver, SQLite included |
//! | `web` | no | what an app that answers requests needs |

// Without a driver no repo can be made, and what serves drivers lies idle.
#![cfg_attr(not(feature = "sqlite"), allow(unused, unreachable_code))]

// The derive names this crate `::zzz_db`, also in this crate's own tests.
#[allow(unused_extern_crates)]
extern crate self as zzz_db;

pub mod changeset;
mod config;
pub mod dialect;
mod driver;
mod error;
#[cfg(feature = "web")]
mod extract;
pub mod migrate;
pub mod query;
pub mod repo;
pub mod row;
pub mod schema;
pub mod storage;
mod url;
pub mod value;
#[cfg(feature = "web")]
mod web;

pub use changeset::{Action, Changeset, FieldError};
pub use config::DatabaseConfig;
pub use error::{Constraint, ConstraintKind, Error, ErrorKind, Result};
pub use query::{Assignment, Column, Condition, Order, Part, Query, Selection, ValueFor, count, max, min};
pub use repo::{Repo, Writable};
pub use row::{FromRow, Row};
pub use schema::{FieldOf, Schema, VirtualField};
pub use url::DatabaseUrl;
pub use value::{CastError, FieldType, Mismatch, Numeric, Textual, ToValue, Value, ValueRef};
#[cfg(feature = "web")]
pub use web::OrNotFound;
pub use zzz_macros::Schema;
