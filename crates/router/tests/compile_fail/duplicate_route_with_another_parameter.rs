async fn show() {}

zzz_router::router! {
    get "/posts/:id" => show;
    match [get, post] "/posts/:slug" => show;
}

fn main() {}
