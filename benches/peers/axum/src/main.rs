//! The benchmark's server on axum, as its documentation advises: a `Router`, handlers without state,
//! `axum::serve`, and TCP_NODELAY through `ListenerExt::tap_io`.

use std::{error::Error, net::Ipv4Addr};

use axum::{Json, Router, extract::Path, routing::get, serve::ListenerExt};
use mimalloc::MiMalloc;
use serde::Serialize;
use tokio::net::TcpListener;

/// The allocator that every contender has.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Serialize)]
struct Message {
    message: &'static str,
}

async fn plaintext() -> &'static str {
    "Hello, World!"
}

async fn json() -> Json<Message> {
    Json(Message { message: "Hello, World!" })
}

async fn user(Path(id): Path<i64>) -> String {
    id.to_string()
}

async fn serve(port: u16) -> Result<(), Box<dyn Error>> {
    let app = Router::new()
        .route("/plaintext", get(plaintext))
        .route("/json", get(json))
        .route("/users/{id}", get(user));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on {}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // The documentation's example; a failure costs latency and nothing else.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, app).await?)
}

fn number(variable: &str) -> Option<u16> {
    std::env::var(variable).ok()?.parse().ok()
}

fn main() -> Result<(), Box<dyn Error>> {
    let workers = number("WORKERS").unwrap_or(1).max(1);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers.into())
        .enable_all()
        .build()?
        .block_on(serve(number("PORT").unwrap_or(0)))
}
