#[derive(zzz_db::Schema)]
#[schema(table = "posts")]
struct Post(i64);

fn main() {}
