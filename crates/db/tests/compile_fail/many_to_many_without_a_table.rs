use zzz_db::{ManyToMany, Schema};

#[derive(Schema, Default)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    #[schema(many_to_many)]
    tags: ManyToMany<Post>,
}

fn main() {}
