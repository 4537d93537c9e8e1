//! Scopes for hosts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use zzz_core::Services;
use zzz_core::http::{Connection, Overdue, Request, TrustedProxies};
use zzz_router::{Endpoint, Router, Scope};

use crate::support::{ask, echo, endpoint, get, get_at, send};

fn on(host: &str) -> Scope {
    Scope::new("/").host(host).get("/", echo)
}

#[test]
fn a_request_goes_to_the_scope_of_its_host() {
    let router = Router::new()
        .scope(on("example.com"))
        .scope(on("*.example.com"))
        .scope(on("*.eu.example.com"))
        .scope(on("admin.*"))
        .scope(on("admin.example.com"))
        .scope(on("[::1]"))
        .scope(Scope::new("/").get("/", echo));
    let endpoint = endpoint(router);
    for (host, wanted) in [
        ("example.com", "GET example.com/"),
        ("EXAMPLE.com", "GET example.com/"),
        ("example.com:4000", "GET example.com/"),
        ("example.com.", "GET example.com/"),
        ("example.com.:4000", "GET example.com/"),
        ("www.example.com", "GET *.example.com/"),
        ("a.b.example.com", "GET *.example.com/"),
        ("a.eu.example.com", "GET *.eu.example.com/"),
        ("admin.example.com", "GET admin.example.com/"),
        ("admin.other.org", "GET admin.*/"),
        ("admin.eu.example.com", "GET *.eu.example.com/"),
        ("[::1]:4000", "GET [::1]/"),
        ("other.org", "GET /"),
        ("administration.org", "GET /"),
        ("example.com.evil.org", "GET /"),
        ("example.com@evil.org", "GET /"),
        ("evil.org@example.com", "GET /"),
        ("", "GET /"),
    ] {
        assert_eq!(get_at(&endpoint, host, "/"), wanted, "{host}");
    }
    assert_eq!(get(&endpoint, "/"), "GET /");
    assert_eq!(get(&endpoint, "http://www.example.com/"), "GET *.example.com/");
    let both = Request::get("http://example.com/").with_header("host", "admin.example.com");
    assert_eq!(send(&endpoint, both).body, "GET example.com/", "the target counts, not the header");
}

#[test]
fn a_scope_may_be_for_several_hosts() {
    let inner = Scope::new("/in").get("/", echo);
    let router = Router::new().scope(
        Scope::new("/")
            .host("a.example")
            .host("admin.*")
            .named("own")
            .route(zzz_router::get("/users", echo).name("users"))
            .scope(inner)
            .forward("/jobs", Router::new().scope(Scope::new("/").get("/x", echo)))
            .fallback(echo),
    );
    let table = router.clone().build().unwrap();
    let listed = |pattern: &str| {
        let routes = table.routes().filter(|route| route.pattern == pattern);
        routes.map(|route| (route.host.clone().unwrap(), route.name.clone())).collect::<Vec<_>>()
    };
    let name = Some("own_users".to_owned());
    assert_eq!(listed("/users"), [("a.example".to_owned(), name.clone()), ("admin.*".into(), name)]);
    assert_eq!(listed("/jobs/x"), [("a.example".to_owned(), None), ("admin.*".into(), None)]);
    let endpoint = endpoint(router);
    for host in ["a.example", "admin.example"] {
        for path in ["/users", "/in", "/jobs/x", "/nowhere"] {
            let request = Request::get(path).with_header("host", host);
            assert_eq!(send(&endpoint, request).status, 200, "{host}{path}");
        }
    }
    assert_eq!(send(&endpoint, Request::get("/users").with_header("host", "b.example")).status, 404);
    let wrong = |scope: Scope| Router::new().scope(scope).build().unwrap_err().mistakes().to_vec();
    let found = wrong(Scope::new("/").host("a.example").host("b.*").get("x", echo).host("A.Example"));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].starts_with("the path `x` must begin with `/`"), "{found:#?}");
    assert!(found[1].contains("names the host `A.Example` twice"), "{found:#?}");
}

