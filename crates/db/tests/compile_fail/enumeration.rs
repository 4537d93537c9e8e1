#[derive(zzz_db::Schema)]
#[schema(table = "posts")]
enum Post {
    Draft,
}

fn main() {}
