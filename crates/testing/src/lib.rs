//! The test kit of zzz.
//!
//! [`TestClient`] sends requests to an app in the same process, without a socket, and keeps cookies like a
//! browser. [`TempDatabase`] is a database file of a test's own, gone when the test ends;
//! `Sandbox` (feature `sandbox`) is one with tables, on any database, for tests that run side by side.
//!
//! ```
//! use zzz_core::http::Form;
//! use zzz_core::Params;
//! use zzz_router::{Endpoint, Router, Scope};
//! use zzz_testing::TestClient;
//!
//! async fn greet(Form(params): Form<Params>) -> String {
//!     format!("Hello, {}!", params.text("name").unwrap_or("world"))
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let router = Router::new().scope(Scope::new("/").post("/greet", greet));
//! let client = TestClient::new(Endpoint::new(router).build().unwrap());
//! let response = client.post("/greet").form([("name", "Ada")]).await;
//! assert_eq!((response.status(), response.text()), (200, "Hello, Ada!"));
//! client.get("/greet").await.assert_status(405);
//! # });
//! ```
//!
//! Every `assert_` method panics with the whole response, so that a failure needs no second run.
#![allow(clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

mod client;
mod multipart;
mod response;
mod stream;
mod temp;
#[cfg(test)]
mod tests;

pub use client::{TestClient, TestRequest};
pub use multipart::MultipartBody;
pub use response::TestResponse;
pub use stream::TestStream;
pub use temp::TempDatabase;
#[cfg(feature = "sandbox")]
pub use zzz_db::sandbox::{Sandbox, SandboxOptions};
