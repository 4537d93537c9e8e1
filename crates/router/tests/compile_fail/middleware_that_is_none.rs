async fn index() {}

zzz_router::router! {
    pipeline browser { 7 }
    scope "/" through browser { get "/" => index; }
}

fn main() {}
