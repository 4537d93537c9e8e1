//! From what a database refused to an error of a field, or to one that says what to declare.

use super::constraint::{Broken, Rule};
use super::{Action, Changes, Core, FieldError, foreign_key};
use crate::driver::Access;
use crate::error::{Constraint, ConstraintKind};
use crate::schema::{Meta, Record};
use crate::{Error, Repo, Result, row};

/// Turns a refused write into an error of a field.
///
/// # Errors
/// The refusal itself, with what to declare, if the changeset knows no such constraint.
pub(crate) async fn explain(
    repo: &Repo,
    error: Error,
    data: &dyn Record,
    written: &Changes,
    core: &mut Core,
) -> Result<()> {
    let Some(constraint) = error.constraint() else { return Err(error) };
    let meta = data.meta();
    let mut broken = Broken {
        kind: constraint.kind,
        names: constraint.name.iter().cloned().collect(),
        columns: constraint.columns.clone(),
        referring: constraint.kind == ConstraintKind::ForeignKey
            && match core.action {
                Some(Action::Delete) => true,
                Some(Action::Update) => {
                    constraint.referring.is_some() || is_referred_to(constraint, meta, &core.rules)
                }
                _ => constraint.referring.is_some(),
            },
        table: constraint.referring.clone(),
    };
    // What a database does not say itself is looked up. A failure of that is no reason to hide the first one.
    if broken.kind == ConstraintKind::ForeignKey
        && broken.names.is_empty()
        && broken.columns.is_empty()
        && let Ok(Some(found)) = foreign_key::find(repo, data, written, core.action).await
    {
        broken = found;
    }
    let mut found = rule(&core.rules, &broken, meta);
    if found.is_none() && broken.kind == ConstraintKind::Unique && broken.names.is_empty() {
        broken.names = unique_names(repo, meta, &broken.columns).await.unwrap_or_default();
        found = rule(&core.rules, &broken, meta);
    }
    if found.is_none() && broken.referring && broken.table.is_none() {
        for (table, columns) in named_keys(repo, &broken.names).await.unwrap_or_default() {
            broken.table = Some(table);
            broken.columns = columns;
            found = rule(&core.rules, &broken, meta);
            if found.is_some() {
                break;
            }
        }
    }
    match found {
        Some(rule) => {
            core.errors.push(FieldError::of(rule.key, rule.message.clone()).on(rule.on));
            Ok(())
        }
        None => {
            let name = broken.names.first().cloned();
            let advice = advice(&broken, meta);
            let referring = broken.table.filter(|_| broken.referring);
            let told = Constraint { kind: broken.kind, name, columns: broken.columns, referring };
            Err(error.advised(told, &advice))
        }
    }
}

/// Whether a foreign key's columns are this row's key, to which others refer, and no reference of its own.
fn is_referred_to(constraint: &Constraint, meta: &Meta, rules: &[Rule]) -> bool {
    let places: Option<Vec<usize>> =
        constraint.columns.iter().map(|column| meta.of_column(column).map(|(at, _)| at)).collect();
    let Some(places) = places.filter(|places| !places.is_empty()) else { return false };
    let own = rules.iter().any(|rule| rule.kind == ConstraintKind::ForeignKey && rule.fields == places);
    !own && places.iter().all(|at| meta.primary_key.contains(at))
}

fn rule<'a>(rules: &'a [Rule], broken: &Broken, meta: &Meta) -> Option<&'a Rule> {
    let find = |exactly| rules.iter().find(|rule| rule.meets(broken, meta, exactly));
    find(true).or_else(|| find(false))
}

/// The names of the unique indexes on exactly these columns, and the one that Ecto would give.
async fn unique_names(repo: &Repo, meta: &Meta, columns: &[String]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    if columns.is_empty() {
        return Ok(names);
    }
    if let Some(statement) = repo.dialect().unique_indexes(meta.table) {
        let load = |row: &dyn crate::Row| {
            Ok::<(String, Option<String>), Error>((row::get(row, 0)?, row::get(row, 1)?))
        };
        let rows = repo.fetch(statement, Access::Read, load).await?;
        for index in rows.chunk_by(|a, b| a.0 == b.0) {
            let same = index.len() == columns.len()
                && index.iter().all(|(_, column)| column.as_ref().is_some_and(|it| columns.contains(it)));
            // SQLite's own names say nothing.
            names.extend(
                index
                    .first()
                    .filter(|(name, _)| same && !name.starts_with("sqlite_"))
                    .map(|row| row.0.clone()),
            );
        }
    }
    names.push(format!("{}_{}_index", meta.table, columns.join("_")));
    Ok(names)
}

