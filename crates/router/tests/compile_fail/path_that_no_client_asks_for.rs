use zzz_core::http::Path;

async fn index() {}
async fn show(_: Path<i64>) {}

zzz_router::router! {
    get "/%2e%2e/a" => index;
    get "/a/%2E" => index;
    get "/%00" => index;
    get "/%ff" => index;
    get "/100%" => index;
    get "/%C3:id" => show;
    scope "/%zz" {
        get "/" => index;
    }
    get "/a%2fb" => index;
}

fn main() {}
