async fn index() {}

zzz_router::router! {
    pipeline browser {}
    scope "/" through browsre { get "/" => index; }
}

fn main() {}
