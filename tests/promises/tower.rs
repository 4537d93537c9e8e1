//! A whole app in an axum router, and an axum router in a whole app.

use std::sync::Arc;

use axum::routing::{get, post};
use zzz::core::http::{Connection, Request, Service};
use zzz::db::DatabaseConfig;
use zzz::prelude::*;
use zzz::server::tower::{from_tower, into_tower};
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
