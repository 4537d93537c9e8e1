//! Links to the app itself begin with what is configured, whatever a client says the host is.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path as Folder;

use zzz::http::Site;
use zzz::prelude::*;
use zzz::server::HttpConfig;
use zzz::{Settings, boot};
use zzz_testing::TestClient;

mod router {
    use super::{link, link_of_the_request, post};

    zzz::router! {
        get "/link" => link;
        get "/link/of/the/request" => link_of_the_request;
        get "/posts/:id" => post;
    }
}

use router::url;

async fn post(Path(_): Path<i64>) {}

async fn link(site: Site) -> String {
    let id = 7;
    url!(site, "/posts/{id}?from=mail")
}

async fn link_of_the_request(request: Request) -> String {
    url!(&request, "/posts/{7}")
}

async fn client(settings: Settings) -> TestClient {
    let app = App::new("linker").router(router::router);
    TestClient::new(boot(app, settings).await.unwrap().endpoint().clone())
}

fn settings() -> Settings {
    Settings::test().root(env!("CARGO_MANIFEST_DIR"))
}

#[tokio::test]
async fn a_url_begins_with_the_public_url_and_never_with_the_host_of_a_request() {
    for (public, link) in [
        ("https://www.example.org", "https://www.example.org/posts/7"),
        ("https://www.example.org/", "https://www.example.org/posts/7"),
        ("http://localhost:4000", "http://localhost:4000/posts/7"),
    ] {
        let client = client(settings().set::<HttpConfig>("public_url", public)).await;
        assert_eq!(client.get("/link").await.text(), format!("{link}?from=mail"));
        for (header, value) in [
            ("host", "evil.example"),
            ("host", "evil.example@www.example.org"),
            ("x-forwarded-host", "evil.example"),
            ("forwarded", "host=evil.example;proto=http"),
        ] {
            let ask = |path: &str| client.get(path).header(header, value);
            assert_eq!(ask("/link").await.text(), format!("{link}?from=mail"), "{header}: {value}");
            assert_eq!(ask("/link/of/the/request").await.text(), link, "{header}: {value}");
        }
        let absolute = client.get("http://evil.example/link").await;
        assert_eq!(absolute.text(), format!("{link}?from=mail"), "the target's host");
    }
}

#[tokio::test]
async fn the_public_url_may_stand_in_a_file() {
    let root = Folder::new(env!("CARGO_TARGET_TMPDIR")).join("public_url");
    std::fs::create_dir_all(root.join("config")).unwrap();
    let text = "[http]\npublic_url = \"https://from-a-file.example\"\n";
    std::fs::write(root.join("config/default.toml"), text).unwrap();
    let client = client(Settings::test().root(&root)).await;
    let answer = client.get("/link").header("host", "evil.example").await;
    assert_eq!(answer.text(), "https://from-a-file.example/posts/7?from=mail");
}

#[tokio::test]
async fn without_a_public_url_it_is_where_the_app_listens() {
    let listening = settings().set::<HttpConfig>("host", "127.0.0.1").set::<HttpConfig>("port", "4321");
    let client = client(listening).await;
    let answer = client.get("/link").header("host", "evil.example").await;
    assert_eq!(answer.text(), "http://127.0.0.1:4321/posts/7?from=mail");
}
