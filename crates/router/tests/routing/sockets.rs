//! What has several paths at once, and stays open.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zzz_core::http::{
    Body, Connection, Handover, IntoResponse, Limits, Method, Overdue, Request, Response, RouteKind, Service,
    Socket, StatusCode, Transport, Upgrade, now_or_never,
};
use zzz_router::{Endpoint, Router, Scope};

use crate::support::{ask, echo, endpoint, listed};

/// Sends back what comes, after an upgrade.
struct Echo;

impl Socket for Echo {
    fn transports(self) -> Vec<Transport> {
        vec![
            Transport::new("/websocket", &[Method::GET], upgrade),
            Transport::new("/longpoll", &[Method::GET, Method::POST], echo),
            Transport::new("/any", &[], echo),
        ]
    }
}

async fn upgrade(request: Request) -> Response {
    let room = request.param("room").unwrap_or_default().into_owned();
    match request.extensions().get::<Upgrade>() {
        Some(upgrade) => upgrade.accept("echo", move |mut connection| async move {
            let mut buffer = [0; 64];
            while let Ok(count @ 1..) = std::future::poll_fn(|cx| connection.poll_read(cx, &mut buffer)).await
            {
                let answer = format!("{room}: {}", String::from_utf8_lossy(&buffer[..count]));
                let _ = std::future::poll_fn(|cx| connection.poll_write(cx, answer.as_bytes())).await;
            }
        }),
        None => (StatusCode::UPGRADE_REQUIRED, "ask for an upgrade").into_response(),
    }
}

/// A connection in memory: what the peer says, piece by piece, and what it hears.
struct Memory {
    says: Vec<&'static str>,
    hears: Arc<Mutex<String>>,
}

impl zzz_core::http::Duplex for Memory {
    fn poll_read(
        &mut self,
        _: &mut std::task::Context<'_>,
        buf: &mut [u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        let next = if self.says.is_empty() { "" } else { self.says.remove(0) };
        buf[..next.len()].copy_from_slice(next.as_bytes());
        std::task::Poll::Ready(Ok(next.len()))
    }

    fn poll_write(
        &mut self,
        _: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        self.hears.lock().unwrap().push_str(&String::from_utf8_lossy(bytes));
        std::task::Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn is_finishing(&self) -> bool {
        false
    }
}

fn router() -> Router {
    Router::new().scope(Scope::new("/").socket("/rooms/:room/socket", Echo).socket("/plain", Echo))
}

#[test]
fn each_transport_has_a_path_below_the_sockets() {
    let endpoint = endpoint(router());
    assert_eq!(ask(&endpoint, "GET", "/plain/websocket").status, 426);
    assert_eq!(ask(&endpoint, "POST", "/plain/longpoll").body, "POST /plain/longpoll");
    assert_eq!(ask(&endpoint, "BREW", "/plain/any").body, "ANY /plain/any");
    assert_eq!(ask(&endpoint, "POST", "/plain/websocket").status, 405);
    assert_eq!(ask(&endpoint, "GET", "/plain").status, 404);
    let kinds: Vec<_> = listed(router()).iter().map(|route| route.kind).collect();
    assert_eq!(kinds, [RouteKind::Socket; 8]);
}

#[test]
fn an_upgrade_goes_through_the_routes() {
    let endpoint = endpoint(router());
    let mut request = Request::get("/rooms/lobby/socket/websocket");
    request.extensions_mut().insert(Upgrade::new());
    let mut response = now_or_never(endpoint.call(request)).unwrap();
    assert_eq!(response.status(), 101);
    let handover = response.extensions_mut().remove::<Handover>().unwrap();
    let hears = Arc::new(Mutex::new(String::new()));
    let connection = Memory { says: vec!["hello", "you"], hears: Arc::clone(&hears) };
    now_or_never(handover.start(Box::new(connection))).unwrap();
    assert_eq!(*hears.lock().unwrap(), "lobby: hellolobby: you");
}

/// Notes which timeout the endpoint asks for.
#[derive(Default)]
struct Timeouts(Mutex<Vec<Duration>>);

impl Connection for Timeouts {
    fn peer_addr(&self) -> Option<SocketAddr> {
        None
    }
    fn local_addr(&self) -> Option<SocketAddr> {
        None
    }
    fn proxy_addr(&self) -> Option<SocketAddr> {
        None
    }
    fn is_secure(&self) -> bool {
        false
    }
    fn client_certificate(&self) -> Option<&[u8]> {
        None
    }
    fn set_request_timeout(&self, timeout: Duration) {
        self.0.lock().unwrap().push(timeout);
    }
    fn overdue(&self) -> Option<Overdue> {
        None
    }
}

#[test]
fn a_socket_has_no_timeout_whatever_its_scope_says() {
    let minute = Duration::from_secs(60);
    let scope =
        Scope::new("/").limits(Limits::new().timeout(minute)).socket("/socket", Echo).get("/page", echo);
    let endpoint = Endpoint::new(Router::new().scope(scope)).build().unwrap();
    let timeouts = |path: &str| {
        let connection = Arc::new(Timeouts::default());
        let mut request = Request::new(Method::GET, path, Body::empty());
        request.set_connection(Arc::clone(&connection) as Arc<dyn Connection>);
        now_or_never(endpoint.call(request)).unwrap();
        connection.0.lock().unwrap().clone()
    };
    assert_eq!(timeouts("/page"), [minute]);
    assert_eq!(timeouts("/socket/longpoll"), [Duration::MAX]);
}
