use zzz_core::http::Path;

async fn show(Path(_): Path<i64>) {}

zzz_router::router! {
    get "/posts" => show;
}

fn main() {}
