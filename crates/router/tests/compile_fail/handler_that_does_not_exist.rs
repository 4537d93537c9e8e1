mod pages {
    pub async fn home() {}
}

zzz_router::router! {
    get "/" => pages::hom;
}

fn main() {}
