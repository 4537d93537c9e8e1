use zzz_db::{Repo, Schema};

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

async fn with(repo: &Repo) {
    let _ = Comment::query().with_parent::<Post>().filter(Comment::post_id.eq(Post::id)).all(repo).await;
}

fn main() {}
