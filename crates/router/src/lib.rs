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
//! left. The most specific route wins, whatever the order: segment by segment, fixed characters win over a
//! parameter with a prefix, the longest prefix first, that over a parameter alone, and that over the rest.
//!
//! Paths are compared as they came: `/a/../admin`, `//admin` and `/admin%2f` are not `/admin`, so nothing leads
//! around a scope's pipelines. Parameters are percent-decoded once. A path with a malformed escape, one that
//! decodes to NUL or to no UTF-8, and one with a `\` is answered with 400; a segment `.` or `..` matches no
//! parameter.
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | `router` | [`Router`]: the declaration |
//! | `scope` | [`Scope`] |
//! | `route` | [`Route`], [`get`], [`post`], ..., [`any`], [`on`] |
//! | `pipeline` | [`Pipeline`] |
//! | `preset` | values that routes and scopes assign |
//! | `forward` | [`Forward`]: what may be mounted under a path |
//! | `slash` | [`TrailingSlash`] |
//! | `compile` | from the declaration to the table, with every mistake |
//! | `fitting` | whether a handler takes from the path what its route has |
//! | `placing` | which routes stand where, and in each other's way |
//! | `macros` | [`router!`], [`routes!`]: the declaration that is checked as it compiles |
//! | `pattern` | how a path is read |
//! | `encoding` | which spellings are refused |
//! | `hosts` | which hosts a scope is for |
//! | `paths` | what one host's requests are matched against |
//! | `fixed` | the table of paths without parameters |
//! | `tree` | the tree of paths with parameters |
//! | `words` | eight bytes of a path at a time |
//! | `seen` | what the endpoint learns of a request behind middleware |
//! | `table` | [`RouteTable`]: the built table, and what becomes of a request |
//! | `mounted` | a table or a service at the end of a stack |
//! | `error` | [`RouterError`] |
//! | `endpoint` | [`Endpoint`], [`Assembled`], request log, guard, error pages |

mod compile;
mod encoding;
mod endpoint;
mod error;
mod fitting;
mod fixed;
mod forward;
mod hosts;
mod macros;
mod mounted;
mod paths;
mod pattern;
mod pipeline;
mod placing;
mod preset;
mod route;
mod router;
mod scope;
mod seen;
mod slash;
mod table;
mod tree;
mod words;

pub use endpoint::{Assembled, Endpoint, EndpointBuilder};
pub use error::RouterError;
pub use forward::Forward;
pub use pipeline::Pipeline;
pub use route::{Route, any, delete, get, head, on, options, patch, post, put};
pub use router::{AssetFolder, Router};
pub use scope::Scope;
pub use slash::TrailingSlash;
pub use table::{Outcome, RouteTable};

pub use zzz_core::http::{PathParam, PathParams, VerifiedPath};
pub use zzz_macros::{PathParam, PathParams};

/// What the expansions of `router!`, `routes!`, `path!` and the derives name.
#[doc(hidden)]
pub mod __private {
    pub use zzz_core::Result;
    pub use zzz_core::http::extract::{ParamShape, PathShape, named_param};
    pub use zzz_core::http::inspect::{HandlerShape, handler, missing};
    pub use zzz_core::http::verified::{
        Any, Checks, FixedParam, Kind, Of, PathValue, PathWriter, RestValue, Shapes, Table, TypeOf,
        VerifiedPath, check, kind, kind::at,
    };
    pub use zzz_core::http::{
        Folder, Limits, Parts, PathParam, PathParams, RouteHandler, RouteLog, Socket, verified::url,
    };
    pub use zzz_macros::{folder, path, router, routes};

    pub use crate::macros::{HandlerGroup, RouteHandlers, fallback, route, rows};
    pub use crate::{Forward, Pipeline, Router, Scope, TrailingSlash};
}
