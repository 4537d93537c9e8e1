//! The HTTP server of zzz.
//!
//! It serves any [`Service`](zzz_core::http::Service), a zzz app, an async function or, with the feature `tower`,
//! an `axum::Router`, over HTTP/1.1 and HTTP/2 on hyper: one accept loop per worker, TCP_NODELAY, a deadline on every phase that waits on the peer,
//! limits on heads and bodies, and a shutdown that refuses nobody who was let in.
//!
//! ```
//! use zzz_core::http::Request;
//! use zzz_core_http::{HttpConfig, Server, service_fn};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
//! # runtime.block_on(async {
//! let hello = service_fn(|request: Request| async move { format!("You asked for {}", request.path()) });
//! let config = HttpConfig { port: 0, ..HttpConfig::default() };
//! let server = Server::bind(&config).unwrap();
//! println!("{}", server.urls().join(" and "));
//! # let stop = std::future::ready(());
//! // In a program, stop is `async { zzz_core_http::shutdown::signal().await.unwrap() }`.
//! let served = server.run(hello, stop).await.unwrap();
//! assert_eq!(served.cut, 0);
//! # });
//! ```
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `http2` | yes | HTTP/2, over TLS and by prior knowledge |
//! | `decompress` | no | request bodies in gzip, br and zstd, where `[http] decompress` says so |
//! | `tls` | no | TLS on rustls: certificates for one or many hosts, exchanged without a restart |
//! | `tower` | no | to and from services of tower's kind |
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | `config` | [`HttpConfig`]: the section `[http]` |
//! | `server` | [`Server`]: what it listens at, and its end |
//! | `acceptor` | one accept loop |
//! | `door` | how the connections of one place begin |
//! | `listener` | sockets: TCP, unix, inherited; [`Listen`] |
//! | `per_core`, `runtime` | [`Runtime`]: how the threads share their work |
//! | [`tls`] | certificates and handshakes |
//! | [`proxy_protocol`] | who a connection through a proxy comes from |
//! | `redirect`, `public_url` | from the plain port to [`PublicUrl`] |
//! | `connection` | one connection: its state, its socket, hyper's machine |
//! | `budget` | what all clients together may make the server keep |
//! | `decompress` | request bodies that come compressed |
//! | `descriptors` | how many connections the limit of open files has room for |
//! | `sweeper` | the thread that holds connections to their deadlines |
//! | `service_fn`, `tower` | what else can be served |
//! | [`shutdown`] | signals |
//! | `error` | [`ServeError`] |

mod acceptor;
mod budget;
mod config;
mod connection;
#[cfg(feature = "decompress")]
mod decompress;
mod descriptors;
mod door;
mod error;
mod listener;
mod per_core;
pub mod proxy_protocol;
mod public_url;
mod redirect;
mod runtime;
mod server;
mod service_fn;
pub mod shutdown;
mod sweeper;
pub mod tls;
#[cfg(feature = "tower")]
pub mod tower;

pub use config::HttpConfig;
pub use error::ServeError;
pub use listener::Listen;
pub use public_url::PublicUrl;
pub use runtime::Runtime;
pub use server::{Served, Server};
pub use service_fn::service_fn;
