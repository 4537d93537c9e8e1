mod router {
    use zzz_core::http::Path;

    async fn index() {}
    async fn show(_: Path<i64>) {}
    async fn file(_: Path<String>) {}

    zzz_router::router! {
        paths;
        assets "/static" => "static";
        get "/posts" => index as posts;
        get "/posts/:id" => show as post;
        get "/posts/:id/comments" => show;
        get "/files/*rest" => file as file;
    }
}

use router::paths;

fn main() {
    paths::post("title");
    paths::post();
}
