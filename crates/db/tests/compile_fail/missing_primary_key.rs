#[derive(zzz_db::Schema)]
#[schema(table = "posts")]
struct Post {
    title: String,
}

fn main() {}
