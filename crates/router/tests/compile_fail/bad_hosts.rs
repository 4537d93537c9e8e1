async fn index() {}
async fn lost() {}

zzz_router::router! {
    scope "/", host: ["a.example", "A.example"] {
        get "/" => index;
    }
    scope "/", host: ["b.example", "*.b.example:80"] {
        get "/" => index;
    }
    scope "/", host: [] {
        get "/" => index;
    }
    scope "/", host: ["c.example", "d.example"] {
        get "/c" => index;
        fallback => lost;
    }
    scope "/", host: ["d.example", "e.example"] {
        get "/c" => index;
        fallback => lost;
    }
}

fn main() {}
