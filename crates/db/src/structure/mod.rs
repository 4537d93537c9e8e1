//! The structure of a database as SQL: what `db dump` writes, and `db load` makes a database of.

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod program;

use crate::dialect::Statement;
use crate::driver::Access;
use crate::url::Target;
use crate::{DatabaseUrl, Error, ErrorKind, Repo, Result, row};

/// The structure as SQL, without rows, save for those of `schema_migrations`: a database that is made of it knows which
/// migrations it has.
///
/// SQLite tells it by itself. PostgreSQL's is told by `pg_dump`, which has to be installed and at least as new as the
/// server, MySQL's by `mysqldump` or `mariadb-dump`; they are given the password by a variable, and TLS is as they have
/// it. Their version and whatever else differs from run to run is left out, so that the text can be kept beside the
/// migrations and compared.
///
/// # Errors
/// If the database can not answer, or the program is missing or fails.
pub async fn dump(repo: &Repo, url: &DatabaseUrl) -> Result<String> {
    let mut text: String = match &url.target {
        #[cfg(feature = "sqlite")]
        Target::Sqlite(_) => sqlite(repo).await?,
        #[cfg(feature = "postgres")]
        Target::Postgres(options) => postgres::dump(options).await?,
        #[cfg(feature = "mysql")]
        Target::Mysql(options) => mysql::dump(options).await?,
        #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
        Target::None(never) => match *never {},
    };
    text.push_str(&applied(repo).await?);
    Ok(text)
}

/// Makes an empty database what the text of a [`dump`] says.
///
/// # Errors
/// If migrations have been applied to the database, or it refuses a statement; on MySQL those before it stay, on the
/// others nothing does.
pub async fn load(repo: &Repo, text: &str) -> Result<()> {
    let dialect = repo.dialect();
    if repo.any(Statement::new(dialect.has_migrations_table(), [])).await? {
        return Err(Error::new(
            ErrorKind::Migration,
            "the database has tables already (`schema_migrations` is one); load into one that `db create` has just made",
        ));
    }
    let repo = repo.with_query_timeout(None);
    if dialect.name() == "mysql" {
        return repo.script(text).await;
    }
    repo.transaction(async |tx| tx.script(text).await).await
}

/// The rows of `schema_migrations`, as SQL.
async fn applied(repo: &Repo) -> Result<String> {
    let dialect = repo.dialect();
    if !repo.any(Statement::new(dialect.has_migrations_table(), [])).await? {
        return Ok(String::new());
    }
    // pg_dump leaves the search path empty.
    let mut table = String::new();
    if dialect.name() == "postgres" {
        let schema = "SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('schema_migrations')";
        for (schema,) in repo.sql::<(String,)>(schema, []).await? {
            table = format!("{schema}.");
        }
    }
    let rows: Vec<(i64, String, String, chrono::DateTime<chrono::Utc>)> = repo
        .fetch(Statement::new(dialect.list_migrations(), []), Access::Read, |row| {
            Ok((row::get(row, 0)?, row::get(row, 1)?, row::get(row, 2)?, row::get(row, 3)?))
        })
        .await?;
    let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let line = |(version, name, checksum, at): &(i64, String, String, chrono::DateTime<chrono::Utc>)| {
        let at = at.format(if dialect.name() == "mysql" {
            "%Y-%m-%d %H:%M:%S%.6f"
        } else {
            "%Y-%m-%dT%H:%M:%S%.6fZ"
        });
        format!(
            "INSERT INTO {table}schema_migrations (version, name, checksum, inserted_at) \
             VALUES ({version}, {}, {}, '{at}');\n",
            text(name),
            text(checksum)
        )
    };
    Ok(rows.iter().map(line).collect())
}

/// What SQLite keeps, in an order in which it can be made again; without what belongs to virtual tables.
#[cfg(feature = "sqlite")]
async fn sqlite(repo: &Repo) -> Result<String> {
    let sql = "SELECT s.sql FROM sqlite_schema AS s \
               LEFT JOIN pragma_table_list AS t ON t.schema = 'main' AND t.name = s.tbl_name \
               WHERE s.sql IS NOT NULL AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                 AND coalesce(t.type, '') <> 'shadow' \
               ORDER BY CASE s.type WHEN 'table' THEN 1 WHEN 'view' THEN 2 WHEN 'index' THEN 3 ELSE 4 END, s.rowid";
    let rows = repo.sql::<(String,)>(sql, []).await?;
    Ok(rows.iter().map(|(sql,)| format!("{sql};\n\n")).collect())
}