/// The foreign keys of this name: their tables and columns, for databases that tell the name alone.
async fn named_keys(repo: &Repo, names: &[String]) -> Result<Vec<(String, Vec<String>)>> {
    let statement = names.first().and_then(|name| repo.dialect().foreign_key_named(name));
    let Some(statement) = statement else { return Ok(Vec::new()) };
    let load = |row: &dyn crate::Row| Ok::<(String, String), Error>((row::get(row, 0)?, row::get(row, 1)?));
    let rows = repo.fetch(statement, Access::Read, load).await?;
    let key = |rows: &[(String, String)]| {
        let columns = rows.iter().map(|(_, column)| column.clone()).collect();
        rows.first().map(|(table, _)| (table.clone(), columns))
    };
    Ok(rows.chunk_by(|a, b| a.0 == b.0).filter_map(key).collect())
}

/// What to declare, so that it becomes an error of a field.
fn advice(broken: &Broken, meta: &Meta) -> String {
    let schema = meta.name;
    let fields: Vec<&str> = broken
        .columns
        .iter()
        .filter_map(|column| meta.of_column(column).map(|(_, field)| field.name))
        .collect();
    let name = broken.names.first().map_or("its_name", |name| &**name);
    let declared = match (broken.kind, &fields[..]) {
        (ConstraintKind::ForeignKey, _) if broken.referring => return referring(broken, meta),
        (ConstraintKind::Unique, [field]) => format!("`.unique({schema}::{field})`"),
        (ConstraintKind::Unique, [_, ..]) => format!("`.unique_together(fields![{}])`", fields.join(", ")),
        (ConstraintKind::Unique, []) => format!("`.unique({schema}::a_field).named(\"{name}\")`"),
        (ConstraintKind::ForeignKey, [field, ..]) => format!("`.foreign_key({schema}::{field})`"),
        (ConstraintKind::ForeignKey, []) if broken.names.is_empty() => {
            "`.foreign_key(...)`, or `.no_assoc(...)` where other rows refer to this one".into()
        }
        (ConstraintKind::ForeignKey, []) => format!("`.foreign_key({schema}::a_field).named(\"{name}\")`"),
        (ConstraintKind::Check, _) => format!("`.check({schema}::a_field, \"{name}\")`"),
        (ConstraintKind::NotNull, [field, ..]) => {
            format!("`.validate_required(fields![{field}])`, or `.not_null({schema}::{field})`")
        }
        (ConstraintKind::NotNull, []) => "`.validate_required(...)`".into(),
        (ConstraintKind::Exclusion, _) => format!("`.exclusion({schema}::a_field, \"{name}\")`"),
    };
    format!("to make it an error of a field, declare it in a changeset of {schema}: {declared}")
}

/// What to declare where other rows refer to this one.
fn referring(broken: &Broken, meta: &Meta) -> String {
    let relation = meta.relations.iter().find(|relation| {
        (relation.path)().first().is_some_and(|hop| {
            let usual = format!("{}_{}_fkey", hop.table, hop.to);
            let same = broken.table.as_deref() == Some(hop.table) && broken.columns == [hop.to];
            hop.table != meta.table && (same || broken.names.contains(&usual))
        })
    });
    let rows = match &broken.table {
        Some(table) => format!("rows of `{table}` still refer to this one"),
        None => "other rows still refer to this one".into(),
    };
    let schema = meta.name;
    match relation {
        Some(relation) => format!(
            "{rows}; delete them first, or to make it an error of a field, declare it in a changeset of {schema}: \
             `.no_assoc({schema}::{})`",
            relation.name
        ),
        None => format!(
            "{rows}; delete them first, or give {schema} the relation to them (has_many) and declare it in a \
             changeset: `.no_assoc({schema}::the_relation)`"
        ),
    }
}
