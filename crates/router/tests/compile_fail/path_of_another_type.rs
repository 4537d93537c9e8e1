use zzz_core::http::Path;

async fn show(Path(_): Path<i64>) {}
async fn delete(Path(_): Path<String>) {}

zzz_router::router! {
    get "/posts/:id" => show;
    delete "/posts/:id" => delete;
}

fn main() {}
