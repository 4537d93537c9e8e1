async fn index() {}

zzz_router::router! {
    get "/" => index, log: verbose;
}

fn main() {}
