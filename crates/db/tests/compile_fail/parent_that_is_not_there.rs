use zzz_db::{Schema, exists};

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
}

#[derive(Schema, Default)]
#[schema(table = "comments")]
struct Comment {
    id: i64,
    post_id: i64,
}

fn main() {
    let comments = Comment::query().with_parent::<Post>().filter(Comment::post_id.eq(Post::id));
    let _ = Comment::query().filter(exists(comments));
}
