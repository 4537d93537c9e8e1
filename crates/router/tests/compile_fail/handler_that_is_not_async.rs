fn index() -> &'static str {
    "home"
}

zzz_router::router! {
    get "/" => index;
}

fn main() {}
