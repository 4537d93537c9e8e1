zzz_router::router! {
    forward "/jobs" => 7;
}

fn main() {}
