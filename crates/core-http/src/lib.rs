//! The HTTP server of zzz.
//!
//! It serves any [`Service`](zzz_core::http::Service), a zzz app or your own, over HTTP/1.1 on hyper: one accept
//! loop per worker, TCP_NODELAY, a deadline on every phase that waits on the peer, limits on heads and bodies,
//! and a shutdown that refuses nobody who was let in.
//!
//! ```
//! use zzz_core::http::{BoxFuture, IntoResponse, Request, Response, Service};
//! use zzz_core_http::{HttpConfig, Server};
//!
//! struct Hello;
//!
//! impl Service for Hello {
//!     fn call(&self, request: Request) -> BoxFuture<Response> {
//!         Box::pin(async move { format!("You asked for {}", request.path()).into_response() })
//!     }
//! }
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
//! # runtime.block_on(async {
//! let config = HttpConfig { port: 0, ..HttpConfig::default() };
//! let server = Server::bind(&config).unwrap();
//! println!("{}", server.urls().join(" and "));
//! # let stop = std::future::ready(());
//! // In a program, stop is `async { zzz_core_http::shutdown::signal().await.unwrap() }`.
//! let served = server.run(Hello, stop).await;
//! assert_eq!(served.cut, 0);
//! # });
//! ```
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | `config` | [`HttpConfig`]: the section `[http]` |
//! | `server` | [`Server`]: accept loops |
//! | `sweeper` | the thread that holds connections to their deadlines |
//! | `listener` | sockets |
//! | `connection` | one connection: its state, its socket, hyper's machine |
//! | [`shutdown`] | signals |
//! | `error` | [`ServeError`] |

mod acceptor;
mod config;
mod connection;
mod door;
mod error;
mod listener;
mod per_core;
pub mod proxy_protocol;
mod public_url;
mod redirect;
mod runtime;
mod server;
pub mod shutdown;
mod sweeper;
pub mod tls;

pub use config::HttpConfig;
pub use error::ServeError;
pub use listener::Listen;
pub use public_url::PublicUrl;
pub use runtime::Runtime;
pub use server::{Served, Server};
