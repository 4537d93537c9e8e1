use zzz_db::{Changeset, Schema};

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
}

fn main() {
    let _ = Changeset::new(Post::default()).validate_length(Post::id, 2..);
}
