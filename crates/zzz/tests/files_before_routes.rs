//! Files are served before the routes are asked; what is no file is the routes'.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use zzz::http::{Body, Embedded, Folder, Method, MiddlewareExt, Path, Request, Service, now_or_never};
use zzz::middleware::{StaticFiles, accepts};
use zzz::router::{Endpoint, Pipeline, Router, Scope};

const FILES: Embedded = Embedded(&[("app.css", b"body{}"), ("img/owl.svg", b"<svg/>")]);

async fn generated(Path(name): Path<String>) -> String {
    format!("made of {name}")
}

/// The same app with its files as a plug and as assets of the router, of one that another forwards to as well.
fn apps() -> Vec<(&'static str, Endpoint)> {
    let api = Pipeline::new("api").plug(accepts(zzz::http::Format::Json));
    let router = || {
        Router::new()
            .scope(Scope::new("/static").get("/made/:name", generated).post("/hook", async || "hook"))
            .scope(Scope::new("/static/api").through(&api).get("/", async || "api"))
    };
    let folder = || Folder { name: "static", embedded: Some(FILES) };
    let serve = |builder: zzz::router::EndpointBuilder| {
        let open = |assets: &zzz::router::AssetFolder| {
            Ok(StaticFiles::new(&assets.path, Arc::new(assets.folder.embedded.unwrap()))?.erase())
        };
        builder.assets(open).build().unwrap()
    };
    let plug = StaticFiles::new("/static", Arc::new(FILES)).unwrap();
    let outer = Router::new().scope(Scope::new("/").forward("/", router().assets("/static", folder())));
    vec![
        ("as a plug", serve(Endpoint::new(router()).plug(plug))),
        ("as assets", serve(Endpoint::new(router().assets("/static", folder())))),
        ("as assets of an inner router", serve(Endpoint::new(outer))),
    ]
}

fn ask(app: &Endpoint, method: &Method, path: &str) -> (u16, String, String) {
    let response = now_or_never(app.call(Request::new(method.clone(), path, Body::empty()))).unwrap();
    let header =
        |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let (status, allow, media) = (response.status().as_u16(), header("allow"), header("content-type"));
    let text = match status {
        200 => String::from_utf8(response.into_body().full_bytes().unwrap().to_vec()).unwrap(),
        _ => media,
    };
    (status, allow, text)
}

#[test]
fn what_is_no_file_is_answered_as_everywhere() {
    let plain = |status: u16| (status, String::new(), "text/html; charset=utf-8".to_owned());
    for (name, app) in &apps() {
        let get = |path: &str| ask(app, &Method::GET, path);
        let post = |path: &str| ask(app, &Method::POST, path);
        assert_eq!(get("/static/app.css").2, "body{}", "{name}");
        assert_eq!(get("/static/made/app.css").2, "made of app.css", "{name}");
        assert_eq!(post("/static/hook").2, "hook", "{name}");
        assert_eq!(get("/static/api").2, "api", "{name}");
        for missing in
            ["none.css", "", "img", "img/", "app.css/", "../Cargo.toml", "%2e%2e/x", "..%5cx", ".env"]
        {
            for answer in [get(&format!("/static/{missing}")), post(&format!("/static/{missing}"))] {
                assert_eq!(answer, plain(404), "{name}: {missing}");
            }
        }
        for malformed in ["app.css%00", "%", "app.css%2", "%ff", "%zz/app.css", "made/%00", "made/%ff"] {
            for answer in [get(&format!("/static/{malformed}")), post(&format!("/static/{malformed}"))] {
                assert_eq!(answer, plain(400), "{name}: {malformed}");
            }
        }
        let problem = (404, String::new(), "application/problem+json".to_owned());
        assert_eq!(get("/static/api/none.css"), problem, "{name}");
    }
}

#[test]
fn methods_are_a_files_own_where_there_is_one_and_the_routes_elsewhere() {
    for (name, app) in &apps() {
        let file = "GET, HEAD, OPTIONS";
        assert_eq!(ask(app, &Method::OPTIONS, "/static/app.css").0, 204, "{name}");
        assert_eq!(ask(app, &Method::OPTIONS, "/static/app.css").1, file, "{name}");
        let (status, allow, _) = ask(app, &Method::POST, "/static/img/owl.svg");
        assert_eq!((status, &*allow), (405, file), "{name}");
        let (status, allow, _) = ask(app, &Method::DELETE, "/static/hook");
        assert_eq!((status, &*allow), (405, "POST, OPTIONS"), "{name}");
        assert_eq!(ask(app, &Method::OPTIONS, "/static/hook").1, "POST, OPTIONS", "{name}");
        assert_eq!(ask(app, &Method::OPTIONS, "/static/none.css").0, 404, "{name}");
    }
}
