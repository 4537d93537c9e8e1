async fn index() {}

zzz_router::router! {
    gte "/" => index;
}

fn main() {}
