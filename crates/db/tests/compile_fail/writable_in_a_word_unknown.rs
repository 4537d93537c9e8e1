use zzz_db::Schema;

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    #[schema(writable = "update")]
    title: String,
}

fn main() {}
