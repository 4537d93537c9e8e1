//! The tables that everybody works on.

use bench_work::{Database, table};
use zzz_db::{DatabaseConfig, DatabaseUrl, Repo, storage};

use super::{Draft, Post};

/// How many rows are inserted at once.
const BATCH: u64 = 500;

/// Makes the database, if there is none, and its tables anew; says of what version it is.
pub(super) async fn create(url: &DatabaseUrl, database: Database) {
    storage::create(url).await.unwrap();
    let repo = open(url).await;
    let key = match database {
        Database::Sqlite => "INTEGER PRIMARY KEY",
        Database::Postgres => "BIGSERIAL PRIMARY KEY",
        Database::Mysql => "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY",
    };
    for name in ["bench_posts", "bench_drafts"] {
        repo.execute(&format!("DROP TABLE IF EXISTS {name}"), []).await.unwrap();
        let columns = format!("(id {key}, title TEXT NOT NULL, views INTEGER NOT NULL)");
        repo.execute(&format!("CREATE TABLE {name} {columns}"), []).await.unwrap();
    }
    for first in (1..=table::ROWS).step_by(BATCH as usize) {
        let posts = (first..first + BATCH).map(|id| Post {
            id: id.cast_signed(),
            title: table::post_title(id),
            views: table::views(id),
        });
        repo.insert_all(posts).await.unwrap();
    }
    let (name, version) = match database {
        Database::Sqlite => ("SQLite", "SELECT sqlite_version()"),
        Database::Postgres => ("PostgreSQL", "SHOW server_version"),
        Database::Mysql => ("MySQL", "SELECT version()"),
    };
    let version = repo.sql::<String>(version, []).await.unwrap().remove(0);
    // MariaDB says that it is, and what built it.
    let name = if version.contains("MariaDB") { "MariaDB" } else { name };
    println!("{name} {}", version.split([' ', '-']).next().unwrap_or_default());
    repo.close().await;
}

/// Removes the database, whoever still works on it.
pub(super) async fn drop(url: &DatabaseUrl, database: Database) {
    if database == Database::Postgres && storage::exists(url).await.unwrap() {
        let repo = open(url).await;
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        repo.sql::<bool>(end, []).await.unwrap();
        repo.close().await;
    }
    storage::drop(url).await.unwrap();
}

/// Says what was written, and makes the table as it was: empty, its keys counting from 1.
pub(super) async fn take(url: &DatabaseUrl, database: Database) {
    let repo = open(url).await;
    let drafts = repo.all(Draft::query()).await.unwrap();
    let checksum =
        drafts.iter().map(|draft| table::sum(draft.id, &draft.title, draft.views)).fold(0, u64::wrapping_add);
    let empty = match database {
        Database::Sqlite => "DELETE FROM bench_drafts",
        Database::Postgres => "TRUNCATE bench_drafts RESTART IDENTITY",
        Database::Mysql => "TRUNCATE TABLE bench_drafts",
    };
    repo.execute(empty, []).await.unwrap();
    repo.close().await;
    println!("checksum {checksum} of {} drafts", drafts.len());
}

async fn open(url: &DatabaseUrl) -> Repo {
    Repo::connect(url, &DatabaseConfig::default()).await.unwrap()
}
