//! Folders of files, which are served before the match.

use zzz_core::Error;
use zzz_core::http::{BoxMiddleware, Folder, IntoResponse, MiddlewareExt, Next, Request};
use zzz_router::{AssetFolder, Endpoint, EndpointBuilder, Router, Scope};

use crate::support::{Mark, ask, echo, get};

const STATIC: Folder = Folder::on_disk("static");

/// Answers with the folder and the path within it.
fn open(assets: &AssetFolder) -> Result<BoxMiddleware, Error> {
    let AssetFolder { path, folder, .. } = assets.clone();
    if folder.name == "missing" {
        return Err(Error::internal("there is no folder `missing`"));
    }
    let serve = move |request: Request, next: Next| {
        let found =
            request.path().strip_prefix(&format!("{path}/")).map(|file| format!("{}: {file}", folder.name));
        async move {
            match found {
                Some(text) => text.into_response(),
                None => next.run(request).await,
            }
        }
    };
    Ok(serve.erase())
}

fn builder(router: Router) -> EndpointBuilder {
    Endpoint::new(router).assets(open)
}

#[test]
fn files_are_served_before_the_match_in_the_order_of_the_plugs() {
    let router = Router::new()
        .plug(Mark("before"))
        .assets("/static", STATIC)
        .plug(Mark("after"))
        .scope(Scope::new("/").get("/*rest", echo));
    let endpoint = builder(router).build().unwrap();
    assert_eq!(get(&endpoint, "/static/css/app.css"), "static: css/app.css");
    assert_eq!(ask(&endpoint, "GET", "/static/a").header("passed"), "before");
    assert_eq!(get(&endpoint, "/other"), "GET /*rest rest=other");
}

#[test]
fn those_of_a_router_that_is_forwarded_to_lie_below_its_path() {
    let inner = Router::new().assets("/static", STATIC).scope(Scope::new("/").get("/", echo));
    let endpoint = builder(Router::new().scope(Scope::new("/").forward("/jobs", inner))).build().unwrap();
    assert_eq!(get(&endpoint, "/jobs/static/app.css"), "static: app.css");
    assert_eq!(get(&endpoint, "/static/app.css"), "404");
    let listed: Vec<_> = endpoint.table().routes().map(|route| route.to_string()).collect();
    assert_eq!(listed, ["ANY /jobs/*", "GET /jobs/static/*", "GET /jobs"]);
}

#[test]
fn a_folder_that_can_not_be_opened_is_a_mistake_among_others() {
    let router = Router::new()
        .assets("/static", Folder::on_disk("missing"))
        .assets("files", STATIC)
        .scope(Scope::new("/").get("x", echo));
    let error = builder(router).build().unwrap_err();
    let all = error.mistakes().join("\n");
    assert_eq!(error.mistakes().len(), 3, "{all}");
    for part in
        ["the assets at `/static`", "there is no folder `missing`", "the assets at `files`", "the path `x`"]
    {
        assert!(all.contains(part), "{part} is not in {all}");
    }
}
