use zzz_db::{HasMany, Schema};

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    #[schema(has_many)]
    comments: HasMany<Comment>,
}

#[derive(Schema, Default)]
#[schema(table = "comments")]
struct Comment {
    id: i64,
    post_id: Option<String>,
}

fn main() {}
