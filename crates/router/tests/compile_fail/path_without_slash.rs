async fn index() {}

zzz_router::router! {
    get "posts" => index;
}

fn main() {}
