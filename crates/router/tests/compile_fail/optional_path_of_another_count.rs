use zzz_core::http::Path;

async fn show(_: Option<Path<i64>>) {}

zzz_router::router! {
    get "/posts" => show;
    get "/posts/:id" => show;
    get "/posts/:post_id/comments/:id" => show;
}

fn main() {}
