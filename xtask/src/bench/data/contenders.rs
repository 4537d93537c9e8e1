//! Who works on the databases: zzz, the bare drivers below it, and its peers. Each is a program that takes the same
//! words (`benches/work`).

use super::database::Kind;
use crate::bench::contenders::{Folder, OURS};

/// A program that is measured.
pub(crate) struct DataContender {
    /// Its name in tables.
    pub(crate) name: &'static str,
    /// How it is written, for the page.
    pub(super) is: &'static str,
    /// Its package.
    pub(super) package: &'static str,
    /// Where its lock file is, and the crates in it whose versions matter.
    pub(super) crates: (Folder, &'static [&'static str]),
    /// Where it works.
    pub(super) databases: &'static [Kind],
}

/// Every contender, in the order of the page; ours is the first.
pub(crate) const DATA_CONTENDERS: &[DataContender] = &[
    DataContender {
        name: OURS,
        is: "`Repo` with its default settings: `get`, `all`, `insert_all` and `insert` with structs that derive `Schema`",
        package: "bench-db",
        crates: (Folder::Main, &["tokio-postgres", "rusqlite", "sqlx"]),
        databases: &[Kind::Postgres, Kind::Sqlite, Kind::Mysql],
    },
    DataContender {
        name: "tokio-postgres",
        is: "the bare driver of PostgreSQL: one connection, prepared statements, columns by index; many rows as one \
             `INSERT` with a placeholder for each value",
        package: "bench-tokio-postgres",
        crates: (Folder::Peers, &["tokio-postgres"]),
        databases: &[Kind::Postgres],
    },
    DataContender {
        name: "rusqlite",
        is: "the bare driver of SQLite: one connection and one thread, nothing asynchronous, `prepare_cached`, columns by \
             index; many rows as one `INSERT` with a placeholder for each value",
        package: "bench-rusqlite",
        crates: (Folder::Peers, &["rusqlite"]),
        databases: &[Kind::Sqlite],
    },
    DataContender {
        name: "sqlx",
        is: "a pool with its default settings (one connection where SQLite is written by many tasks), `query_as` into a \
             struct with `FromRow`; many rows by `UNNEST` on PostgreSQL and by `QueryBuilder::push_values` elsewhere, as \
             its own pages say",
        package: "bench-sqlx",
        crates: (Folder::Peers, &["sqlx"]),
        databases: &[Kind::Postgres, Kind::Sqlite, Kind::Mysql],
    },
    DataContender {
        name: "diesel",
        is: "structs with `Selectable` and `Insertable`; on PostgreSQL `diesel_async` on one connection, which pipelines \
             and needs no C library; on SQLite Diesel's own connection, which blocks, and for many tasks \
             `diesel_async`'s pool of them",
        package: "bench-diesel",
        crates: (Folder::Peers, &["diesel", "diesel-async"]),
        databases: &[Kind::Postgres, Kind::Sqlite],
    },
    DataContender {
        name: "sea-orm",
        is: "entities with a pool of its default settings (one connection where SQLite is written by many tasks), \
             without the log of statements; `insert_many` without reading back",
        package: "bench-sea-orm",
        crates: (Folder::Peers, &["sea-orm", "sqlx"]),
        databases: &[Kind::Postgres, Kind::Sqlite, Kind::Mysql],
    },
];

/// The contenders and their crates, under names that no server among the contenders has.
pub(crate) fn crates() -> impl Iterator<Item = (String, (Folder, &'static [&'static str]))> {
    DATA_CONTENDERS.iter().map(|it| (version_key(it), it.crates))
}

/// Under which name the versions of its crates are kept.
pub(super) fn version_key(contender: &DataContender) -> String {
    format!("data: {}", contender.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_the_first_and_works_everywhere() {
        let ours = &DATA_CONTENDERS[0];
        assert_eq!((ours.name, ours.databases.len()), (OURS, 3));
    }
}
