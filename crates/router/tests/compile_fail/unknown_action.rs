mod posts {}

zzz_router::router! {
    resources "/posts" => posts, only: [list, indx];
}

fn main() {}
