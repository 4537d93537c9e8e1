async fn index() {}

zzz_router::router! {
    pipeline browser {}
    pipeline browser {}
    get "/" => index;
}

fn main() {}
