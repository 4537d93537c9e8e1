use zzz_db::Schema;

#[derive(Schema)]
#[schema(table = "posts")]
struct Post {
    id: i64,
}

fn main() {
    let _ = Post::query().filter(Post::id.contains("5"));
}
