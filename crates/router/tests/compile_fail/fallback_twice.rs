async fn index() {}

zzz_router::router! {
    fallback => index;
    fallback => index;
}

fn main() {}
