use zzz_db::{Changeset, Schema};

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    title: String,
}

fn main() {
    let _ = Changeset::new(Post::default()).validate_subset(Post::title, ["a"]);
}
