#[derive(zzz_db::Schema)]
#[schema(table = "posts")]
struct Post {
    id: i64,
    #[schema(sorce = "href")]
    url: String,
}

fn main() {}
