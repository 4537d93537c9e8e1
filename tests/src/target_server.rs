//! What the attacks are aimed at: a small app as a user would write it, which tells over a side channel what
//! reached it.
//!
//! It listens as configured (`ZZZ_HTTP__*`), and on the unix socket named by `TARGET_BOARD` it answers lines:
//!
//! | line | does |
//! |---|---|
//! | `read` | the counters, one `name value` a line |
//! | `log` | the requests that were dispatched, `METHOD target X-FRONT` each, where the last is that header or `-` |
//! | `open` | lets the handlers of `/wait` go on, now and later |
//!
//! `/ok` belongs to the well-behaved client and is not counted.
#![allow(clippy::panic, clippy::expect_used, reason = "panicking is what some of its routes are for")]

mod target;

use zzz::http::Limits;
use zzz::prelude::*;
use zzz::router::{any, get, post};

use target::{board, routes};

fn router() -> Router {
    Router::new().scope(
        Scope::new("/")
            .route(get("/ok", routes::ok))
            .route(any("/", routes::hello))
            .route(any("/hello", routes::hello))
            .route(any("/head", routes::head))
            .route(any("/echo", routes::echo))
            .route(any("/sink", routes::sink))
            .route(post("/sink/small", routes::sink).limits(Limits::new().body(1024)))
            .route(post("/sink/large", routes::sink).limits(Limits::new().body(64 << 20)))
            .route(any("/ignore", routes::hello))
            .route(post("/upload", routes::upload))
            .route(post("/json", routes::json))
            .route(post("/form", routes::form))
            .route(any("/wait", routes::wait))
            .route(any("/never", routes::never))
            .route(any("/hold", routes::hold))
            .route(any("/stream", routes::stream))
            .route(get("/file", routes::file))
            .route(get("/events", routes::events))
            .route(get("/lines", routes::lines))
            .route(get("/made", routes::made))
            .route(any("/stream/endless", routes::endless))
            .route(any("/stream/panic", routes::stream_that_panics))
            .route(any("/stream/error", routes::stream_that_fails))
            .route(any("/panic", routes::panics))
            .route(any("/panic/extractor/:id", routes::panics_in_an_extractor))
            .route(any("/panic/middleware", routes::hello))
            .route(get("/exact/:name", routes::named))
            .route(get("/status/:code", routes::status))
            .route(any("/client", routes::client))
            .route(any("/reflect/:place", routes::reflect))
            .route(post("/json/title", routes::title))
            .route(any("/open/*rest", routes::opened))
            .route(any("/open/a/:page", routes::opened))
            .route(any("/files/*path", routes::file_below))
            .scope(
                Scope::new("/guarded")
                    .through(&Pipeline::new("guard").plug(routes::refuse_everybody))
                    .any("/", routes::secret)
                    .any("/:id", routes::secret)
                    .any("/files/*rest", routes::secret),
            ),
    )
}

fn app() -> App {
    App::new("target_server").plug(board::count).plug(routes::panics_in_middleware).router(router)
}

fn main() -> std::process::ExitCode {
    board::serve();
    zzz::run(app)
}
