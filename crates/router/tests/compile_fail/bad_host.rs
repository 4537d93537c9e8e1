async fn index() {}

zzz_router::router! {
    scope "/", host: "https://example.com" { get "/" => index; }
}

fn main() {}
