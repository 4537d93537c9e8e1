use router::path;
use zzz_router::PathParam;

#[derive(PathParam)]
struct PostId(i64);

#[derive(PathParam)]
struct CommentId(i64);

mod router {
    use super::PostId;
    use zzz_core::http::Path;

    async fn show(_: Path<PostId>) {}

    zzz_router::router! {
        get "/posts/:id" => show;
    }
}

fn comment() {
    path!("/posts/{CommentId(7)}");
    path!("/posts/{7}");
}

fn main() {}
