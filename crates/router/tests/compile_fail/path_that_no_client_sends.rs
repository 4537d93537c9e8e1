mod router {
    use zzz_core::http::Path;

    async fn index() {}
    async fn show(_: Path<String>) {}
    async fn file(_: Path<String>) {}

    zzz_router::router! {
        get "/u" => index;
        get "/u/:name" => show;
        get "/files/*rest" => file;
    }
}

use router::path;

fn main() {
    path!("/u/..");
    path!("/u/.");
    path!("/u/%2E%2e");
    path!("/files/a/../b");
    path!("/u/100%");
    path!("/u/%00");
    path!("/u/%ff");
    path!("/u?q=100%");
    path!("/u?q=%00");
    path!("/u//x");
    path!("//u");
    path!("/u#a#b");
    path!("/u#a b");
    path!("/u#100%");
}
