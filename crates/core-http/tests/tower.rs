//! axum and zzz in each other: under a path prefix, with bodies that stream both ways.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::Request as AxumRequest;
use axum::response::Response as AxumResponse;
use axum::routing::{get as route_get, post};
use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::channel::Channel;
use support::{config, rest, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower_service::Service as _;
use zzz_core::http::{Body, IntoResponse, Request, Response, Service, StatusCode};
use zzz_core_http::tower::{from_tower, into_tower};
use zzz_core_http::{Server, service_fn};

/// Answers with the path it sees and, piece by piece, the body as it comes.
fn zzz_echo() -> impl Service + Clone {
    service_fn(|request: Request| async move {
        let mut response = Response::new(Body::empty());
        response.headers_mut().insert("x-path", request.uri().to_string().parse().unwrap());
        *response.body_mut() = request.into_parts().1;
        response
    })
}

/// The same in axum.
fn axum_echo() -> axum::Router {
    async fn echo(request: AxumRequest) -> AxumResponse {
        let path = request.uri().to_string();
        let mut response = AxumResponse::new(request.into_body());
        response.headers_mut().insert("x-path", path.parse().unwrap());
        response
    }
    axum::Router::new()
        .route("/echo", post(echo))
        .route("/fail", route_get(async || axum::http::StatusCode::IM_A_TEAPOT))
}

/// Serves, and checks that pieces of a body come back before the next one is sent, and the path.
async fn echoes(service: impl Service, target: &str, path: &str) {
    let server = Server::bind(&config()).unwrap();
    let address = server.local_addr().unwrap();
    tokio::spawn(server.run(service, std::future::pending()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("POST {target} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut got = String::new();
    for piece in ["one", "two", "three"] {
        stream.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).await.unwrap();
        within(async {
            let mut buffer = [0; 512];
            while !got.contains(piece) {
                let count = stream.read(&mut buffer).await.unwrap();
                assert_ne!(count, 0, "{got}");
                got.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
            }
        })
        .await;
    }
    assert!(got.starts_with("HTTP/1.1 200 OK\r\n") && got.contains(&format!("x-path: {path}\r\n")), "{got}");
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    assert!(rest(&mut stream).await.ends_with("0\r\n\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_serves_an_axum_router() {
    echoes(from_tower(axum_echo()), "/echo", "/echo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_of_ours_is_nested_in_an_axum_router() {
    let router = axum::Router::new()
        .route("/", route_get(async || "axum's own"))
        .nest_service("/zzz", into_tower(zzz_echo()));
    echoes(from_tower(router), "/zzz/posts?page=2", "/posts?page=2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_of_our_server_is_seen_in_axum_and_in_what_axum_nests() {
    async fn peer(request: AxumRequest) -> String {
        let connection = request.extensions().get::<std::sync::Arc<dyn zzz_core::http::Connection>>();
        connection.unwrap().peer_addr().unwrap().to_string()
    }
    let server = Server::bind(&config()).unwrap();
    let mut stream = TcpStream::connect(server.local_addr().unwrap()).await.unwrap();
    let ours =
        service_fn(async |request: Request| request.connection().unwrap().peer_addr().unwrap().to_string());
    let router = axum::Router::new().route("/", route_get(peer)).nest_service("/zzz", into_tower(ours));
    tokio::spawn(server.run(from_tower(router), std::future::pending()));
    let own = stream.local_addr().unwrap().to_string();
    assert!(support::get(&mut stream, "/").await.ends_with(&own));
    let mut stream = TcpStream::connect(stream.peer_addr().unwrap()).await.unwrap();
    let own = stream.local_addr().unwrap().to_string();
    assert!(support::get(&mut stream, "/zzz").await.ends_with(&own));
}

#[tokio::test]
async fn a_response_of_axum_is_one_of_ours_whatever_its_status() {
    let service = from_tower(axum_echo());
    assert_eq!(service.call(Request::get("/fail")).await.status(), 418);
    assert_eq!(service.call(Request::get("/nowhere")).await.status(), 404);
}

#[tokio::test]
async fn a_request_of_tower_is_one_of_ours_with_its_extensions_and_any_body() {
    #[derive(Clone)]
    struct Mark(u8);
    let mut service = into_tower(service_fn(|request: Request| async move {
        let mark = request.extensions().get::<Mark>().map_or(0, |mark| mark.0);
        let body = request.into_parts().1.read().await.unwrap();
        (StatusCode::CREATED, format!("{mark} {}", String::from_utf8(body.to_vec()).unwrap())).into_response()
    }));
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    let mut request = http::Request::post("/").body(body).unwrap();
    request.extensions_mut().insert(Mark(7));
    let answer = tokio::spawn(service.call(request));
    sender.send_data("pieces ".into()).await.unwrap();
    sender.send_data("of it".into()).await.unwrap();
    drop(sender);
    let response = within(answer).await.unwrap().unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "7 pieces of it");
}

/// A service of tower's kind that is never ready, or fails.
#[derive(Clone)]
struct Failing {
    when_ready: bool,
}

impl tower_service::Service<http::Request<Body>> for Failing {
    type Response = http::Response<Body>;
    type Error = &'static str;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(if self.when_ready { Ok(()) } else { Err("not ready") })
    }

    fn call(&mut self, _: http::Request<Body>) -> Self::Future {
        Box::pin(async { Err("failed") })
    }
}

#[tokio::test]
async fn an_error_of_tower_is_a_500_without_its_text() {
    for when_ready in [true, false] {
        let response = from_tower(Failing { when_ready }).call(Request::get("/")).await;
        assert_eq!(response.status(), 500);
        let body = response.into_body().read().await.unwrap();
        let text = String::from_utf8_lossy(&body).into_owned();
        assert!(!text.contains("ready") && !text.contains("failed"), "{text}");
    }
}
