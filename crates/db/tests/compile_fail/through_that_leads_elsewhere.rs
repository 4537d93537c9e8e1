use zzz_db::{BelongsTo, HasMany, Schema};

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    #[schema(has_many)]
    comments: HasMany<Comment>,
    #[schema(has_many(through(Post::comments, Comment::author)))]
    readers: HasMany<Post>,
}

#[derive(Schema, Default)]
#[schema(table = "comments")]
struct Comment {
    id: i64,
    post_id: i64,
    author_id: i64,
    #[schema(belongs_to)]
    author: BelongsTo<User>,
}

#[derive(Schema, Default)]
#[schema(table = "users")]
struct User {
    id: i64,
}

fn main() {}
