struct Row {
    id: i64,
}

async fn ids(repo: zzz_db::Repo) {
    let _ = repo.sql::<Row>("SELECT id FROM posts", []).await;
}

fn main() {}
