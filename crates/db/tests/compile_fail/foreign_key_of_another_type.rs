use zzz_db::{BelongsTo, Schema};

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    author_id: String,
    #[schema(belongs_to)]
    author: BelongsTo<User>,
}

#[derive(Schema, Default)]
#[schema(table = "users")]
struct User {
    id: i64,
}

fn main() {}
