async fn index() -> String {
    let name = std::rc::Rc::new(1);
    std::future::ready(()).await;
    name.to_string()
}

zzz_router::router! {
    get "/" => index;
}

fn main() {}
