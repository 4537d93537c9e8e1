#[derive(zzz_db::Schema)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    tags: std::collections::HashMap<String, String>,
}

fn main() {}
