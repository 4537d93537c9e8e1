use zzz_db::{Schema, fragment};

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
}

fn main() {
    let sql = "id = 5";
    let _ = Post::query().filter(fragment!(bool: sql).is_true());
}
