use zzz_db::Schema;

#[derive(Schema)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    title: String,
}

fn main() {
    let _ = Post::query().filter(Post::title.eq(5));
    let _ = Post::query().filter(Post::id.eq("five"));
}
