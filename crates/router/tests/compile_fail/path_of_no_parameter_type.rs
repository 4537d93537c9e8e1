use zzz_core::http::Path;

async fn show(Path(_): Path<Vec<u8>>) {}

zzz_router::router! {
    get "/posts/:id" => show;
}

fn main() {}
