#[derive(zzz_db::Schema)]
#[schema(table = "posts", timestmaps)]
struct Post {
    id: i64,
}

fn main() {}
