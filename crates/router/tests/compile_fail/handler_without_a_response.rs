async fn index() -> Vec<u32> {
    Vec::new()
}

zzz_router::router! {
    get "/" => index;
}

fn main() {}
