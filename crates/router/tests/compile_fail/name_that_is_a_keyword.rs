async fn index() {}

zzz_router::router! {
    paths;
    get "/a" => index as self;
    get "/b" => index as type;
    get "/c" => index as _;
    scope "/d", as: admin {
        get "/" => index as type;
    }
}

fn main() {
    let _ = paths::admin_type();
}
