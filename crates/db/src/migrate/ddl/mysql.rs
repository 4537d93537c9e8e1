//! Operations as MySQL and MariaDB write them.

use super::{MYSQL, Quote, execute, sql};
use crate::migrate::change::column::{Default, Spec, SqlType};
use crate::migrate::change::constraint::Constraint;
use crate::migrate::change::index::Index;
use crate::migrate::change::op::{Alter, Column, Op};
use crate::migrate::change::table::TableName;
use crate::migrate::plan::Step;

const QUOTE: Quote = MYSQL;

pub(super) fn steps(op: &Op) -> Vec<Step> {
    let text = match op {
        Op::CreateTable { table, if_not_exists } => {
            let mut text = QUOTE.create_table(table, *if_not_exists, "", definition);
            if let Some(comment) = &table.comment {
                text.push_str(&format!(" COMMENT = {}", QUOTE.text(comment)));
            }
            text
        }
        Op::DropTable { name, if_exists, .. } => QUOTE.drop_table(name, *if_exists),
        Op::AlterTable { table, changes } => return alter(table, changes),
        Op::RenameTable { from, to } => {
            let to = QUOTE.in_prefix(from.prefix.as_deref(), to);
            format!("ALTER TABLE {} RENAME TO {to}", QUOTE.table(from))
        }
        Op::RenameColumn { table, from, to } => QUOTE.rename_column(table, from, to),
        Op::CreateIndex { index, .. } => create_index(index),
        Op::DropIndex { index, .. } => {
            let name = QUOTE.name(&index.full_name());
            format!("DROP INDEX {name} ON {}", QUOTE.table(&index.table))
        }
        Op::CreateConstraint(rule) => {
            format!("ALTER TABLE {} ADD {}", QUOTE.table(&rule.table), QUOTE.constraint(rule))
        }
        Op::DropConstraint(Constraint { table, name, .. }) | Op::DropNamedConstraint { table, name } => {
            format!("ALTER TABLE {} DROP CONSTRAINT {}", QUOTE.table(table), QUOTE.name(name))
        }
        Op::Execute { up, .. } => return execute(up),
    };
    vec![sql(text)]
}

fn create_index(index: &Index) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let mut text = format!("CREATE {unique}INDEX {}", QUOTE.name(&index.full_name()));
    if let Some(method) = &index.method {
        text.push_str(&format!(" USING {method}"));
    }
    text.push_str(&format!(" ON {} {}", QUOTE.table(&index.table), QUOTE.index_columns(index)));
    if let Some(comment) = &index.comment {
        text.push_str(&format!(" COMMENT {}", QUOTE.text(comment)));
    }
    text
}

fn kind(kind: &SqlType) -> String {
    match kind {
        SqlType::Identity | SqlType::Bigint => "bigint".into(),
        SqlType::Smallint => "smallint".into(),
        SqlType::Integer => "int".into(),
        SqlType::Text => "longtext".into(),
        SqlType::String(size) => format!("varchar({size})"),
        SqlType::Boolean => "boolean".into(),
        SqlType::Float => "double".into(),
        SqlType::Decimal(precision, scale) => format!("decimal({precision}, {scale})"),
        SqlType::Date => "date".into(),
        SqlType::Time(digits) => format!("time({digits})"),
        SqlType::UtcDatetime(digits) | SqlType::NaiveDatetime(digits) => format!("datetime({digits})"),
        SqlType::Uuid => "binary(16)".into(),
        SqlType::Binary => "longblob".into(),
        SqlType::Json => "json".into(),
        SqlType::Named(name) => name.clone(),
    }
}

fn definition(column: &Column) -> String {
    let spec = &column.spec;
    let mut text = format!("{} {}", QUOTE.name(&column.name), kind(&spec.kind));
    if let Some(collation) = &spec.collation {
        text.push_str(&format!(" COLLATE {}", QUOTE.name(collation)));
    }
    text.push_str(&QUOTE.rest(spec, |value| default(value, spec)));
    if spec.kind == SqlType::Identity {
        text.push_str(" AUTO_INCREMENT");
    }
    if let Some(comment) = &spec.comment {
        text.push_str(&format!(" COMMENT {}", QUOTE.text(comment)));
    }
    text
}

/// A long text has a default only as an expression.
fn default(default: &Default, spec: &Spec) -> String {
    match default {
        Default::Literal(literal) => {
            let text = QUOTE.literal(literal);
            let long = matches!(spec.kind, SqlType::Text | SqlType::Json | SqlType::Binary);
            if long { format!("({text})") } else { text }
        }
        Default::Sql(expression) => format!("({expression})"),
        Default::Now => match spec.kind {
            SqlType::UtcDatetime(0) | SqlType::NaiveDatetime(0) => "CURRENT_TIMESTAMP".into(),
            SqlType::UtcDatetime(digits) | SqlType::NaiveDatetime(digits) => {
                format!("CURRENT_TIMESTAMP({digits})")
            }
            _ => "CURRENT_TIMESTAMP".into(),
        },
    }
}

/// Foreign keys are dropped in a statement of their own: one that also creates one of the same name is refused.
fn alter(table: &TableName, changes: &[Alter]) -> Vec<Step> {
    let (mut dropped, mut clauses) = (Vec::new(), Vec::new());
    let drop_key = |column: &Column| {
        let reference = column.spec.reference.as_ref()?;
        let name = QUOTE.name(&reference.full_name(table, &column.name));
        Some(format!("DROP FOREIGN KEY {name}"))
    };
    let add_key = |column: &Column| {
        let reference = column.spec.reference.as_ref()?;
        Some(format!("ADD {}", QUOTE.named_foreign_key(table, &column.name, reference)))
    };
    for change in changes {
        match change {
            Alter::Add { column, .. } => {
                clauses.push(format!("ADD COLUMN {}", definition(column)));
                clauses.extend(add_key(column));
            }
            Alter::Remove { name, was, .. } => {
                // It refuses to remove what a foreign key needs.
                dropped.extend(was.as_deref().and_then(drop_key));
                clauses.push(format!("DROP COLUMN {}", QUOTE.name(name)));
            }
            Alter::Modify { to, from } => {
                let key_changes = from.as_ref().is_none_or(|from| from.spec.reference != to.spec.reference);
                if key_changes {
                    dropped.extend(from.as_deref().and_then(drop_key));
                }
                clauses.push(format!("MODIFY COLUMN {}", definition(to)));
                if key_changes {
                    clauses.extend(add_key(to));
                }
            }
        }
    }
    let statement = |clauses: Vec<String>| {
        (!clauses.is_empty())
            .then(|| sql(format!("ALTER TABLE {}\n    {}", QUOTE.table(table), clauses.join(",\n    "))))
    };
    statement(dropped).into_iter().chain(statement(clauses)).collect()
}
