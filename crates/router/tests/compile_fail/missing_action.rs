mod posts {
    pub async fn index() {}
    pub async fn new() {}
    pub async fn create() {}
    pub async fn show() {}
    pub async fn update() {}
}

zzz_router::router! {
    resources "/posts" => posts;
}

fn main() {}
