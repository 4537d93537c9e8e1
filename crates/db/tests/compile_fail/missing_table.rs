#[derive(zzz_db::Schema)]
struct Post {
    id: i64,
}

fn main() {}
