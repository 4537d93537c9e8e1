//! What 100 schemas cost to compile, on zzz-db, SeaORM and Diesel.
//!
//! | module | holds |
//! |---|---|
//! | [`source`] | the three apps, as text |
//!
//! The peers' versions are those that `benches/peers/orms` puts into the lock file of the peers.

mod source;

use std::path::PathBuf;

use self::source::{DIESEL, Library, SCHEMAS, SEA_ORM, ZZZ};
use super::{
    Bench,
    compiled::{self, Source},
    results::Compiled,
};

/// The schema in which an edit renames a column.
const EDITED: usize = 7;

/// Measures the three apps.
pub(super) fn measure(bench: &Bench<'_>) -> Result<Compiled, String> {
    let (ours, peers) = (bench.root.join("Cargo.lock"), bench.root.join("benches/peers/Cargo.lock"));
    let zzz_db = format!(
        "zzz-db = {{ path = \"{}/crates/db\", default-features = false, features = [\"postgres\"] }}\n",
        bench.root.display()
    );
    let sea_orm = "sea-orm = { version = \"2\", default-features = false, features = [\"macros\", \"runtime-tokio\", \"sqlx-postgres\", \
                   \"with-chrono\"] }\n";
    let diesel = "diesel = { version = \"2.3\", default-features = false, features = [\"chrono\", \"postgres_backend\"] }\n\
                  diesel-async = { version = \"0.9\", default-features = false, features = [\"postgres\"] }\n";
    let apps = vec![
        app("zzz", ZZZ, &zzz_db, ours),
        app("SeaORM", SEA_ORM, sea_orm, peers.clone()),
        app("Diesel", DIESEL, diesel, peers),
    ];
    Ok(Compiled {
        environment: bench.environment.clone(),
        count: SCHEMAS as u64,
        apps: compiled::in_turns(bench, "100 schemas", "schemas", apps)?,
    })
}

fn app(name: &'static str, library: Library, dependencies: &str, lock: PathBuf) -> Source {
    let dependencies = format!(
        "{dependencies}chrono = {{ version = \"0.4\", default-features = false, features = [\"clock\", \"std\"] }}\n\
         tokio = {{ version = \"1\", features = [\"rt\", \"net\", \"time\"] }}\n"
    );
    let edit = move |number| Some(library.edited(EDITED, number));
    Source { name, dependencies, lock, files: library.files(), edit: Box::new(edit) }
}
