//! Operations as SQLite writes them; for what it has no statement for, the table is built anew.

use super::{Quote, STANDARD, execute, sql};
use crate::migrate::change::column::{Default, Generated, Spec, SqlType};
use crate::migrate::change::constraint::Constraint;
use crate::migrate::change::index::Index;
use crate::migrate::change::op::{Alter, Column, NewTable, Op};
use crate::migrate::change::table::TableName;
use crate::migrate::plan::Step;
use crate::migrate::rebuild::{Edit, Rebuild};

const QUOTE: Quote = STANDARD;

pub(super) fn steps(op: &Op) -> Vec<Step> {
    let text = match op {
        Op::CreateTable { table, if_not_exists } => {
            let table = keys_unprefixed(table);
            let said = table.comment.as_deref().map(comment).unwrap_or_default();
            QUOTE.create_table(&table, *if_not_exists, &said, |column| new_column(&table, column))
        }
        Op::DropTable { name, if_exists, .. } => QUOTE.drop_table(name, *if_exists),
        Op::AlterTable { table, changes } => return alter(table, changes),
        Op::RenameTable { from, to } => {
            format!("ALTER TABLE {} RENAME TO {}", QUOTE.table(from), QUOTE.name(to))
        }
        Op::RenameColumn { table, from, to } => QUOTE.rename_column(table, from, to),
        Op::CreateIndex { index, if_not_exists } => create_index(index, *if_not_exists),
        Op::DropIndex { index, if_exists } => {
            let exists = if *if_exists { "IF EXISTS " } else { "" };
            format!("DROP INDEX {exists}{}", index_name(index))
        }
        Op::CreateConstraint(rule) => {
            return rebuild(&rule.table, vec![Edit::AddConstraint(QUOTE.constraint(rule))]);
        }
        Op::DropConstraint(Constraint { table, name, .. }) | Op::DropNamedConstraint { table, name } => {
            return rebuild(table, vec![Edit::DropConstraint(name.clone())]);
        }
        Op::Execute { up, .. } => return execute(up),
    };
    vec![sql(text)]
}

/// A foreign key stays within its file, so what it refers to is named without one.
fn keys_unprefixed(table: &NewTable) -> NewTable {
    let mut table = table.clone();
    for column in &mut table.columns {
        if let Some(reference) = &mut column.spec.reference {
            reference.table.prefix = None;
        }
    }
    table
}

fn rebuild(table: &TableName, edits: Vec<Edit>) -> Vec<Step> {
    vec![Step::Rebuild(Rebuild { table: table.clone(), edits })]
}

fn comment(text: &str) -> String {
    format!(" /* {} */", text.replace("*/", "* /"))
}

/// An index is named in its table's file, and its table is not.
fn index_name(index: &Index) -> String {
    QUOTE.in_prefix(index.table.prefix.as_deref(), &index.full_name())
}

fn create_index(index: &Index, if_not_exists: bool) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let exists = if if_not_exists { "IF NOT EXISTS " } else { "" };
    let filter = index.filter.as_deref().map(|filter| format!(" WHERE {filter}")).unwrap_or_default();
    format!(
        "CREATE {unique}INDEX {exists}{} ON {} {}{filter}",
        index_name(index),
        QUOTE.name(&index.table.name),
        QUOTE.index_columns(index)
    )
}

fn kind(kind: &SqlType) -> String {
    match kind {
        SqlType::Identity | SqlType::Smallint | SqlType::Integer | SqlType::Bigint | SqlType::Boolean => {
            "INTEGER".into()
        }
        SqlType::Text
        | SqlType::Date
        | SqlType::Time(_)
        | SqlType::UtcDatetime(_)
        | SqlType::NaiveDatetime(_)
        | SqlType::Uuid
        | SqlType::Json => "TEXT".into(),
        SqlType::String(size) => format!("VARCHAR({size})"),
        SqlType::Float => "REAL".into(),
        SqlType::Decimal(precision, scale) => format!("DECIMAL({precision}, {scale})"),
        SqlType::Binary => "BLOB".into(),
        SqlType::Named(name) => name.clone(),
    }
}

fn default(default: &Default) -> String {
    match default {
        Default::Literal(literal) => QUOTE.literal(literal),
        Default::Sql(expression) => format!("({expression})"),
        // As the driver writes moments, so that they sort.
        Default::Now => "(strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))".into(),
    }
}

