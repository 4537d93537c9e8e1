mod posts {
    pub async fn index() {}
}

zzz_router::router! {
    resources "/posts" => posts, only: [index], except: [show];
}

fn main() {}
