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
//! | [`repo`] | [`Repo`]: reading, writing, transactions, [`Isolation`], [`Retry`], raw SQL, [`OnConflict`] |
//! | [`schema`] | [`Schema`], `#[derive(Schema)]`, [`fields!`] |
//! | [`query`] | [`Query`], [`Column`], [`Condition`], [`Order`], [`Term`], [`alias!`], [`fragment!`], [`select_as!`] |
//! | [`relation`] | [`BelongsTo`], [`HasOne`], [`HasMany`], [`ManyToMany`], preloading |
//! | [`changeset`] | [`Changeset`], its casts, validations and constraints, [`Form`](changeset::Form) |
//! | [`value`] | [`Value`], [`FieldType`]: the types a field may have |
//! | [`row`] | [`Row`], [`FromRow`]: rows of raw SQL |
//! | [`migrate`] | [`Migrator`](migrate::Migrator), [`Migrations`](migrate::Migrations), [`migrations!`] |
//! | [`migration`] | the words of migrations in Rust |
//! | `sandbox` | a database of its own for each test (feature `sandbox`) |
//! | [`storage`] | creating and dropping databases |
//! | [`structure`] | a database's structure as SQL |
//! | [`dialect`] | SQL as each database wants it |
//! | `driver` | connections and threads; one folder per database |
//! | `config`, `url`, `error` | [`DatabaseConfig`], [`PoolSize`], [`DatabaseUrl`], [`Error`] |
//! | `web` | statuses of errors and `or_404` (feature `web`) |
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `json` | yes | fields of type [`Json<T>`](Json) |
//! | `sqlite` | yes | the SQLite driver, SQLite included |
//! | `postgres` | no | the PostgreSQL driver |
//! | `mysql` | no | the driver of MySQL and MariaDB |
//! | `uuid` | no | fields of type `Uuid`, and primary keys made of them |
//! | `decimal` | no | fields of type `Decimal`, of the crate rust_decimal |
//! | `graphemes` | no | [`Length::graphemes`](changeset::Length::graphemes) |
//! | `sandbox` | no | databases for tests that run side by side |
//! | `web` | no | what an app that answers requests needs |

// Without a driver no repo can be made, and what serves drivers lies idle.
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(unused, unreachable_code)
)]

// The derive names this crate `::zzz_db`, also in this crate's own tests.
#[allow(unused_extern_crates)]
extern crate self as zzz_db;

/// The guide's examples, compiled; and what they share.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/database-queries.md")]
mod guide {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/database.md")]
mod guide_to_databases {}

/// The guide on migrations, whose examples are migrations.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/migrations.md")]
mod guide_to_migrations {}

#[cfg(all(doctest, feature = "json"))]
#[doc = include_str!("../../../docs/changesets.md")]
mod guide_to_changesets {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/database-coming-from.md")]
mod coming_from {}

pub mod changeset;
mod config;
pub mod dialect;
mod driver;
mod error;
#[cfg(feature = "web")]
mod extract;
pub mod migrate;
pub mod migration;
pub mod query;
pub mod relation;
pub mod repo;
pub mod row;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod schema;
mod service;
pub mod storage;
pub mod structure;
mod url;
pub mod value;
#[cfg(feature = "web")]
mod web;

pub use changeset::{Action, Changeset, FieldError};
pub use config::{DatabaseConfig, PoolSize};
pub use error::{Constraint, ConstraintKind, Error, ErrorKind, Result};
pub use query::{
    Assignment, Column, Condition, Expression, Lock, Operand, Order, Part, Query, Selection, Source, Term,
    ValueFor, ago, avg, case, count, count_distinct, count_of, excluded, exists, from_now, max, min, scalar,
    sum, whole,
};
pub use relation::{BelongsTo, HasMany, HasOne, ManyToMany, Relation};
pub use repo::{
    InsertOptions, Isolation, OnConflict, Repo, Retry, TransactionOptions, UpdateOptions, Writable,
};
pub use row::{FromRow, Row};
pub use schema::{FieldOf, Schema, VirtualField};
pub use url::DatabaseUrl;
#[cfg(feature = "json")]
pub use value::Json;
pub use value::{CastError, FieldType, Mismatch, Numeric, Textual, ToValue, Value, ValueRef};
#[cfg(feature = "web")]
pub use web::OrNotFound;
/// The folder of an app's migrations, a [`migrate::Folder`]: SQL files, and files in Rust, in one order by version.
///
/// ```ignore
/// let migrations = zzz_db::migrations!("migrations").load()?;
/// Migrator::new(&repo, &migrations).migrate().await?;
/// ```
///
/// The name is relative to the app's root: the nearest folder at or above the package that holds
/// `config/default.toml`, or the package's own folder. A file in Rust is a module with `pub fn change(m: &mut Change)`,
/// or `pub fn up` and `pub fn down`; it is compiled with the program. SQL files are read from the disk by a debug build
/// and carried inside by a release build. A malformed name, two files of one version, and a file without its function
/// are compile errors.
///
/// The compiler does not notice a new file by itself; a build script that says
/// `println!("cargo::rerun-if-changed=migrations")` helps it, and without one a debug build names the file that it
/// misses when it loads the migrations.
#[macro_export]
macro_rules! migrations {
    ($name:literal) => {
        $crate::__private::migrations!($crate, $name)
    };
}

#[doc(hidden)]
pub mod __private {
    pub use zzz_macros::migrations;
}

/// Makes an enumeration without fields the type of a schema's field: kept as the name of its variant in
/// `snake_case`, or as what `#[db_enum(name = "...")]` says; with `#[db_enum(integer)]` on the enumeration, as
/// its number.
///
/// ```
/// #[derive(zzz_db::DbEnum, Debug, Default, Clone, Copy, PartialEq)]
/// enum Status {
///     #[default]
///     Draft,
///     InReview, // kept as "in_review"
///     #[db_enum(name = "live")]
///     Published,
/// }
///
/// #[derive(zzz_db::Schema, Default)]
/// #[schema(table = "posts")]
/// struct Post {
///     id: i64,
///     status: Status,
/// }
///
/// let drafts = Post::query().filter(Post::status.ne(Status::Published));
/// # let _ = drafts;
/// ```
///
/// A form sends the name. Another text, in a form or in the database, is refused.
pub use zzz_macros::DbEnum;
pub use zzz_macros::{FromRow, Schema};
