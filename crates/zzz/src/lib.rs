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
//! | [`router`] | `zzz-router` |
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

pub use app::App;
pub use app_config::AppConfig;
pub use boot::{Booted, Settings, boot};
pub use commands::run;
pub use finish::finish;
pub use folder::Folder;
pub use root::Root;

pub use zzz_core as core;
pub use zzz_core::{Error, FieldErrors, Param, Params, Result, Services, config, config_section, http};
pub use zzz_core_http as server;
pub use zzz_db as db;
pub use zzz_middleware as middleware;
#[cfg(feature = "multipart")]
pub use zzz_multipart as multipart;
pub use zzz_router as router;
pub use zzz_streaming as streaming;
#[cfg(feature = "templates")]
pub use zzz_templates as templates;

/// What nearly every file of an app needs.
pub mod prelude {
    pub use zzz_core::http::{
        Assign, Form, FromRequest, FromRequestParts, Html, IntoResponse, Json, Next, Path, Query, Redirect,
        Request, Response, StatusCode, Svc, redirect,
    };
    pub use zzz_core::{Error, FieldErrors, Params, Result};
    pub use zzz_db::{Changeset, OrNotFound, Repo, Schema, fields};
    pub use zzz_middleware::Flash;
    #[cfg(feature = "multipart")]
    pub use zzz_multipart::{FileKind, Multipart, MultipartForm};
    pub use zzz_router::{Pipeline, Router, Scope};
    #[cfg(feature = "templates")]
    pub use zzz_templates::View;

    pub use crate::app::App;
    pub use crate::folder;
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

/// The guides whose code is compiled as tests.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../../docs/streaming.md")]
    struct Streaming;
}

#[doc(hidden)]
pub mod __private {
    pub use zzz_macros::folder;
}
