use zzz_db::{Repo, Schema};

#[derive(Schema, Default)]
#[schema(table = "totals", primary_key = false)]
struct Total {
    sum: i64,
}

async fn with(repo: &Repo) {
    let _ = repo.get::<Total>(5).await;
}

fn main() {}
