use zzz_db::Schema;

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    #[schema(has_many)]
    comments: Vec<i64>,
}

fn main() {}
