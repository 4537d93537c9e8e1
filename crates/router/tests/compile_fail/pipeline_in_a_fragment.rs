mod router {
    mod admin {
        zzz_router::routes! {
            pipeline admin {}
        }
    }

    zzz_router::router! {
        include admin::routes;
    }
}

fn main() {}
