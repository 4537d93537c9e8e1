//! The middleware of zzz, one file each, for an endpoint or a pipeline.
//!
//! | module | holds | stands in |
//! |---|---|---|
//! | [`method_override`](mod@method_override) | PUT, PATCH and DELETE from HTML forms | the endpoint |
//! | [`static_files`] | files under a path | the endpoint |
//! | [`mount`] | another service under a path | the endpoint |
//! | [`files`] | a file as a response, in parts or whole | handlers |
//! | [`flash`](mod@flash) | messages for the next page | a pipeline |
//! | [`cross_site`] | refuses unsafe requests that other sites cause | a pipeline |
//! | [`accepts`](mod@accepts) | what a pipeline speaks | a pipeline |
//! | [`error_pages`] | what stands in a response of status 400 and above | the endpoint |
//! | [`health`] | handlers for liveness and readiness | routes |
//! | [`keyring`] | keys for signing, derived from one secret | services |
//!
//! ```
//! use zzz_core::http::{HandlerExt, MiddlewareExt, Request, Stack, now_or_never};
//!
//! async fn delete() -> &'static str {
//!     "deleted"
//! }
//! let stack = Stack::new(vec![zzz_middleware::cross_site::refuse_cross_site.erase()], delete.erase());
//! let request = Request::post("/posts/1", "").with_header("sec-fetch-site", "cross-site");
//! assert_eq!(now_or_never(stack.run(request)).unwrap().status(), 403);
//! ```

pub mod accepts;
pub mod cross_site;
pub mod error_pages;
pub mod files;
pub mod flash;
pub mod health;
pub mod keyring;
pub mod method_override;
pub mod mount;
pub mod static_files;

pub use accepts::{Accepts, accepts};
pub use cross_site::refuse_cross_site;
pub use error_pages::ErrorPages;
pub use files::SendFile;
pub use flash::{Flash, flash};
pub use keyring::Keyring;
pub use method_override::method_override;
pub use mount::Mount;
pub use static_files::StaticFiles;
