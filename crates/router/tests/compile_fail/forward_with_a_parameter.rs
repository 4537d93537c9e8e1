zzz_router::router! {
    forward "/jobs/:id" => zzz_router::Router::new();
}

fn main() {}
