//! The core of zzz: what every other crate of the framework speaks.
//!
//! Without features this crate holds three things that need no web: [`Error`], which carries a status, a
//! public message and a private cause; [`config`], where a crate or an app declares its section of the
//! configuration as a type; and [`services`], the container that builds an app's services and finds them by type.
//! With the feature `http` (on by default) it adds [`http`]: requests, responses, bodies, handlers,
//! extractors, middleware.
//!
//! It knows no async runtime and does no I/O, so it builds alone in seconds, and a handler can be called in a
//! test without any server:
//!
//! ```
//! # #[cfg(feature = "http")] {
//! use zzz_core::http::{Body, Handler, HandlerExt, Query, Request};
//! use std::collections::HashMap;
//!
//! async fn hello(Query(query): Query<HashMap<String, String>>) -> String {
//!     format!("Hello, {}!", query.get("name").map_or("world", String::as_str))
//! }
//!
//! let request = Request::get("/hello?name=Ada");
//! let response = zzz_core::http::now_or_never(hello.erase().call(request)).unwrap();
//! assert_eq!(response.status(), 200);
//! assert_eq!(response.into_body().full_bytes().unwrap(), "Hello, Ada!");
//! # }
//! ```
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | [`error`] | [`Error`], [`Result`], [`ErrorStatus`] |
//! | [`field_errors`], [`field_path`] | [`FieldErrors`], [`FieldPath`] |
//! | [`rejection`] | [`Rejection`]: what of a request an extractor does not take |
//! | [`config`] | [`config_section!`], [`config::Section`], [`config::Setting`], layers, unknown keys |
//! | [`params`] | [`Params`]: the tree of names and values that a form, a query string or a JSON body is |
//! | [`services`] | [`ServicesBuilder`], [`Services`], [`Svc`] |
//! | [`wakers`] | [`wakers::WakerSet`]: tasks that wait for the same thing, on any runtime |
//! | `http` | everything that has to do with a request (feature `http`) |

pub mod config;
pub mod error;
pub mod field_errors;
pub mod field_path;
#[cfg(feature = "http")]
pub mod http;
pub mod params;
pub mod rejection;
pub mod services;
pub mod text;
#[cfg(feature = "http")]
mod type_map;
pub mod wakers;

pub use error::{Error, ErrorStatus, Result};
pub use field_errors::FieldErrors;
pub use field_path::FieldPath;
pub use params::{Param, Params};
pub use rejection::{Fault, Place, Rejection};
pub use services::{Services, ServicesBuilder, Svc};
