async fn index() {}

zzz_router::router! {
    get "/*rest" => index, verify: no;
    scope "/a", verify: false {
        get "/" => index;
    }
}

fn main() {}
