async fn index() {}

zzz_router::router! {
    get "/posts//new" => index;
}

fn main() {}
