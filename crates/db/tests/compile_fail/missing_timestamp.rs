#[derive(zzz_db::Schema)]
#[schema(table = "posts", timestamps)]
struct Post {
    id: i64,
    updated_at: chrono::DateTime<chrono::Utc>,
}

fn main() {}
