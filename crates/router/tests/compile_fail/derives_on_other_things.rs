use zzz_router::{PathParam, PathParams};

#[derive(PathParam)]
struct Two(i64, i64);

#[derive(PathParam)]
enum Choice {
    A,
}

#[derive(PathParams)]
struct Tuple(i64);

#[derive(PathParams)]
struct Place {
    #[param(nam = "post_id")]
    id: i64,
}

fn main() {}
