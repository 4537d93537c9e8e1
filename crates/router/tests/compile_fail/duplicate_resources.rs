mod posts {
    pub async fn index() {}
    pub async fn create() {}
}

zzz_router::router! {
    resources "/posts" => posts, only: [index, create];
    resources "/posts" => posts, only: [index, create];
}

fn main() {}
