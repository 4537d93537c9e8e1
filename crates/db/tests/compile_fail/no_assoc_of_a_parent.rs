use zzz_db::{BelongsTo, Changeset, Schema};

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    author_id: i64,
    #[schema(belongs_to)]
    author: BelongsTo<User>,
}

#[derive(Schema, Default)]
#[schema(table = "users")]
struct User {
    id: i64,
}

fn main() {
    let _ = Changeset::new(Post::default()).no_assoc(Post::author);
}
