async fn index() {}

zzz_router::router! {
    scope "/posts/:id" {
        get "/comments/:id" => index;
    }
}

fn main() {}
