//! Constraints: what the database refuses becomes an error of a field.

use super::{Changes, Changeset, Core, FieldError};
use crate::driver::Access;
use crate::error::{Constraint, ConstraintKind};
use crate::schema::{FieldOf, FieldRef, Meta};
use crate::{Error, Repo, Result, Schema, row};

/// A constraint that the changeset knows, and the field that gets its error.
pub(crate) struct Rule {
    kind: ConstraintKind,
    field: usize,
    /// The fields of a unique index; for others the field itself.
    fields: Vec<usize>,
    /// The constraint's name, where the database tells it instead of columns.
    name: Option<&'static str>,
    message: &'static str,
}

impl<S: Schema> Changeset<S> {
    /// There is a unique index on this column: if it refuses the row, the field "has already been taken".
    ///
    /// An index on several columns that has this one among them counts too.
    #[must_use]
    pub fn unique<F: FieldOf<S>>(self, field: F) -> Self {
        let at = field.field().index;
        self.rule(ConstraintKind::Unique, at, vec![at], None, "has already been taken")
    }

    /// There is a unique index on these columns together; the first of them gets the error.
    #[must_use]
    pub fn unique_together<const N: usize>(
        self,
        fields: impl FnOnce(&'static S::Columns) -> [FieldRef<S>; N],
    ) -> Self {
        let fields: Vec<usize> = fields(S::columns()).iter().map(|field| field.index).collect();
        match fields.first() {
            Some(&first) => self.rule(ConstraintKind::Unique, first, fields, None, "has already been taken"),
            None => self,
        }
    }

    /// There is a unique index of this name; for indexes on expressions, of which SQLite tells the name only.
    #[must_use]
    pub fn unique_index<F: FieldOf<S>>(self, field: F, name: &'static str) -> Self {
        let at = field.field().index;
        self.rule(ConstraintKind::Unique, at, Vec::new(), Some(name), "has already been taken")
    }

    /// The column is a foreign key: if there is no such parent row, the field "does not exist".
    ///
    /// SQLite does not say which foreign key failed; the parents of the written columns are looked up by
    /// their keys then.
    #[must_use]
    pub fn foreign_key<F: FieldOf<S>>(self, field: F) -> Self {
        let at = field.field().index;
        self.rule(ConstraintKind::ForeignKey, at, vec![at], None, "does not exist")
    }

    /// There is a CHECK of this name: if it refuses the row, the field "is invalid".
    #[must_use]
    pub fn check<F: FieldOf<S>>(self, field: F, name: &'static str) -> Self {
        let at = field.field().index;
        self.rule(ConstraintKind::Check, at, Vec::new(), Some(name), "is invalid")
    }

    fn rule(
        mut self,
        kind: ConstraintKind,
        field: usize,
        fields: Vec<usize>,
        name: Option<&'static str>,
        message: &'static str,
    ) -> Self {
        self.core.rules.push(Rule { kind, field, fields, name, message });
        self
    }
}

/// Turns a refused write into an error of a field; `false` if the changeset knows no such constraint.
pub(crate) async fn explain(
    repo: &Repo,
    error: &Error,
    meta: &Meta,
    written: &Changes,
    core: &mut Core,
) -> Result<bool> {
    let Some(constraint) = error.constraint() else { return Ok(false) };
    let found = match constraint.kind {
        ConstraintKind::ForeignKey if constraint.columns.is_empty() => {
            missing_parent(repo, meta, written, &core.rules).await?
        }
        _ => core
            .rules
            .iter()
            .position(|rule| rule.meets(constraint, meta, true))
            .or_else(|| core.rules.iter().position(|rule| rule.meets(constraint, meta, false))),
    };
    let Some(rule) = found.and_then(|at| core.rules.get(at)) else { return Ok(false) };
    let validation = match rule.kind {
        ConstraintKind::Unique => "unique",
        ConstraintKind::ForeignKey => "foreign_key",
        ConstraintKind::Check | ConstraintKind::NotNull => "check",
    };
    let (field, error) = (&meta.fields[rule.field], FieldError::new(rule.message).of(validation));
    core.errors.push(error.on(field.name));
    Ok(true)
}

impl Rule {
    /// Whether this is the constraint that failed: of the same columns, or if not `exactly`, among them.
    fn meets(&self, constraint: &Constraint, meta: &Meta, exactly: bool) -> bool {
        if self.kind != constraint.kind {
            return false;
        }
        if let Some(name) = self.name {
            return constraint.name.as_deref() == Some(name);
        }
        let among = |at: &usize| constraint.columns.iter().any(|column| column == meta.fields[*at].column);
        self.fields.iter().all(among) && (!exactly || self.fields.len() == constraint.columns.len())
    }
}

/// The first declared foreign key whose parent is missing.
async fn missing_parent(
    repo: &Repo,
    meta: &Meta,
    written: &Changes,
    rules: &[Rule],
) -> Result<Option<usize>> {
    let declared = |column: &str| {
        rules.iter().position(|rule| {
            rule.kind == ConstraintKind::ForeignKey && meta.fields[rule.field].column == column
        })
    };
    let Some(statement) = repo.dialect().foreign_keys(meta.table) else { return Ok(None) };
    let keys = repo
        .fetch(statement, Access::Read, |row| {
            let key: (i64, String, String, String) =
                (row::get(row, 0)?, row::get(row, 1)?, row::get(row, 2)?, row::get(row, 3)?);
            Ok(key)
        })
        .await?;
    for key in keys.chunk_by(|a, b| a.0 == b.0) {
        let Some(rule) = key.iter().find_map(|(_, column, ..)| declared(column)) else { continue };
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
            return Ok(Some(rule));
        }
    }
    Ok(None)
}
