async fn index() {}

zzz_router::router! {
    match [get, pots] "/" => index;
    route "get" "/a" => index;
}

fn main() {}
