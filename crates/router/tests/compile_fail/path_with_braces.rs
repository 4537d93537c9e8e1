async fn index() {}

zzz_router::router! {
    get "/posts/{id}" => index;
}

fn main() {}
