async fn index(_: Vec<String>) {}

zzz_router::router! {
    get "/" => index;
}

fn main() {}
