#[derive(zzz_db::Schema)]
#[schema(table = "posts")]
struct Post {
    #[schema(primary_key)]
    id: i64,
    #[schema(primary_key)]
    title: String,
}

fn main() {}
