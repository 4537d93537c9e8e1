//! Which foreign key it was, for SQLite, which does not say it: the parents of the written keys are looked up
//! by their keys, and rows that refer to a deleted one by an index on their foreign key. No table is ever read
//! through: `PRAGMA foreign_key_check` would do that.

use super::constraint::Broken;
use super::{Action, Changes};
use crate::driver::Access;
use crate::error::ConstraintKind;
use crate::schema::{Meta, Record};
use crate::{Repo, Result, Value, row};

/// The foreign key that refused the write; `None` if that can not be told.
pub(super) async fn find(
    repo: &Repo,
    data: &dyn Record,
    written: &Changes,
    action: Option<Action>,
) -> Result<Option<Broken>> {
    let meta = data.meta();
    if action != Some(Action::Delete)
        && let Some(missing) = missing_parent(repo, meta, written).await?
    {
        return Ok(Some(missing));
    }
    match action {
        Some(Action::Insert) => Ok(None),
        _ => referring_row(repo, data, written, action == Some(Action::Delete)).await,
    }
}

fn broken(table: &str, columns: Vec<String>, referring: bool) -> Broken {
    Broken {
        kind: ConstraintKind::ForeignKey,
        names: vec![format!("{table}_{}_fkey", columns.join("_"))],
        columns,
        referring,
        table: referring.then(|| table.to_owned()),
    }
}

/// A foreign key that was written and whose parent is not there.
async fn missing_parent(repo: &Repo, meta: &Meta, written: &Changes) -> Result<Option<Broken>> {
    let Some(statement) = repo.dialect().foreign_keys(meta.table) else { return Ok(None) };
    let keys = repo
        .fetch(statement, Access::Read, |row| {
            let key: (i64, String, String, String) =
                (row::get(row, 0)?, row::get(row, 1)?, row::get(row, 2)?, row::get(row, 3)?);
            Ok(key)
        })
        .await?;
    for key in keys.chunk_by(|a, b| a.0 == b.0) {
        // A foreign key with a NULL in it refers to nothing, and one that was not written did not fail.
        let parent: Option<Vec<_>> = key
            .iter()
            .map(|(_, column, _, parent_column)| {
                let at = meta.fields.iter().position(|field| field.column == column)?;
                let value = written.get(at).filter(|value| !value.is_null())?;
                Some((parent_column.clone(), value.clone()))
            })
            .collect();
        let (Some(parent), Some((_, _, table, _))) = (parent, key.first()) else { continue };
        if !repo.any(repo.dialect().parent_exists(table, &parent)).await? {
            let columns = key.iter().map(|(_, column, ..)| column.clone()).collect();
            return Ok(Some(broken(meta.table, columns, false)));
        }
    }
    Ok(None)
}

/// A column of a foreign key that refers to the table.
struct Reference {
    table: String,
    id: i64,
    column: String,
    parent_column: String,
    on_delete: String,
    on_update: String,
    /// An index that begins with the column.
    index: Option<String>,
    /// Whether the column is the row's number, by which every row is found.
    is_rowid: bool,
}

/// A foreign key by which rows refer to this one.
async fn referring_row(
    repo: &Repo,
    data: &dyn Record,
    written: &Changes,
    deleting: bool,
) -> Result<Option<Broken>> {
    let meta = data.meta();
    let Some(statement) = repo.dialect().referring_keys(meta.table) else { return Ok(None) };
    let load = |row: &dyn crate::Row| {
        Ok(Reference {
            table: row::get(row, 0)?,
            id: row::get(row, 1)?,
            column: row::get(row, 2)?,
            parent_column: row::get(row, 3)?,
            on_delete: row::get(row, 4)?,
            on_update: row::get(row, 5)?,
            index: row::get(row, 6)?,
            is_rowid: row::get(row, 7)?,
        })
    };
    let references = repo.fetch(statement, Access::Read, load).await?;
    // Foreign keys that can not be looked up: without an index.
    let mut unseen: Vec<Broken> = Vec::new();
    let mut passes_on = false;
    for key in references.chunk_by(|a, b| a.table == b.table && a.id == b.id) {
        let Some(first) = key.first() else { continue };
        let refuses = |action: &str| matches!(action, "NO ACTION" | "RESTRICT");
        if !refuses(if deleting { &first.on_delete } else { &first.on_update }) {
            passes_on = true;
            continue;
        }
        let mut values: Vec<(String, Value)> = Vec::with_capacity(key.len());
        let mut is_written = deleting;
        for reference in key {
            let Some((at, _)) = meta.of_column(&reference.parent_column) else { break };
            is_written |= written.get(at).is_some();
            values.push((reference.column.clone(), data.dump(at)));
        }
        if !is_written || values.iter().any(|(_, value)| value.is_null()) {
            continue;
        }
        let columns: Vec<String> = key.iter().map(|reference| reference.column.clone()).collect();
        let index = key.iter().find_map(|reference| reference.index.as_deref());
        let by_number = key.iter().any(|reference| reference.is_rowid);
        let found = broken(&first.table, columns, true);
        if values.len() < key.len() || (index.is_none() && !by_number) {
            unseen.push(found);
            continue;
        }
        if repo.any(repo.dialect().child_exists(&first.table, index, &values)).await? {
            return Ok(Some(found));
        }
    }
    // If only one is left, and no deletion goes on from row to row, it is that one.
    Ok(if unseen.len() == 1 && !passes_on { unseen.pop() } else { None })
}
