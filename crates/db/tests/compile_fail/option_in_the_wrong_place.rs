#[derive(zzz_db::Schema)]
#[schema(table = "posts", redact)]
struct Post {
    id: i64,
}

fn main() {}
