async fn index() {}

zzz_router::router! {
    get "/" => index, body_limt: "5MiB";
}

fn main() {}
