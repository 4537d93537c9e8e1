//! What finding a route costs in allocations.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::hint::black_box;
use std::sync::Arc;

use zzz_core::Services;
use zzz_core::http::{Method, Request, Service, TrustedProxies, now_or_never};
use zzz_router::{Endpoint, Router, Scope, TrailingSlash};

async fn handler() {}

fn shared() -> Scope {
    Scope::new("/")
        .get("/", handler)
        .get("/posts", handler)
        .get("/posts/:id", handler)
        .get("/files/*rest", handler)
}

fn with_hosts() -> Router {
    Router::new()
        .scope(Scope::new("/").host("example.com").get("/own", handler))
        .scope(Scope::new("/").host("[::1]").get("/own", handler))
        .scope(Scope::new("/").host("*.example.com").get("/own", handler))
        .scope(Scope::new("/").host("admin.*").get("/own", handler))
        .scope(shared())
}

/// Allocations from a request that is there to its answer.
fn count(endpoint: &Endpoint, method: &Method, host: &str, path: &str) -> (u16, u64) {
    let ask = || {
        let request = Request::new(method.clone(), path, "").with_header("host", host);
        let (mut status, mut request) = (0, Some(request));
        let counted = allocation_counter::measure(|| {
            let response = now_or_never(endpoint.call(black_box(request.take().unwrap()))).unwrap();
            status = response.status().as_u16();
        });
        (status, counted.count_total)
    };
    // The first has to set up what is kept for later ones.
    ask();
    ask()
}

const HOSTS: [&str; 8] = [
    "example.com",
    "Example.COM:4000",
    "a.example.com.",
    "admin.example.org",
    "localhost",
    "127.0.0.1:4000",
    "[::1]:4000",
    "no host",
];

#[test]
fn hosts_cost_no_allocation() {
    // Proxies are registered, as in an app, and none is trusted.
    let mut services = Services::new();
    services.insert(TrustedProxies::default());
    let services = Arc::new(services);
    let build = |router: Router| Endpoint::new(router).services(Arc::clone(&services)).build().unwrap();
    let (bare, hosts) = (build(Router::new().scope(shared())), build(with_hosts()));
    for (method, path, status) in [
        (Method::GET, "/", 200),
        (Method::GET, "/posts", 200),
        (Method::HEAD, "/posts", 200),
        (Method::GET, "/posts/7", 200),
        (Method::GET, "/files/a/b", 200),
        (Method::GET, "/posts/%C3%BC", 200),
        (Method::GET, "/nowhere", 404),
        (Method::GET, "/posts/%2e%2e", 404),
        (Method::DELETE, "/posts", 405),
        (Method::OPTIONS, "/posts", 204),
    ] {
        let without = count(&bare, &method, "example.com", path);
        assert_eq!(without.0, status, "{method} {path}");
        for host in HOSTS {
            assert_eq!(count(&hosts, &method, host, path), without, "{method} {path} at {host}");
        }
    }
    let own = count(&hosts, &Method::GET, "example.com", "/own");
    assert_eq!(own, count(&bare, &Method::GET, "example.com", "/posts"));
}

#[test]
fn a_slash_too_many_that_does_not_matter_costs_no_allocation() {
    let router = Router::new().trailing_slash(TrailingSlash::Ignore).scope(shared());
    let endpoint = Endpoint::new(router).build().unwrap();
    for (path, with_slash) in [("/posts", "/posts/"), ("/posts/7", "/posts/7/")] {
        let [one, other] = [path, with_slash].map(|path| count(&endpoint, &Method::GET, "localhost", path));
        assert_eq!((one.0, one), (200, other), "{path}");
    }
}

#[test]
fn a_route_costs_as_many_allocations_whichever_it_is() {
    let endpoint = Endpoint::new(Router::new().scope(shared())).build().unwrap();
    let of = |path: &str| count(&endpoint, &Method::GET, "localhost", path);
    let first = of("/");
    assert_eq!([of("/posts"), of("/posts/7"), of("/files/a/b/c")], [first; 3]);
}
