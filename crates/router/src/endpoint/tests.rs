//! What every request gets from an endpoint, whatever its handler does.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use zzz_core::http::{Body, Connection, IntoResponse, Next, Overdue, Request, StatusCode, now_or_never};
use zzz_core::{Error, Result, Svc};

use super::*;
use crate::Scope;

async fn fails() -> Result<&'static str> {
    Err(Error::internal("the secret cause"))
}
async fn panics() -> &'static str {
    panic!("oh no")
}
fn panics_before_it_waits() -> std::future::Ready<&'static str> {
    panic!("no future")
}
async fn empty() -> StatusCode {
    StatusCode::GONE
}
async fn own_page() -> (StatusCode, &'static str) {
    (StatusCode::GONE, "gone for good")
}
async fn hangs() {
    std::future::pending::<()>().await;
}
async fn echo(body: String) -> String {
    body
}

fn endpoint() -> EndpointBuilder {
    let scope = Scope::new("/")
        .get("/fails", fails)
        .get("/panics", panics)
        .get("/panics/early", panics_before_it_waits)
        .get("/empty", empty)
        .get("/own", own_page)
        .get("/hangs", hangs)
        .post("/echo", echo);
    Endpoint::new(Router::new().scope(scope)).limits(Limits::new().body(5))
}

fn call(endpoint: EndpointBuilder, request: Request) -> (Response, String) {
    let response = now_or_never(endpoint.build().unwrap().call(request)).unwrap();
    let body = String::from_utf8(response.body().full_bytes().unwrap().to_vec()).unwrap();
    (response, body)
}

#[test]
fn every_response_carries_its_id() {
    for path in ["/own", "/fails", "/panics", "/nowhere", "/%"] {
        let (response, _) = call(endpoint(), Request::get(path));
        assert_eq!(response.headers()["x-request-id"].len(), 20, "{path}");
    }
    let given = Request::get("/own").with_header("x-request-id", "from-the-proxy-0001");
    assert_ne!(call(endpoint(), given).0.headers()["x-request-id"], "from-the-proxy-0001", "19 characters");
    let given = Request::get("/own").with_header("x-request-id", "from-the-proxy-00001");
    assert_eq!(call(endpoint(), given).0.headers()["x-request-id"], "from-the-proxy-00001");
}

#[test]
fn an_error_becomes_what_the_client_can_read() {
    let (response, body) = call(endpoint(), Request::get("/fails"));
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"].to_str().unwrap()[..9]),
        (500, "text/html")
    );
    assert!(body.contains("Internal Server Error") && !body.contains("secret"), "{body}");

    let (response, body) = call(endpoint(), Request::get("/fails").with_header("accept", "application/json"));
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert!(body.contains("\"status\":500") && !body.contains("secret"), "{body}");

    let (response, body) = call(endpoint(), Request::get("/empty"));
    assert_eq!((response.status().as_u16(), body.contains("Gone")), (410, true));
    assert_eq!(call(endpoint(), Request::get("/own")).1, "gone for good");

    let (response, _) = call(endpoint(), Request::post("/own", ""));
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"GET, HEAD, OPTIONS".parse().unwrap())
    );
}

#[test]
fn a_panic_is_a_500_with_and_without_plugs() {
    async fn pass(request: Request, next: Next) -> Response {
        next.run(request).await
    }
    async fn breaks(_: Request, _: Next) -> Response {
        panic!("in the middleware")
    }
    assert_eq!(call(endpoint(), Request::get("/panics")).0.status(), 500);
    assert_eq!(call(endpoint(), Request::get("/panics/early")).0.status(), 500);
    assert_eq!(call(endpoint().plug(pass), Request::get("/panics")).0.status(), 500);
    assert_eq!(call(endpoint().plug(breaks), Request::get("/own")).0.status(), 500);
}

#[test]
fn a_body_beyond_the_limit_is_a_413() {
    assert_eq!(call(endpoint(), Request::post("/echo", "12345")).1, "12345");
    let (response, _) = call(endpoint(), Request::post("/echo", Body::from("123456")));
    assert_eq!(response.status(), 413);
}

#[test]
fn a_handler_whose_time_is_over_is_dropped_and_answered_for() {
    struct Slow {
        began: AtomicBool,
        overdue: Overdue,
    }
    impl Connection for Slow {
        fn peer_addr(&self) -> Option<SocketAddr> {
            None
        }
        fn local_addr(&self) -> Option<SocketAddr> {
            None
        }
        fn is_secure(&self) -> bool {
            false
        }
        fn set_request_timeout(&self, timeout: Duration) {
            assert_eq!(timeout, Duration::from_secs(3));
            self.began.store(true, Ordering::Relaxed);
        }
        fn overdue(&self) -> Option<Overdue> {
            self.began.load(Ordering::Relaxed).then_some(self.overdue)
        }
        fn proxy_addr(&self) -> Option<SocketAddr> {
            None
        }
        fn client_certificate(&self) -> Option<&[u8]> {
            None
        }
    }
    for (overdue, status, message) in [
        (Overdue::Response, 503, "This took too long."),
        (Overdue::Body, 408, "The request's body came too slowly."),
    ] {
        let mut request = Request::get("/hangs").with_header("accept", "application/json");
        request.set_connection(Arc::new(Slow { began: AtomicBool::new(false), overdue }));
        let limits = Limits::new().timeout(Duration::from_secs(3));
        let (response, body) = call(endpoint().limits(limits), request);
        assert_eq!(response.status(), status);
        assert!(body.contains(message) && response.headers().contains_key("x-request-id"), "{body}");
    }
}

