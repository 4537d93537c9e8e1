//! Which handler answers which request, and what every request passes on the way.
//!
//! A [`Router`] declares [`Route`]s in [`Scope`]s; a scope sends its requests through [`Pipeline`]s of
//! middleware. Every mistake in the table (a path that can not be read, two routes for the same requests) is
//! reported at once when it is built. An [`Endpoint`] stands before it and sees every request, matched or not:
//! it gives each an id, logs it, catches panics, and draws error pages.
//!
//! ```
//! use zzz_core::http::{Path, Request, Service, now_or_never};
//! use zzz_router::{Endpoint, Router, Scope, get};
//!
//! async fn home() -> &'static str {
//!     "Welcome"
//! }
//! async fn show(Path(id): Path<i64>) -> String {
//!     format!("Post {id}")
//! }
//!
//! let router = Router::new().scope(
//!     Scope::new("/").get("/", home).route(get("/posts/:id", show).name("post")),
//! );
//! let endpoint = Endpoint::new(router).build().unwrap();
//! let answer = |path| now_or_never(endpoint.call(Request::get(path))).unwrap();
//! assert_eq!(answer("/posts/7").into_body().full_bytes().unwrap(), "Post 7");
//! assert_eq!(answer("/posts/seven").status(), 400);
//! assert_eq!(answer("/nowhere").status(), 404);
//! ```
//!
//! # Paths
//!
//! `/posts/:id` takes one segment, `/files/v:version` the rest of a segment, `/files/*rest` everything that is
//! left. A fixed segment wins over a parameter. Paths are compared as they came: `/a/../admin`, `//admin` and
//! `/admin%2f` are not `/admin`, so nothing leads around a scope's pipelines. Parameters are percent-decoded
//! once; a path with a malformed escape, or one that decodes to NUL or to no UTF-8, is answered with 400.
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | `router` | [`Router`]: the declaration |
//! | `scope` | [`Scope`] |
//! | `route` | [`Route`], [`get`], [`post`], ... |
//! | `pipeline` | [`Pipeline`] |
//! | `pattern` | how a path is read |
//! | `table` | [`RouteTable`]: the built table, matching |
//! | `error` | [`RouterError`] |
//! | `endpoint` | [`Endpoint`], request log, guard, error pages |

mod endpoint;
mod error;
mod pattern;
mod pipeline;
mod route;
mod router;
mod scope;
mod table;

pub use endpoint::{Endpoint, EndpointBuilder};
pub use error::RouterError;
pub use pipeline::Pipeline;
pub use route::{Route, any, delete, get, patch, post, put};
pub use router::Router;
pub use scope::Scope;
pub use table::RouteTable;
