const INDEX: i32 = 7;

zzz_router::router! {
    get "/" => INDEX;
}

fn main() {}
