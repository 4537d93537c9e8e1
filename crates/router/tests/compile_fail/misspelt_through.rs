async fn index() {}

zzz_router::router! {
    pipeline browser {}
    scope "/a" throgh browser {
        get "/" => index;
    }
    scope "/b" thru browser {
        get "/" => index;
    }
    scope "/c" through {
        get "/" => index;
    }
}

fn main() {}
