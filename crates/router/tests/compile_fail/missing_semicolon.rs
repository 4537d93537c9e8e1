async fn index() {}

zzz_router::router! {
    get "/" => index
    get "/about" => index;
}

fn main() {}
