async fn index() {}

zzz_router::router! {
    assets "/static" => "static";
    get "/static/app.css" => index;
    post "/static/app.css" => index;
    get "/static/made.css" => index;
}

fn main() {}
