use zzz_db::Schema;

#[derive(Schema)]
#[schema(table = "posts")]
struct Post {
    id: i64,
}

#[derive(Schema)]
#[schema(table = "comments")]
struct Comment {
    id: i64,
}

fn main() {
    let _ = Post::query().filter(Comment::id.eq(1));
    let _ = Post::query().order_by(Comment::id.desc());
}
