//! The benchmark's server on zzz, as a user would write it: no option is set that the documentation does not
//! give to everybody. `cargo xtask bench` starts it with the environment of production.
//!
//! With `DATABASE_URL` it has a database, and the routes of [`database`].

mod database;

use mimalloc::MiMalloc;
use serde::Serialize;
use zzz::http::Limits;
use zzz::prelude::*;
use zzz::router::post;

/// The allocator that every contender has.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Serialize)]
struct Message {
    message: &'static str,
}

async fn plaintext() -> &'static str {
    "Hello, World!"
}

async fn json() -> Json<Message> {
    Json(Message { message: "Hello, World!" })
}

async fn user(Path(id): Path<i64>) -> String {
    id.to_string()
}

/// Writes a file to a temporary one, and tells its length.
async fn upload(mut form: Multipart) -> Result<String> {
    let mut length = 0;
    while let Some(part) = form.next_part().await? {
        length = part.to_temp_file().await?.len();
    }
    Ok(length.to_string())
}

fn routes() -> Router {
    Router::new()
        .scope(Scope::new("/").get("/plaintext", plaintext).get("/json", json).get("/users/:id", user))
        .scope(Scope::new("/").route(post("/upload", upload).limits(Limits::new().body(1 << 40))))
}

fn app() -> App {
    let app = App::new("bench_zzz");
    if std::env::var_os("DATABASE_URL").is_none() {
        return app.router(routes);
    }
    app.router(|| database::routes(routes()))
        .templates(folder!("templates"))
        .migrations(migrations!("migrations"))
}

fn main() -> std::process::ExitCode {
    zzz::run(app)
}
