use zzz_db::{Query, Schema};

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

fn main() {
    let joined = Post::query().left_join::<User>(User::id.eq(Post::author_id));
    let _: Query<_, (i64, String)> = joined.select((Post::id, User::name));
}
