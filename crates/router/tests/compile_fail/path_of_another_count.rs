use zzz_core::http::Path;

async fn show(Path(_): Path<i64>) {}

zzz_router::router! {
    get "/posts/:post_id/comments/:id" => show;
}

fn main() {}
