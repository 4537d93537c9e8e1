use zzz_db::{Schema, sum};

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    title: String,
}

fn main() {
    let _ = Post::query().select(sum(Post::title));
}
