async fn index() {}

zzz_router::router! {
    pipeline browser {}
    scope "/" through browser {
        scope "/in" through browser { get "/" => index; }
    }
}

fn main() {}
