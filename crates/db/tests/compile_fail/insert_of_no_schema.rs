struct Post {
    id: i64,
}

async fn insert(repo: zzz_db::Repo) {
    let _ = repo.insert(Post { id: 1 }).await;
}

fn main() {}
