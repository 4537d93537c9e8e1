async fn index() {}

zzz_router::router! {
    post "/" => index, body_limit: "5 megs";
}

fn main() {}
