//! The benchmark's server on actix-web, as its documentation advises: `HttpServer` with a factory of `App`s and
//! routes by attribute, everything else at its default.

use std::net::Ipv4Addr;

use actix_multipart::form::{
    MultipartForm, MultipartFormConfig,
    tempfile::{TempFile, TempFileConfig},
};
use actix_web::{App, HttpServer, Responder, get, post, web};
use mimalloc::MiMalloc;
use serde::Serialize;

/// The allocator that every contender has.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Serialize)]
struct Message {
    message: &'static str,
}

#[get("/plaintext")]
async fn plaintext() -> impl Responder {
    "Hello, World!"
}

#[get("/json")]
async fn json() -> impl Responder {
    web::Json(Message { message: "Hello, World!" })
}

#[get("/users/{id}")]
async fn user(id: web::Path<i64>) -> impl Responder {
    id.to_string()
}

#[derive(MultipartForm)]
struct Upload {
    file: TempFile,
}

/// Writes a file to a temporary one, and tells its length.
#[post("/upload")]
async fn upload(MultipartForm(form): MultipartForm<Upload>) -> impl Responder {
    form.file.size.to_string()
}

fn number(variable: &str) -> Option<u16> {
    std::env::var(variable).ok()?.parse().ok()
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let workers = number("WORKERS").unwrap_or(1).max(1);
    let server = HttpServer::new(|| {
        // No limit that the others have not.
        App::new()
            .app_data(MultipartFormConfig::default().total_limit(usize::MAX))
            .app_data(TempFileConfig::default())
            .service(plaintext)
            .service(json)
            .service(user)
            .service(upload)
    })
    .workers(workers.into())
    .bind((Ipv4Addr::LOCALHOST, number("PORT").unwrap_or(0)))?;
    for address in server.addrs() {
        println!("listening on {address}");
    }
    server.run().await
}
