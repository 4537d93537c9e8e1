use zzz_core::http::{Socket, Transport};
use zzz_router::Router;

struct Talk;

impl Socket for Talk {
    fn transports(self) -> Vec<Transport> {
        Vec::new()
    }
}

async fn index() {}
async fn lost() {}

zzz_router::router! {
    any "/jobs" => index;
    forward "/jobs" => Router::new();
    forward "/mail" => Router::new();
    get "/mail" => index;
    any "/mail/*rest" => index;
    scope "/mail" {
        forward "/" => Router::new();
        fallback => lost;
        scope "/inner" {
            fallback => lost;
        }
    }
    scope "/mails" {
        fallback => lost;
    }
    socket "/talk" => Talk;
    socket "/talk/" => Talk;
    scope "/", host: "a.example" {
        forward "/mail" => Router::new();
        socket "/talk" => Talk;
    }
    scope "/b", host: "b.example" {
        forward "/" => Router::new();
    }
    scope "/b" {
        fallback => lost;
    }
}

fn main() {}
