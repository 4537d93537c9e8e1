//! How each database writes operations: one file per database, and here what they share.
//!
//! What is written here is what [`checksum`](super::plan)s are made of: changing the SQL of an operation makes every
//! migration that uses it look edited. A test below pins it.

mod mysql;
mod postgres;
mod sqlite;

use super::Database;
use super::change::column::{Default, OnDelete, OnUpdate, Reference, Spec};
use super::change::constraint::{Constraint, Rule};
use super::change::index::{Index, IndexOf};
use super::change::kind::Literal;
use super::change::op::{Column, NewTable, Op};
use super::change::table::TableName;
use super::plan::Step;

/// The steps of an operation that was checked.
pub(crate) fn steps(database: Database, op: &Op) -> Vec<Step> {
    match database {
        Database::Sqlite => sqlite::steps(op),
        Database::Postgres => postgres::steps(op),
        Database::Mysql => mysql::steps(op),
    }
}

fn sql(text: String) -> Step {
    Step::Sql(text)
}

/// Quotes names and texts as one database does.
#[derive(Clone, Copy)]
struct Quote {
    name: char,
    /// Whether a backslash in a text means something.
    backslash: bool,
}

const STANDARD: Quote = Quote { name: '"', backslash: false };
const MYSQL: Quote = Quote { name: '`', backslash: true };

impl Quote {
    fn name(self, name: &str) -> String {
        let quote = self.name;
        let doubled = name.replace(quote, &format!("{quote}{quote}"));
        format!("{quote}{doubled}{quote}")
    }

    fn table(self, table: &TableName) -> String {
        self.in_prefix(table.prefix.as_deref(), &table.name)
    }

    fn in_prefix(self, prefix: Option<&str>, name: &str) -> String {
        match prefix {
            Some(prefix) => format!("{}.{}", self.name(prefix), self.name(name)),
            None => self.name(name),
        }
    }

