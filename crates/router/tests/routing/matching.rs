//! Which route takes which path.

use zzz_core::http::{Path, Request};
use zzz_router::{Router, Scope};

use crate::support::{ask, echo, endpoint, get};

fn site() -> Router {
    Router::new().scope(
        Scope::new("/")
            .get("/", echo)
            .get("/posts", echo)
            .get("/posts/top", echo)
            .get("/posts/:id", echo)
            .get("/posts/:id/edit", echo)
            .get("/files/v:version/*path", echo)
            .get("/files/:name", echo)
            .get("/backups/*path", echo)
            .get("/static/images/icons/*image", echo)
            .get("/profiles/profile-:id", echo)
            .get("/profiles/:slug", echo)
            .get("/a%20b/c", echo),
    )
}

#[test]
fn a_path_finds_its_route_with_its_parameters() {
    let endpoint = endpoint(site());
    for (path, wanted) in [
        ("/", "GET /"),
        ("/posts", "GET /posts"),
        ("/posts/top", "GET /posts/top"),
        ("/posts/7", "GET /posts/:id id=7"),
        ("/posts/topmost", "GET /posts/:id id=topmost"),
        ("/posts/top/edit", "GET /posts/:id/edit id=top"),
        (
            "/posts/75f6306d-a090-46f9-8b80-80fd57ec9a41",
            "GET /posts/:id id=75f6306d-a090-46f9-8b80-80fd57ec9a41",
        ),
        ("/posts/a.b", "GET /posts/:id id=a.b"),
        ("/posts/a:b", "GET /posts/:id id=a:b"),
        ("/posts/.hidden", "GET /posts/:id id=.hidden"),
        ("/posts/...", "GET /posts/:id id=..."),
        ("/files/v2/a/b.txt", "GET /files/v:version/*path version=2 path=a/b.txt"),
        ("/files/v2", "GET /files/:name name=v2"),
        ("/backups/a", "GET /backups/*path path=a"),
        ("/backups/a/b/c.tar", "GET /backups/*path path=a/b/c.tar"),
        ("/backups//a", "GET /backups/*path path=/a"),
        (
            "/static/images/icons/elixir/logos/main.png",
            "GET /static/images/icons/*image image=elixir/logos/main.png",
        ),
        ("/profiles/profile-1", "GET /profiles/profile-:id id=1"),
        ("/profiles/profile-", "GET /profiles/:slug slug=profile-"),
        ("/profiles/prof", "GET /profiles/:slug slug=prof"),
        ("/a%20b/c", "GET /a%20b/c"),
    ] {
        assert_eq!(get(&endpoint, path), wanted, "{path}");
    }
    for path in [
        "/nowhere",
        "/posts/7/nowhere",
        "/backups",
        "/backups/",
        "/posts/",
        "/posts//edit",
        "/a b/c",
        "/POSTS",
    ] {
        assert_eq!(get(&endpoint, path), if path == "/a b/c" { "GET /" } else { "404" }, "{path}");
    }
}

#[test]
fn values_are_decoded_once() {
    let endpoint = endpoint(site());
    for (path, value) in [
        ("/posts/gr%C3%BC%C3%9Fe", "grüße"),
        ("/posts/a%2Fb", "a/b"),
        ("/posts/a%252Fb", "a%2Fb"),
        ("/posts/a+b", "a+b"),
        ("/posts/%3Cscript%3E", "<script>"),
        ("/posts/100%25", "100%"),
        ("/posts/a%5Cb", "a\\b"),
    ] {
        assert_eq!(get(&endpoint, path), format!("GET /posts/:id id={value}"), "{path}");
    }
    assert_eq!(get(&endpoint, "/backups/silly%20name/a%2fb"), "GET /backups/*path path=silly name/a/b");
}

#[test]
fn the_query_is_no_part_of_the_path() {
    let endpoint = endpoint(site());
    assert_eq!(get(&endpoint, "/posts?id=7"), "GET /posts");
    assert_eq!(get(&endpoint, "/posts/7?/edit"), "GET /posts/:id id=7");
    assert_eq!(get(&endpoint, "http://example.com/posts/7"), "GET /posts/:id id=7");
    assert_eq!(get(&endpoint, "http://example.com"), "GET /");
}

#[test]
fn a_route_made_last_wins_as_much_as_one_made_first() {
    let scope = |first: &str, second: &str, third: &str| {
        endpoint(Router::new().scope(Scope::new("/").get(first, echo).get(second, echo).get(third, echo)))
    };
    for table in [scope("/*all", "/:one", "/fixed"), scope("/fixed", "/:one", "/*all")] {
        assert_eq!(get(&table, "/fixed"), "GET /fixed");
        assert_eq!(get(&table, "/other"), "GET /:one one=other");
        assert_eq!(get(&table, "/other/more"), "GET /*all all=other/more");
    }
}

#[test]
fn a_route_of_another_method_hides_none() {
    let scope = Scope::new("/").get("/posts/new", echo).post("/posts/:id", echo).get("/posts/:slug/x", echo);
    let endpoint = endpoint(Router::new().scope(scope));
    assert_eq!(ask(&endpoint, "POST", "/posts/new").body, "POST /posts/:id id=new");
    assert_eq!(ask(&endpoint, "GET", "/posts/new").body, "GET /posts/new");
    assert_eq!(get(&endpoint, "/posts/new/x"), "GET /posts/:slug/x slug=new");
}

#[test]
fn a_fixed_beginning_that_ends_nowhere_is_left_again() {
    let scope =
        Scope::new("/").get("/:locale/posts/:id", echo).get("/en/posts/new", echo).get("/en/:page", echo);
    let endpoint = endpoint(Router::new().scope(scope));
    assert_eq!(get(&endpoint, "/en/posts/new"), "GET /en/posts/new");
    assert_eq!(get(&endpoint, "/en/posts/7"), "GET /:locale/posts/:id locale=en id=7");
    assert_eq!(get(&endpoint, "/en/posts"), "GET /en/:page page=posts");
}

#[test]
fn more_parameters_than_are_kept_in_place_are_kept_elsewhere() {
    async fn six(Path(all): Path<(u8, u8, u8, u8, u8, u8)>) -> String {
        format!("{all:?}")
    }
    let scope = Scope::new("/").get("/:a/:b/:c/:d/:e/:f", six).get("/:a/:b/:c/:d/:e/x/:g", echo);
    let endpoint = endpoint(Router::new().scope(scope));
    assert_eq!(get(&endpoint, "/1/2/3/4/5/6"), "(1, 2, 3, 4, 5, 6)");
    assert_eq!(get(&endpoint, "/1/2/3/4/5/x/7"), "GET /:a/:b/:c/:d/:e/x/:g a=1 b=2 c=3 d=4 e=5 g=7");
}

#[test]
fn a_parameter_that_does_not_fit_its_type_is_a_bad_request() {
    async fn show(Path(id): Path<u32>, request: Request) -> String {
        format!("{id} of {}", request.path())
    }
    let endpoint = endpoint(Router::new().scope(Scope::new("/").get("/posts/:id", show)));
    assert_eq!(get(&endpoint, "/posts/7"), "7 of /posts/7");
    assert_eq!(ask(&endpoint, "GET", "/posts/seven").status, 400);
}
