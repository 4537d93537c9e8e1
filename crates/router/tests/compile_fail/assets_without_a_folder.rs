zzz_router::router! {
    assets "/static" => "sttaic";
}

fn main() {}
