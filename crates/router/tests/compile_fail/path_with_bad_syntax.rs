mod router {
    use zzz_core::http::Path;

    async fn index() {}
    async fn show(_: Path<i64>) {}
    async fn file(_: Path<String>) {}

    zzz_router::router! {
        assets "/static" => "static";
        get "/posts" => index as posts;
        get "/posts/:id" => show as post;
        get "/posts/:id/comments" => show;
        get "/files/*rest" => file as file;
    }
}

use router::path;

fn main() {
    path!("posts");
    path!("/posts/{}");
    path!("/posts/{id");
    path!("/posts/a b");
    path!("/posts", params);
    path!(7);
    let (page, dir) = (3, "asc");
    path!("/posts?page={page}{dir}");
    path!("/posts?{dir}={page}");
    path!("/posts?page=p{page}");
    path!("/posts/");
}
