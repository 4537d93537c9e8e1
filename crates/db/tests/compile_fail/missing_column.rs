use zzz_db::Schema;

#[derive(Schema)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    title: String,
}

fn main() {
    let _ = Post::query().filter(Post::titel.eq("a"));
}
