//! zzz, the web framework that never sleeps: Phoenix + Ecto + Oban for Rust.
//!
//! An app depends on this crate alone. It declares itself as an [`App`], and [`run`] makes a program of it,
//! which serves, migrates, seeds, lists its routes and shows its configuration:
//!
//! ```no_run
//! use zzz::prelude::*;
//!
//! async fn home() -> &'static str {
//!     "Hello from zzz"
//! }
//!
//! fn app() -> App {
//!     App::new("hello").router(|| Router::new().scope(Scope::new("/").get("/", home)))
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     zzz::run(app)
//! }
//! ```
//!
//! # Map
//!
//! | here | from |
//! |---|---|
//! | [`App`], [`run`], [`boot`], [`Folder`], [`Root`], [`folder!`] | this crate: the app, its start, its commands |
//! | [`core`], [`http`], [`config`] | `zzz-core` |
//! | [`router`](mod@router) | `zzz-router`; with [`router!`] and [`routes!`] |
//! | [`middleware`] | `zzz-middleware` |
//! | [`streaming`] | `zzz-streaming` |
//! | [`server`] | `zzz-core-http` |
//! | [`db`] | `zzz-db` |
//! | `templates` | `zzz-templates` (feature `templates`) |
//! | `multipart` | `zzz-multipart` (feature `multipart`) |
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `http2` | yes | HTTP/2, over TLS and by prior knowledge |
//! | `sqlite` | yes | the SQLite driver, SQLite included |
//! | `templates` | yes | templates on minijinja |
//! | `decompress` | no | request bodies in gzip, br and zstd, where `[http] decompress` says so |
//! | `multipart` | yes | uploads: forms with files |
//! | `tls` | no | TLS on rustls, with certificates that are exchanged without a restart |
//! | `tower` | no | `server::tower`: an app in an axum router, an axum router in an app |

mod app;
mod app_config;
mod boot;
mod commands;
mod config_files;
mod database;
mod finish;
mod folder;
mod listening;
mod logging;
mod root;
mod secret;

pub use app::{App, MigrationFolder};
pub use app_config::AppConfig;
pub use boot::{Booted, Settings, boot};
pub use commands::run;
pub use finish::finish;
pub use root::Root;
pub use zzz_core::http::Folder;

pub use zzz_core as core;
pub use zzz_core::{
    Error, Fault, FieldErrors, FieldPath, Param, Params, Place, Rejection, Result, Services, ServicesBuilder,
    Svc, config, config_section, http,
};
pub use zzz_core_http as server;
pub use zzz_db as db;
pub use zzz_db::migration;
pub use zzz_middleware as middleware;
#[cfg(feature = "multipart")]
pub use zzz_multipart as multipart;
pub use zzz_router as router;
pub use zzz_router::{PathParam, PathParams, VerifiedPath, router, routes};
pub use zzz_streaming as streaming;
#[cfg(feature = "templates")]
pub use zzz_templates as templates;

/// What nearly every file of an app needs.
pub mod prelude {
    pub use zzz_core::http::{
        Assign, ClientInfo, Cookies, Form, FromRequest, FromRequestParts, Html, IntoResponse, Json, Next,
        Path, Query, Redirect, Request, Response, SetCookie, Site, StatusCode, Svc, TypedHeader, redirect,
    };
    pub use zzz_core::{Error, FieldErrors, Params, Rejection, Result};
    pub use zzz_db::{Changeset, OrNotFound, Repo, Schema, fields};
    pub use zzz_middleware::Flash;
    #[cfg(feature = "multipart")]
    pub use zzz_multipart::{FileKind, Multipart, MultipartForm};
    pub use zzz_router::{PathParam, PathParams, Pipeline, Router, Scope};
    #[cfg(feature = "templates")]
    pub use zzz_templates::View;

    pub use crate::app::App;
    pub use crate::{folder, migrations};
}

/// A folder of the app: in a debug build it is read from the disk, below `ZZZ_ROOT`, whenever it is needed; a
/// release build carries its files inside.
///
/// ```ignore
/// App::new("hello").templates(zzz::folder!("templates"))
/// ```
///
/// The name is relative to the app's root: the nearest folder at or above the package that holds
/// `config/default.toml`. A folder that does not exist is a compile error.
#[macro_export]
macro_rules! folder {
    ($name:literal) => {
        $crate::__private::folder!($crate, $name)
    };
}

/// The folder of an app's migrations: SQL files, and files in Rust, in one order by version; see
/// [`zzz_db::migrations!`](db::migrations!).
///
/// ```ignore
/// App::new("hello").migrations(zzz::migrations!("migrations"))
/// ```
#[macro_export]
macro_rules! migrations {
    ($name:literal) => {
        $crate::__private::migrations!($crate::db, $name)
    };
}

/// The guides whose code is compiled as tests.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../../docs/routing.md")]
    struct Routing;
    #[doc = include_str!("../../../docs/services.md")]
    struct Services;
    #[cfg(all(feature = "sandbox", feature = "sqlite"))]
    #[doc = include_str!("../../../docs/testing.md")]
    struct Testing;
    #[doc = include_str!("../../../docs/extractors.md")]
    struct Extractors;
    #[doc = include_str!("../../../docs/streaming.md")]
    struct Streaming;
}

#[doc(hidden)]
pub mod __private {
    pub use zzz_db::__private::migrations;
    pub use zzz_macros::folder;
}
