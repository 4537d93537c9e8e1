async fn index() {}

zzz_router::router! {
    get "/files/*path/edit" => index;
}

fn main() {}
