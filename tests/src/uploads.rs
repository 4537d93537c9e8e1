//! An app that takes uploads of any length, and keeps none.

use zzz::http::Limits;
use zzz::prelude::*;
use zzz::router::post;

/// Writes each file to a temporary one, and tells the length of the last.
async fn upload(mut form: Multipart) -> Result<String> {
    let mut length = 0;
    while let Some(part) = form.next_part().await? {
        length = part.to_temp_file().await?.len();
    }
    Ok(length.to_string())
}

fn app() -> App {
    App::new("upload_app").router(|| {
        let any = Limits::new().body(u64::MAX).timeout(std::time::Duration::from_secs(600));
        Router::new().scope(Scope::new("/").route(post("/upload", upload).limits(any)))
    })
}

fn main() -> std::process::ExitCode {
    zzz::run(app)
}
