//! A whole app in an axum router, and an axum router in a whole app.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::{get, post};
use zzz::core::http::{Connection, Request, Service};
use zzz::db::DatabaseConfig;
use zzz::prelude::*;
use zzz::server::tower::{from_tower, into_tower};
use zzz::server::{HttpConfig, Server};
use zzz::{Booted, Settings, boot};
use zzz_testing::TempDatabase;

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

async fn booted(app: App, database: &TempDatabase) -> Booted {
    let booted = boot(app, Settings::test().set::<DatabaseConfig>("url", database.url())).await.unwrap();
    booted.migrate().await.unwrap();
    booted
}

async fn text(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    (status, String::from_utf8(response.into_body().read().await.unwrap().to_vec()).unwrap())
}

#[test]
fn an_app_is_nested_in_an_axum_router() {
    run(async {
        let database = TempDatabase::new();
        let app = booted(example_app::app(), &database).await;
        let router = axum::Router::new()
            .route("/", get(async || "axum's own"))
            .nest_service("/nightowl", into_tower(app.endpoint().clone()));
        // Back through the other adapter, which is how the server would serve it.
        let service = from_tower(router);
        let ask = async |request: Request| service.call(request).await;
        assert_eq!(text(ask(Request::get("/")).await).await, (200, "axum's own".into()));
        let post = Request::post("/nightowl/api/v1/posts", r#"{"title": "From axum"}"#)
            .with_header("content-type", "application/json");
        assert_eq!(ask(post).await.status(), 201);
        let (status, list) = text(ask(Request::get("/nightowl/api/v1/posts?per_page=1")).await).await;
        assert!(status == 200 && list.contains("From axum"), "{status} {list}");
        let missing = ask(Request::get("/nightowl/nowhere")).await;
        assert_eq!(missing.status(), 404);
        assert!(missing.headers().contains_key("x-request-id"), "the app's own endpoint answers");
        app.close().await;
    });
}

#[test]
fn an_axum_router_is_mounted_in_an_app() {
    async fn echo(request: axum::extract::Request) -> axum::response::Response {
        axum::response::Response::new(request.into_body())
    }
    async fn seen(request: axum::extract::Request) -> String {
        let connection = request.extensions().get::<Arc<dyn Connection>>().is_some();
        format!("{} {connection}", request.uri())
    }
    let axum = axum::Router::new().route("/seen/{id}", get(seen)).route("/echo", post(echo));
    run(async {
        let database = TempDatabase::new();
        let app = booted(example_app::app().mount("/legacy", from_tower(axum)), &database).await;
        let ask = async |request: Request| app.endpoint().call(request).await;
        assert_eq!(text(ask(Request::get("/health/live")).await).await.0, 200);
        assert_eq!(
            text(ask(Request::get("/legacy/seen/1?a=b")).await).await,
            (200, "/seen/1?a=b false".into())
        );
        assert_eq!(text(ask(Request::post("/legacy/echo", "a body")).await).await, (200, "a body".into()));
        let missing = ask(Request::get("/legacy/nowhere")).await;
        assert_eq!(missing.status(), 404);
        assert!(missing.headers().contains_key("x-request-id"), "the app's endpoint stands around it");
        assert_eq!(ask(Request::get("/legacyx")).await.status(), 404);
        app.close().await;
    });
}

/// Says everything again until the client takes leave.
async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        // Its leave is answered by axum.
        if matches!(message, Message::Text(_)) && socket.send(message).await.is_err() {
            return;
        }
    }
}

/// A text in a frame of a client's (RFC 6455, 5.2), which is masked.
fn frame(text: &str) -> Vec<u8> {
    let mask = [7, 11, 13, 17];
    let length = u16::try_from(text.len()).unwrap();
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(length.to_be_bytes());
    frame.extend(mask);
    frame.extend(text.bytes().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The text of a server's frame.
fn text_of_frame(stream: &mut TcpStream) -> String {
    let mut head = [0; 2];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(head[0], 0x81, "a text in one frame");
    let length = match head[1] {
        126 => {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            usize::from(u16::from_be_bytes(length))
        }
        length => usize::from(length),
    };
    let mut text = vec![0; length];
    stream.read_exact(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// Asks for a WebSocket and sends this behind the head at once; gives the head of the answer.
fn ask_for_websocket(address: SocketAddr, path: &str, early: &[u8]) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), early].concat()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    (stream, String::from_utf8(answer).unwrap())
}

#[test]
fn a_websocket_of_axum_talks_through_an_app() {
    let axum = axum::Router::new()
        .route("/talk", get(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo)))
        .route("/refuse", get(async |_: WebSocketUpgrade| (axum::http::StatusCode::FORBIDDEN, "not you")));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (server, app, database) = runtime.block_on(async {
        let database = TempDatabase::new();
        let app = booted(example_app::app().mount("/legacy", from_tower(axum)), &database).await;
        let config = HttpConfig {
            port: 0,
            workers: 2,
            shutdown_grace: Duration::from_millis(200),
            ..HttpConfig::default()
        };
        (Server::bind(&config).unwrap(), app, database)
    });
    let address = server.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = server.run(app.endpoint().clone(), async { drop(stopped.await) });
    let served = runtime.spawn(async { serving.await.unwrap() });

    // The first words may come with the head.
    let (mut talk, head) = ask_for_websocket(address, "/legacy/talk", &frame("early"));
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    assert!(head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
    assert_eq!(head.matches("upgrade: websocket").count(), 1, "{head}");
    assert_eq!(text_of_frame(&mut talk), "early");
    let long = "long ".repeat(10_000);
    for words in ["hello", "", &long] {
        talk.write_all(&frame(words)).unwrap();
        assert_eq!(text_of_frame(&mut talk), words);
    }
    // A client that takes leave gets its leave, and the end of the connection.
    talk.write_all(&[0x88, 0x80, 0, 0, 0, 0]).unwrap();
    let mut rest = Vec::new();
    talk.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, [0x88, 0]);

    // A refusal is an answer as any other, and the connection is kept.
    let (mut refused, head) = ask_for_websocket(address, "/legacy/refuse", b"");
    assert!(head.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{head}");
    refused.read_exact(&mut [0; 7]).unwrap();
    refused.write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    refused.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

    // One that stays is cut when the grace is over, though axum has taken it to a task of its own.
    let (mut stays, _) = ask_for_websocket(address, "/legacy/talk", &frame("still here"));
    assert_eq!(text_of_frame(&mut stays), "still here");
    stop.send(()).unwrap();
    assert_eq!(stays.read(&mut [0]).unwrap_or(0), 0);
    assert_eq!(runtime.block_on(served).unwrap().cut, 1);
    runtime.block_on(app.close());
    drop(database);
}