#[test]
fn an_error_page_that_fails_is_answered_for() {
    struct Broken;
    impl ErrorRenderer for Broken {
        fn render(&self, _: &zzz_core::http::ErrorPage<'_>) -> Response {
            panic!("in the page")
        }
    }
    let (response, body) = call(endpoint().errors(Broken), Request::get("/nowhere"));
    assert_eq!((response.status().as_u16(), body.contains("Not Found")), (404, true));
}

#[test]
fn is_not_built_while_a_handler_needs_a_service_that_is_missing() {
    struct Mailer;
    async fn send(_: Svc<Mailer>, _: Result<Svc<u8>, Error>) {}
    async fn show(_: Svc<Mailer>) {}
    let router = || Router::new().scope(Scope::new("/mails").post("/", send).get("/:id", show));
    let error = Endpoint::new(router()).build().unwrap_err();
    let [mistake] = error.mistakes() else { panic!("{error}") };
    let mut places = mistake.match_indices(", crates/router/src/endpoint/tests.rs:").map(|(at, _)| at);
    let mistake = match (places.next(), places.next()) {
        (Some(first), Some(second)) => {
            let end = |at: usize| at + mistake[at..].find(')').unwrap();
            [&mistake[..first], &mistake[end(first)..second], &mistake[end(second)..]].concat()
        }
        places => panic!("{places:?} in {mistake}"),
    };
    let (path, here) = (module_path!(), "is_not_built_while_a_handler_needs_a_service_that_is_missing");
    assert_eq!(
        mistake.replace(&format!("{path}::{here}::"), ""),
        "`Mailer` is not registered, and needed by `POST /mails (send)`, `GET /mails/:id (show)`; register it, with `services.singleton(...)` or `services.value(...)`"
    );
    let mut services = Services::new();
    services.insert(Mailer);
    assert!(Endpoint::new(router()).services(Arc::new(services)).build().is_ok());
}

#[test]
fn mistakes_of_routes_and_missing_services_come_together() {
    struct Tenants;
    struct Keys;
    async fn of_tenant(_: Svc<Tenants>, request: Request, next: Next) -> Response {
        next.run(request).await
    }
    async fn signed(_: Svc<Keys>, request: Request, next: Next) -> Response {
        next.run(request).await
    }
    let browser = crate::Pipeline::new("browser").plug(of_tenant);
    let inner = Router::new().plug(signed).scope(Scope::new("/").through(&browser).get("/x", fails));
    let router = |path: &str| {
        let scope = Scope::new("/").through(&browser).get(path, fails).get("/b", fails);
        let other = Scope::new("/other").through(&browser).get("/", fails).forward("/inner", inner.clone());
        Router::new().scope(scope).scope(other)
    };
    let path = format!("{}::mistakes_of_routes_and_missing_services_come_together::", module_path!());
    let told = |path_of_route: &str| {
        let error = Endpoint::new(router(path_of_route)).plug(signed).build().unwrap_err();
        error.mistakes().iter().map(|mistake| mistake.replace(&path, "")).collect::<Vec<_>>()
    };
    let advice = "register it, with `services.singleton(...)` or `services.value(...)`";
    let missing = [
        format!("`Tenants` is not registered, and needed by `of_tenant (pipeline browser)`; {advice}"),
        format!("`Keys` is not registered, and needed by `signed (before the routes)`; {advice}"),
    ];
    assert_eq!(told("/a"), missing);
    let both = told("a");
    assert!(both[0].starts_with("the path `a` must begin with `/`"), "{both:#?}");
    assert_eq!(both[1..], missing);
    let mut services = Services::new();
    services.insert(Tenants);
    services.insert(Keys);
    assert!(Endpoint::new(router("/a")).plug(signed).services(Arc::new(services)).build().is_ok());
}

/// An error page that says what it was told.
struct Told;

impl ErrorRenderer for Told {
    fn render(&self, page: &zzz_core::http::ErrorPage<'_>) -> Response {
        let route = page.route.map_or("none", |route| route.pattern.as_str());
        format!("{} {} by {route}", page.method, page.path).into_response()
    }
}

#[test]
fn an_error_page_knows_the_route_and_the_method_also_behind_middleware_that_panics() {
    async fn as_delete(mut request: Request, next: Next) -> Response {
        request.set_method(zzz_core::http::Method::DELETE);
        let mut response = next.run(request).await;
        response.headers_mut().insert("passed", header::HeaderValue::from_static("yes"));
        response
    }
    let scope = Scope::new("/").delete("/posts/:id", panics).delete("/fails", fails);
    let endpoint = || {
        Endpoint::new(Router::new().scope(scope.clone())).errors(Told).plug(as_delete).limits(Limits::new())
    };
    for (path, told) in [
        ("/posts/7", "DELETE /posts/7 by /posts/:id"),
        ("/fails", "DELETE /fails by /fails"),
        ("/nowhere", "DELETE /nowhere by none"),
    ] {
        assert_eq!(call(endpoint(), Request::post(path, "")).1, told);
    }
}
