#[derive(zzz_db::Schema)]
#[schema(table = "posts", timestamps)]
struct Post {
    id: i64,
    inserted_at: String,
    updated_at: chrono::DateTime<chrono::Utc>,
}

fn main() {}
