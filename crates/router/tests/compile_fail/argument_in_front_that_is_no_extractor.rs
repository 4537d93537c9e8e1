use zzz_core::http::Path;

async fn show(_: u8, _: Path<i64>) {}

zzz_router::router! {
    get "/posts/:id" => show;
}

fn main() {}
