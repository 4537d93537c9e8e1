async fn index() {}

zzz_router::router! {
    get "/" => index;
    include admin::routes;
}

fn main() {}