#[test]
fn what_a_host_does_not_have_is_looked_up_for_all_hosts() {
    let router = Router::new()
        .scope(Scope::new("/").host("admin.*").get("/users", echo).get("/posts/:id", echo))
        .scope(Scope::new("/").host("*.example.com").get("/shop", echo))
        .scope(Scope::new("/").get("/users", echo).get("/about", echo).post("/posts/:id", echo));
    let endpoint = endpoint(router);
    let at = |path| get_at(&endpoint, "admin.example.com", path);
    assert_eq!(at("/users"), "GET admin.*/users");
    assert_eq!(at("/shop"), "GET *.example.com/shop");
    assert_eq!(at("/about"), "GET /about");
    assert_eq!(at("/posts/7"), "GET admin.*/posts/:id id=7");
    assert_eq!(at("/nowhere"), "404");
    assert_eq!(get_at(&endpoint, "other.org", "/posts/7"), "405");
    let request = |method: &str| {
        let method = method.parse().unwrap();
        send(&endpoint, Request::new(method, "/posts/7", "").with_header("host", "admin.example.com"))
    };
    assert_eq!(request("POST").body, "POST /posts/:id id=7");
    assert_eq!(request("PUT").header("allow"), "GET, HEAD, POST, OPTIONS");
}

#[test]
fn an_inner_scope_may_be_for_another_host() {
    let inner = Scope::new("/").host("a.example.com").get("/inner", echo);
    let outer = Scope::new("/x").host("b.example.com").get("/outer", echo).scope(inner);
    let endpoint = endpoint(Router::new().scope(outer));
    assert_eq!(get_at(&endpoint, "b.example.com", "/x/outer"), "GET b.example.com/x/outer");
    assert_eq!(get_at(&endpoint, "a.example.com", "/x/inner"), "GET a.example.com/x/inner");
    assert_eq!(get_at(&endpoint, "b.example.com", "/x/inner"), "404");
    assert_eq!(ask(&endpoint, "GET", "/x/outer").status, 404);
}

/// A connection from somewhere.
struct Peer(&'static str);

impl Connection for Peer {
    fn peer_addr(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.0.parse().unwrap(), 5000))
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
    fn set_request_timeout(&self, _: Duration) {}
    fn overdue(&self) -> Option<Overdue> {
        None
    }
}

#[test]
fn behind_a_trusted_proxy_the_host_is_the_one_that_the_client_asked_for() {
    let router = Router::new().scope(on("admin.*")).scope(on("app.internal")).scope(on("[::1]"));
    let router = router.scope(Scope::new("/").get("/", echo).get("/about", echo));
    let mut services = Services::new();
    services.insert(TrustedProxies::new(["10.0.0.0/8".parse().unwrap()]));
    let endpoint = Endpoint::new(router).services(Arc::new(services)).build().unwrap();
    let ask = |peer: &'static str, headers: &[(&'static str, &'static str)]| {
        let mut request = Request::get("/").with_header("host", "app.internal:4000");
        for (name, value) in headers {
            request = request.with_header(name, value);
        }
        request.set_connection(Arc::new(Peer(peer)));
        send(&endpoint, request).body
    };
    let (proxy, stranger) = ("10.1.2.3", "203.0.113.9");
    let asked = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-host", "Admin.example.com.:443")];
    assert_eq!(ask(proxy, &asked), "GET admin.*/");
    assert_eq!(ask(stranger, &asked), "GET app.internal/", "a stranger's word does not count");
    assert_eq!(ask(proxy, &[("forwarded", "for=192.0.2.1;host=admin.example.com")]), "GET admin.*/");
    assert_eq!(ask(stranger, &[("forwarded", "for=192.0.2.1;host=admin.example.com")]), "GET app.internal/");
    assert_eq!(ask(proxy, &[("x-forwarded-host", "[0::1]:443")]), "GET [::1]/");
    assert_eq!(ask(proxy, &[("x-forwarded-host", "other.org")]), "GET /");
    assert_eq!(ask(proxy, &[("x-forwarded-host", "admin.example.com/..")]), "GET app.internal/", "no host");
    assert_eq!(ask(proxy, &[]), "GET app.internal/");
}
