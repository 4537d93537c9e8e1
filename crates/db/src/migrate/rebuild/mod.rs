//! [`Rebuild`]: a table of SQLite that is built anew, because SQLite has no statement for the change.
//!
//! The steps are those of SQLite's own advice (<https://sqlite.org/lang_altertable.html>, "making other kinds of table
//! schema changes"): with foreign keys off, a new table, a copy of the rows, the old one dropped, the new one
//! renamed, and indexes and triggers made again. Views and triggers of other tables are texts that name the table, and
//! stay. In the end the foreign keys of the table are checked, and of this table only.

mod definition;

use definition::{Definition, mentions};

use super::change::table::TableName;
use crate::dialect::{Dialect, Statement};
use crate::driver::Access;
use crate::{Error, ErrorKind, Repo, Result, Value, row};

/// A table that is built anew.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rebuild {
    pub(crate) table: TableName,
    pub(crate) edits: Vec<Edit>,
}

/// What is other in the new table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Edit {
    Add { column: String, definition: String, if_not_exists: bool, generated: bool },
    Modify { column: String, definition: String },
    Remove { column: String, if_exists: bool },
    AddConstraint(String),
    DropConstraint(String),
}

/// As an error shows it, and as the checksum is made of it.
impl std::fmt::Display for Rebuild {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "build the table `{}` anew:", self.table.name)?;
        for edit in &self.edits {
            match edit {
                Edit::Add { column, definition, .. } => write!(f, " add `{column}` {definition};")?,
                Edit::Modify { column, definition } => write!(f, " modify `{column}` {definition};")?,
                Edit::Remove { column, .. } => write!(f, " remove `{column}`;")?,
                Edit::AddConstraint(sql) => write!(f, " add {sql};")?,
                Edit::DropConstraint(name) => write!(f, " drop the constraint `{name}`;")?,
            }
        }
        Ok(())
    }
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Migration, message)
}

impl Rebuild {
    /// Builds the table anew, within a transaction in which foreign keys are not enforced.
    pub(crate) async fn run(&self, tx: &Repo) -> Result<()> {
        if self.table.prefix.as_deref().is_some_and(|prefix| !prefix.eq_ignore_ascii_case("main")) {
            return Err(refused(format!(
                "the table `{}` is in an attached file, where it can not be built anew",
                self.table.name
            )));
        }
        if tx.sql::<(i64,)>("PRAGMA foreign_keys", []).await?.first() != Some(&(0,)) {
            return Err(refused(
                "a table can not be built anew within another transaction: foreign keys can not be turned off there",
            ));
        }
        let (name, sql) = self.find(tx).await?;
        let Some(mut definition) = Definition::parse(&name, &sql) else {
            return Err(refused(format!("the table `{name}` is virtual, and can not be built anew")));
        };
        let kept = tx
            .sql::<(String, String)>(
                "SELECT type, sql FROM sqlite_schema \
                 WHERE tbl_name = ? COLLATE NOCASE AND type IN ('index', 'trigger') AND sql IS NOT NULL \
                 ORDER BY type, rowid",
                [Value::Text(name.clone())],
            )
            .await?;
        let removed = self.edit(tx.dialect(), &mut definition)?;
        let quote = |name: &str| {
            let mut text = String::new();
            tx.dialect().identifier(&mut text, name);
            text
        };
        let (old, new) = (quote(&name), quote(&format!("zzz_new_{name}")));
        let is_removed = |column: &str| removed.iter().any(|name| name.eq_ignore_ascii_case(column));
        // What is generated is generated again.
        let columns: Vec<String> = tx
            .sql::<(String, i64)>(
                "SELECT name, hidden FROM pragma_table_xinfo(?)",
                [Value::Text(name.clone())],
            )
            .await?
            .into_iter()
            .filter(|(column, hidden)| *hidden == 0 && !is_removed(column))
            .map(|(column, _)| quote(&column))
            .collect();
        let counted = self.counted(tx, &name).await?;
        tx.script(&definition.create(&new)).await?;
        let columns = columns.join(", ");
        tx.script(&format!("INSERT INTO {new} ({columns}) SELECT {columns} FROM {old}")).await?;
        tx.script(&format!("DROP TABLE {old}")).await?;
        // Otherwise the name would be changed, or missed, in views and triggers that mean the table.
        tx.script("PRAGMA legacy_alter_table = ON").await?;
        tx.script(&format!("ALTER TABLE {new} RENAME TO {old}")).await?;
        tx.script("PRAGMA legacy_alter_table = OFF").await?;
        if let Some(counted) = counted {
            let name = || Value::Text(name.clone());
            tx.execute("DELETE FROM sqlite_sequence WHERE name = ?", [name()]).await?;
            let row = [name(), Value::Int(counted)];
            tx.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", row).await?;
        }
        for (kind, sql) in kept {
            // As on PostgreSQL, an index goes with a column of it.
            if kind == "trigger" || !removed.iter().any(|column| mentions(&sql, column)) {
                tx.script(&sql).await?;
            }
        }
        self.check_keys(tx, &name).await
    }