/// A column of a new table: there alone a key can count by itself.
fn new_column(table: &NewTable, column: &Column) -> String {
    let alone = table.columns.iter().filter(|column| column.spec.primary_key).count() == 1;
    if column.spec.kind == SqlType::Identity && alone {
        let said = column.spec.comment.as_deref().map(comment).unwrap_or_default();
        return format!("{} INTEGER PRIMARY KEY AUTOINCREMENT{said}", QUOTE.name(&column.name));
    }
    format!("{} {}", QUOTE.name(&column.name), definition(&column.spec))
}

/// What stands behind a column's name.
fn definition(spec: &Spec) -> String {
    let mut text = kind(&spec.kind);
    if let Some(collation) = &spec.collation {
        text.push_str(&format!(" COLLATE {}", QUOTE.name(collation)));
    }
    text.push_str(&QUOTE.rest(spec, default));
    if let Some(said) = &spec.comment {
        text.push_str(&comment(said));
    }
    text
}

/// The definition with its foreign key, which stands with the column wherever it was added later.
fn definition_with_key(table: &TableName, column: &Column) -> String {
    let mut text = definition(&column.spec);
    if let Some(reference) = &column.spec.reference
        && reference.with.is_empty()
    {
        let name = QUOTE.name(&reference.full_name(table, &column.name));
        let mut reference = reference.clone();
        reference.table.prefix = None;
        text.push_str(&format!(" CONSTRAINT {name} {}", QUOTE.references(&reference)));
    }
    text
}

/// Whether ALTER TABLE ADD COLUMN takes the column.
fn can_be_added(spec: &Spec) -> bool {
    let constant = match &spec.default {
        None => !spec.not_null,
        Some(Default::Literal(_)) => spec.reference.is_none(),
        Some(Default::Sql(_) | Default::Now) => false,
    };
    let stored = matches!(spec.generated, Some(Generated { stored: true, .. }));
    let composite = spec.reference.as_ref().is_some_and(|reference| !reference.with.is_empty());
    constant && !stored && !composite
}

fn alter(table: &TableName, changes: &[Alter]) -> Vec<Step> {
    let simple = changes.iter().all(
        |change| matches!(change, Alter::Add { column, if_not_exists: false } if can_be_added(&column.spec)),
    );
    if simple {
        let add = |change: &Alter| {
            let Alter::Add { column, .. } = change else { return None };
            Some(sql(format!(
                "ALTER TABLE {} ADD COLUMN {} {}",
                QUOTE.table(table),
                QUOTE.name(&column.name),
                definition_with_key(table, column)
            )))
        };
        return changes.iter().filter_map(add).collect();
    }
    let mut edits = Vec::new();
    for change in changes {
        match change {
            Alter::Add { column, if_not_exists } => {
                edits.push(Edit::Add {
                    column: column.name.clone(),
                    definition: definition_with_key(table, column),
                    if_not_exists: *if_not_exists,
                    generated: column.spec.generated.is_some(),
                });
                if let Some(reference) = &column.spec.reference
                    && !reference.with.is_empty()
                {
                    let mut reference = reference.clone();
                    reference.table.prefix = None;
                    edits.push(Edit::AddConstraint(QUOTE.named_foreign_key(table, &column.name, &reference)));
                }
            }
            Alter::Remove { name, if_exists, .. } => {
                edits.push(Edit::Remove { column: name.clone(), if_exists: *if_exists });
            }
            Alter::Modify { to, from } => {
                let old = from.as_ref().and_then(|from| from.spec.reference.as_ref());
                let key_changes = old != to.spec.reference.as_ref();
                if key_changes && let Some(reference) = old {
                    edits.push(Edit::DropConstraint(reference.full_name(table, &to.name)));
                }
                edits.push(Edit::Modify { column: to.name.clone(), definition: definition(&to.spec) });
                if key_changes && let Some(reference) = &to.spec.reference {
                    let mut reference = reference.clone();
                    reference.table.prefix = None;
                    edits.push(Edit::AddConstraint(QUOTE.named_foreign_key(table, &to.name, &reference)));
                }
            }
        }
    }
    rebuild(table, edits)
}
