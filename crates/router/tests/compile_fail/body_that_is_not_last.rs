use zzz_core::http::{Json, Path};

async fn create(_: Json<Vec<String>>, _: Path<i64>) {}

zzz_router::router! {
    post "/posts/:id" => create;
}

fn main() {}
