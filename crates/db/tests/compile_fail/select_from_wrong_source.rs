use zzz_db::Schema;

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    author_id: i64,
}

#[derive(Schema, Default)]
#[schema(table = "users")]
struct User {
    id: i64,
    name: String,
}

#[derive(Schema, Default)]
#[schema(table = "comments")]
struct Comment {
    id: i64,
}

fn main() {
    let joined = Post::query().join::<User>(User::id.eq(Post::author_id));
    let _ = joined.select((User::name, Comment::id));
}
