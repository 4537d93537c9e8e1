//! A route's limit for bodies holds whether or not something reads the body before the route is known.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::IntoFuture;

use zzz::Params;
use zzz::http::{Form, Limits, now_or_never};
use zzz::middleware::method_override;
use zzz::router::{Endpoint, EndpointBuilder, Router, Scope, TrailingSlash, post};
use zzz_testing::TestClient;

async fn length(Form(params): Form<Params>) -> String {
    params.text("a").unwrap_or_default().len().to_string()
}

fn endpoint() -> EndpointBuilder {
    let route = |path: &str| post(path, length);
    let scope = Scope::new("/")
        .route(route("/default"))
        .route(route("/small").limits(Limits::new().body(10)))
        .route(route("/large").limits(Limits::new().body(1000)));
    Endpoint::new(Router::new().trailing_slash(TrailingSlash::Ignore).scope(scope))
        .limits(Limits::new().body(100))
}

#[test]
fn a_routes_limit_holds_with_and_without_method_override() {
    for builder in [endpoint(), endpoint().plug(method_override)] {
        let client = TestClient::new(builder.build().unwrap());
        for (path, largest) in
            [("/default", 100), ("/small", 10), ("/large", 1000), ("/small/", 10), ("/large/", 1000)]
        {
            let send = |size: usize| {
                let body = format!("a={}", "x".repeat(size - 2));
                let request = client.post(path).body("application/x-www-form-urlencoded", body);
                now_or_never(request.into_future()).unwrap().status()
            };
            assert_eq!((send(largest), send(largest + 1)), (200, 413), "{path}");
        }
    }
}