    fn names<'a>(self, names: impl IntoIterator<Item = &'a str>) -> String {
        names.into_iter().map(|name| self.name(name)).collect::<Vec<_>>().join(", ")
    }

    fn text(self, text: &str) -> String {
        let doubled = text.replace('\'', "''");
        let doubled = if self.backslash { doubled.replace('\\', "\\\\") } else { doubled };
        format!("'{doubled}'")
    }

    fn literal(self, literal: &Literal) -> String {
        match literal {
            Literal::Int(value) => value.to_string(),
            Literal::Number(digits) => digits.clone(),
            Literal::Text(text) => self.text(text),
            Literal::Bool(true) => "TRUE".into(),
            Literal::Bool(false) => "FALSE".into(),
        }
    }

    /// `FOREIGN KEY (...) REFERENCES ...`.
    fn foreign_key(self, column: &str, reference: &Reference) -> String {
        let here = reference.with.iter().map(|(here, _)| here.as_str());
        format!(
            "FOREIGN KEY ({}) {}",
            self.names(std::iter::once(column).chain(here)),
            self.references(reference)
        )
    }

    fn references(self, reference: &Reference) -> String {
        let there = reference.with.iter().map(|(_, there)| there.as_str());
        let columns = self.names(std::iter::once(reference.column.as_str()).chain(there));
        let mut text = format!("REFERENCES {} ({columns})", self.table(&reference.table));
        match &reference.on_delete {
            OnDelete::Nothing => {}
            OnDelete::DeleteAll => text.push_str(" ON DELETE CASCADE"),
            OnDelete::NilifyAll => text.push_str(" ON DELETE SET NULL"),
            OnDelete::Nilify(columns) => {
                text.push_str(" ON DELETE SET NULL (");
                text.push_str(&self.names(columns.iter().map(String::as_str)));
                text.push(')');
            }
            OnDelete::DefaultAll => text.push_str(" ON DELETE SET DEFAULT"),
            OnDelete::Restrict => text.push_str(" ON DELETE RESTRICT"),
        }
        match reference.on_update {
            OnUpdate::Nothing => {}
            OnUpdate::UpdateAll => text.push_str(" ON UPDATE CASCADE"),
            OnUpdate::NilifyAll => text.push_str(" ON UPDATE SET NULL"),
            OnUpdate::Restrict => text.push_str(" ON UPDATE RESTRICT"),
        }
        if !reference.validate {
            text.push_str(" NOT VALID");
        }
        text
    }

    /// `CONSTRAINT name FOREIGN KEY ...`.
    fn named_foreign_key(self, table: &TableName, column: &str, reference: &Reference) -> String {
        let name = self.name(&reference.full_name(table, column));
        format!("CONSTRAINT {name} {}", self.foreign_key(column, reference))
    }

    /// `CONSTRAINT name CHECK (...)`.
    fn constraint(self, constraint: &Constraint) -> String {
        let rule = match &constraint.rule {
            Rule::Check(condition) => format!("CHECK ({condition})"),
            Rule::Exclude(rule) => format!("EXCLUDE USING {rule}"),
        };
        let valid = if constraint.validate { "" } else { " NOT VALID" };
        format!("CONSTRAINT {} {rule}{valid}", self.name(&constraint.name))
    }

    /// The lines within the brackets of CREATE TABLE.
    fn table_body(self, table: &NewTable, definition: impl Fn(&Column) -> String) -> String {
        let mut lines: Vec<String> = table.columns.iter().map(definition).collect();
        let keys: Vec<&str> = table
            .columns
            .iter()
            .filter(|column| column.spec.primary_key)
            .map(|column| column.name.as_str())
            .collect();
        // SQLite counts only a key that stands with its column.
        let written = lines.iter().any(|line| line.contains(" PRIMARY KEY AUTOINCREMENT"));
        if !keys.is_empty() && !written {
            lines.push(format!("PRIMARY KEY ({})", self.names(keys)));
        }
        for column in &table.columns {
            if let Some(reference) = &column.spec.reference {
                lines.push(self.named_foreign_key(&table.name, &column.name, reference));
            }
        }
        for (name, condition) in &table.checks {
            lines.push(format!("CONSTRAINT {} CHECK ({condition})", self.name(name)));
        }
        lines.join(",\n    ")
    }

    fn create_table(
        self,
        table: &NewTable,
        if_not_exists: bool,
        comment: &str,
        definition: impl Fn(&Column) -> String,
    ) -> String {
        let exists = if if_not_exists { "IF NOT EXISTS " } else { "" };
        let options = table.options.as_deref().map(|options| format!(" {options}")).unwrap_or_default();
        format!(
            "CREATE TABLE {exists}{} ({comment}\n    {}\n){options}",
            self.table(&table.name),
            self.table_body(table, definition)
        )
    }

    fn drop_table(self, name: &TableName, if_exists: bool) -> String {
        format!("DROP TABLE {}{}", if if_exists { "IF EXISTS " } else { "" }, self.table(name))
    }

    fn rename_column(self, table: &TableName, from: &str, to: &str) -> String {
        format!("ALTER TABLE {} RENAME COLUMN {} TO {}", self.table(table), self.name(from), self.name(to))
    }

    /// What an index is about, in brackets.
    fn index_columns(self, index: &Index) -> String {
        let columns = index.columns.iter().map(|column| {
            let what = match &column.what {
                IndexOf::Column(name) => self.name(name),
                IndexOf::Expression(expression) => format!("({expression})"),
            };
            column.order.map_or(what.clone(), |order| format!("{what} {order}"))
        });
        format!("({})", columns.collect::<Vec<_>>().join(", "))
    }

    /// ` NOT NULL`, ` DEFAULT ...`.
    fn rest(self, spec: &Spec, default: impl Fn(&Default) -> String) -> String {
        let mut text = String::new();
        if let Some(generated) = &spec.generated {
            text.push_str(" GENERATED ALWAYS AS (");
            text.push_str(&generated.expression);
            text.push_str(if generated.stored { ") STORED" } else { ") VIRTUAL" });
        }
        if let Some(value) = &spec.default {
            text.push_str(" DEFAULT ");
            text.push_str(&default(value));
        }
        if spec.not_null {
            text.push_str(" NOT NULL");
        }
        text
    }
}

/// The SQL of an app's own; none if it is empty.
fn execute(text: &str) -> Vec<Step> {
    if text.trim().is_empty() { Vec::new() } else { vec![sql(text.to_owned())] }
}
