#[derive(zzz_db::Schema)]
#[schema(table = "posts")]
struct Post<T> {
    id: i64,
    title: T,
}

fn main() {}
