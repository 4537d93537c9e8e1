use zzz_core::http::Path;

mod posts {
    use super::Path;

    pub async fn show(_: Path<i64>) {}
    pub async fn delete(_: Path<String>) {}
}

zzz_router::router! {
    resources "/posts" => posts, only: [show, delete];
}

fn main() {}
