mod posts {
    pub async fn index() {}
    pub async fn show() {}
}

zzz_router::router! {
    resources "/posts" => posts;
}

fn main() {}
