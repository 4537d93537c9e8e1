mod router {
    mod admin {
        async fn index() {}

        zzz_router::routes! {
            get "/" => index;
            get "/posts" => index as posts;
        }
    }

    async fn index() {}

    zzz_router::router! {
        get "/admin/posts" => index as posts;
        scope "/admin" { include admin::routes; }
    }
}

fn main() {}
