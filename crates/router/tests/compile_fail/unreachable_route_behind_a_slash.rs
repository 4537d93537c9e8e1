async fn index() {}

zzz_router::router! {
    trailing_slash redirect;
    get "/posts/" => index;
}

fn main() {}
