async fn index() {}

zzz_router::router! {
    get "/a" = index;
    post "/b" index;
    match [get, post] "/c": index;
    resources "/d", posts;
    resource "/e" -> profile;
    forward "/f" index();
    socket "/g" index;
    assets "/h" "static";
    fallback "/i" => index;
}

fn main() {}