    /// The table's name and text as they are kept.
    async fn find(&self, tx: &Repo) -> Result<(String, String)> {
        let found = tx
            .sql::<(String, String)>(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE",
                [Value::Text(self.table.name.clone())],
            )
            .await?;
        found.into_iter().next().ok_or_else(|| refused(format!("there is no table `{}`", self.table.name)))
    }

    /// Changes the definition; returns the columns that are gone.
    fn edit(&self, dialect: &dyn Dialect, definition: &mut Definition) -> Result<Vec<&str>> {
        let mut removed = Vec::new();
        for edit in &self.edits {
            match edit {
                Edit::Add { column, if_not_exists: true, .. } if definition.has_column(column) => {}
                Edit::Add { column, definition: text, .. } => {
                    let mut name = String::new();
                    dialect.identifier(&mut name, column);
                    definition.add(&name, column, text);
                }
                Edit::Modify { column, definition: text } => {
                    definition.modify(column, text).map_err(refused)?;
                }
                Edit::Remove { column, if_exists: true } if !definition.has_column(column) => {}
                Edit::Remove { column, .. } => {
                    definition.remove(column).map_err(refused)?;
                    removed.push(column.as_str());
                }
                Edit::AddConstraint(sql) => definition.add_constraint(sql),
                Edit::DropConstraint(name) => definition.drop_constraint(name).map_err(refused)?,
            }
        }
        Ok(removed)
    }

    /// How far an AUTOINCREMENT has counted: rows that are deleted count too.
    async fn counted(&self, tx: &Repo, name: &str) -> Result<Option<i64>> {
        let counts = "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'";
        if tx.sql::<(i64,)>(counts, []).await?.first() != Some(&(1,)) {
            return Ok(None);
        }
        let name = Value::Text(name.to_owned());
        let rows = tx.sql::<(i64,)>("SELECT seq FROM sqlite_sequence WHERE name = ?", [name]).await?;
        Ok(rows.first().map(|row| row.0))
    }

    async fn check_keys(&self, tx: &Repo, name: &str) -> Result<()> {
        let check = "SELECT parent, count(*) FROM pragma_foreign_key_check(?) GROUP BY parent";
        let statement = Statement::new(check, [Value::Text(name.to_owned())]);
        let broken: Vec<(String, i64)> =
            tx.fetch(statement, Access::Read, |row| Ok((row::get(row, 0)?, row::get(row, 1)?))).await?;
        match broken.first() {
            None => Ok(()),
            Some((parent, rows)) => Err(refused(format!(
                "{rows} row(s) of the table `{name}` refer to rows of `{parent}` that are not there; \
                 delete or mend them first"
            ))),
        }
    }
}
