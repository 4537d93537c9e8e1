async fn index() {}

zzz_router::router! {
    get "/posts/:id/comments/:id" => index;
}

fn main() {}
