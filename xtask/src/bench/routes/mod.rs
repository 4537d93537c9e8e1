//! What 200 handlers cost to compile, on zzz and on axum.
//!
//! | module | holds |
//! |---|---|
//! | [`source`] | the two apps, as text |
//!
//! Both have the versions of the lock file that the benchmarks' servers have.

mod source;

use std::path::PathBuf;

use self::source::{AXUM, Dialect, HANDLERS, MODULES, ZZZ};
use super::{
    Bench,
    app::copy::edited,
    compiled::{self, Source},
    results::Compiled,
};

/// The file in which a handler is changed.
const EDITED: &str = "m07.rs";

/// Measures both apps.
pub(super) fn measure(bench: &Bench<'_>) -> Result<Compiled, String> {
    let root = bench.root.display();
    let zzz = format!(
        "zzz-web = {{ path = \"{root}/crates/zzz\", default-features = false }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n"
    );
    let axum = "axum = \"0.8\"\nserde = { version = \"1\", features = [\"derive\"] }\ntokio = { version = \"1\", features = [\"macros\", \"net\", \"rt-multi-thread\"] }\n";
    let apps = vec![
        app("zzz", ZZZ, zzz, bench.root.join("Cargo.lock")),
        app("axum", AXUM, axum.to_owned(), bench.root.join("benches/peers/Cargo.lock")),
    ];
    Ok(Compiled {
        environment: bench.environment.clone(),
        count: (MODULES * HANDLERS) as u64,
        apps: compiled::in_turns(bench, "200 routes", "routes", apps)?,
    })
}

fn app(name: &'static str, dialect: Dialect, dependencies: String, lock: PathBuf) -> Source {
    let files = dialect.files();
    let handlers = files.iter().find(|(name, _)| name == EDITED).map(|(_, text)| text.clone());
    let edit = move |number: usize| Some(vec![(EDITED.to_owned(), edited(handlers.as_deref()?, number)?)]);
    Source { name, dependencies, lock, files, edit: Box::new(edit) }
}
