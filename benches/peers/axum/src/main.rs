//! The benchmark's server on axum, as its documentation advises: a `Router`, handlers without state,
//! `axum::serve`, and TCP_NODELAY through `ListenerExt::tap_io`.

use std::{
    error::Error,
    net::Ipv4Addr,
    path::PathBuf,
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Multipart, Path},
    http::StatusCode,
    routing::{get, post},
    serve::ListenerExt,
};
use futures_util::TryStreamExt;
use mimalloc::MiMalloc;
use serde::Serialize;
use tokio::{fs::File, io::BufWriter, net::TcpListener};
use tokio_util::io::StreamReader;

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

/// Writes a file to a temporary one, and tells its length: a `StreamReader` copied to a `BufWriter`, as in axum's
/// example `stream-to-file`.
async fn upload(mut form: Multipart) -> Result<String, (StatusCode, String)> {
    let failed = |error: std::io::Error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
    let mut length = 0;
    while let Some(field) = form.next_field().await.map_err(|error| (error.status(), error.body_text()))? {
        let path = temporary();
        let mut reader = pin!(StreamReader::new(field.map_err(std::io::Error::other)));
        let mut file = BufWriter::new(File::create_new(&path).await.map_err(failed)?);
        length = tokio::io::copy(&mut reader, &mut file).await.map_err(failed)?;
        tokio::fs::remove_file(path).await.map_err(failed)?;
    }
    Ok(length.to_string())
}

/// A path that nobody else in this process uses.
fn temporary() -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!("bench-axum-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    std::env::temp_dir().join(name)
}

async fn serve(port: u16) -> Result<(), Box<dyn Error>> {
    let app = Router::new()
        .route("/plaintext", get(plaintext))
        .route("/json", get(json))
        .route("/users/{id}", get(user))
        .route("/upload", post(upload).layer(DefaultBodyLimit::disable()));
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
