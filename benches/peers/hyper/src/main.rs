//! The benchmark's server on bare hyper: its HTTP/1 machine on tokio's runtime with many threads, and a `match`
//! where others have a router. No timer (so no deadline on heads) and no `pipeline_flush`.

use std::{convert::Infallible, error::Error, net::Ipv4Addr};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use mimalloc::MiMalloc;
use serde::Serialize;
use tokio::net::TcpListener;

/// The allocator that every contender has.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

type Answer = Response<Full<Bytes>>;

#[derive(Serialize)]
struct Message {
    message: &'static str,
}

async fn route(request: Request<Incoming>) -> Result<Answer, Infallible> {
    Ok(match (request.method(), request.uri().path()) {
        (&Method::GET, "/plaintext") => text(Bytes::from_static(b"Hello, World!")),
        (&Method::GET, "/json") => json(&Message { message: "Hello, World!" }),
        (&Method::GET, path) => match path.strip_prefix("/users/").map(str::parse::<i64>) {
            Some(Ok(id)) => text(Bytes::from(id.to_string())),
            Some(Err(_)) => status(StatusCode::BAD_REQUEST),
            None => status(StatusCode::NOT_FOUND),
        },
        _ => status(StatusCode::METHOD_NOT_ALLOWED),
    })
}

fn text(body: Bytes) -> Answer {
    answer(HeaderValue::from_static("text/plain; charset=utf-8"), body)
}

fn json(value: &Message) -> Answer {
    match serde_json::to_vec(value) {
        Ok(body) => answer(HeaderValue::from_static("application/json"), Bytes::from(body)),
        Err(_) => status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn answer(content_type: HeaderValue, body: Bytes) -> Answer {
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn status(status: StatusCode) -> Answer {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

async fn serve(port: u16) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // A client that goes away is no failure.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(route)).await;
        });
    }
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
