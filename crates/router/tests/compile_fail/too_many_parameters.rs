async fn index() {}

zzz_router::router! {
    scope "/:a/:b/:c/:d/:e/:f/:g/:h" {
        get "/:i/:j/:k/:l/:m/:n/:o/*p" => index;
        get "/:i/:j/:k/:l/:m/:n/:o/:p/:q" => index;
    }
}

fn main() {}
