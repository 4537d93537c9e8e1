use zzz_db::{Schema, fragment};

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    title: String,
}

fn main() {
    let _ = Post::query().filter(fragment!(bool: "? GLOB ?", Post::title).is_true());
}
