mod router {
    use zzz_core::http::Path;

    async fn index() {}
    async fn page(_: Path<String>) {}

    zzz_router::router! {
        paths;
        get "/posts" => index;
        get "/*page" => page as page, verify: false;
    }
}

use router::{path, paths};

fn main() {
    let _ = paths::page("a/b");
    path!("/posts");
    path!("/psots");
}
