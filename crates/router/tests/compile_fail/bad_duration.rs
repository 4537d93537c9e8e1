async fn index() {}

zzz_router::router! {
    post "/" => index, timeout: "5 minutes";
}

fn main() {}
