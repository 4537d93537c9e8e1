use zzz_core::Params;
use zzz_db::{Changeset, Schema, fields};

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    title: String,
}

fn main() {
    let _ = Changeset::new(Post::default()).cast(&Params::new(), fields![titel]);
}
