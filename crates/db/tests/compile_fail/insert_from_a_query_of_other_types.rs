use zzz_db::{Repo, Schema};

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    title: String,
}

async fn with(repo: &Repo) -> zzz_db::Result<u64> {
    repo.insert_all_from((Post::id, Post::title), Post::query().select((Post::title, Post::id))).await
}

fn main() {
    let _ = with;
}
