async fn index() {}

zzz_router::router! {
    scope "/" {
        get "/posts" => index;
        get "/" => index;
        get "/posts" => index;
    }
}

fn main() {}
