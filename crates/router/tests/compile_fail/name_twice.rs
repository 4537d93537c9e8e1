async fn index() {}

zzz_router::router! {
    get "/" => index as home;
    get "/home" => index as home;
}

fn main() {}
