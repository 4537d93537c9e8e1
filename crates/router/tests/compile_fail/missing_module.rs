async fn index() {}

zzz_router::router! {
    get "/" => index;
    resources "/posts" => posts;
    resources "/comments" => self::comments, only: [index];
}

fn main() {}
