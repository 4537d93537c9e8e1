//! What is refused before a migration runs: names that no database takes, and what the database in use does not have.

use super::column::{Default, OnDelete, Reference, Spec, SqlType};
use super::constraint::{Constraint, Rule};
use super::index::{Index, IndexOf};
use super::kind::Literal;
use super::op::{Alter, Column, NewTable, Op};
use super::table::TableName;
use crate::migrate::Database;

/// PostgreSQL cuts longer names off without a word, MySQL refuses them.
const LONGEST_NAME: usize = 63;

/// Says what is wrong with the operations, if anything is.
pub(crate) fn check(ops: &[Op], database: Database, in_transaction: bool) -> Result<(), String> {
    for op in ops {
        let checker = Checker { database, in_transaction };
        checker.op(op).map_err(|problem| format!("can not {op}: {problem}"))?;
    }
    Ok(())
}

struct Checker {
    database: Database,
    in_transaction: bool,
}

impl Checker {
    fn op(&self, op: &Op) -> Result<(), String> {
        match op {
            Op::CreateTable { table, .. } => self.new_table(table),
            Op::DropTable { name, was, .. } => {
                self.table(name)?;
                was.as_ref().map_or(Ok(()), |table| self.new_table(table))
            }
            Op::AlterTable { table, changes } => {
                self.table(table)?;
                if changes.is_empty() {
                    return Err("nothing of it is changed".into());
                }
                changes.iter().try_for_each(|change| self.alter(table, change))
            }
            Op::RenameTable { from, to } => {
                self.table(from)?;
                name(to)
            }
            Op::RenameColumn { table, from, to } => {
                self.table(table)?;
                name(from)?;
                name(to)
            }
            Op::CreateIndex { index, if_not_exists: if_exists } | Op::DropIndex { index, if_exists } => {
                self.index(index, *if_exists)
            }
            Op::CreateConstraint(rule) | Op::DropConstraint(rule) => self.constraint(rule),
            Op::DropNamedConstraint { table, name: constraint } => {
                self.table(table)?;
                name(constraint)
            }
            Op::Execute { up, .. } if up.contains('\0') => Err("the SQL has a NUL character".into()),
            Op::Execute { .. } => Ok(()),
        }
    }

    fn lacks(&self, what: &str) -> Result<(), String> {
        Err(format!(
            "{} has no {what}; ask `m.database()` and do it for the others only",
            self.database.label()
        ))
    }

    fn table(&self, table: &TableName) -> Result<(), String> {
        name(&table.name)?;
        table.prefix.as_deref().map_or(Ok(()), name)
    }

    fn new_table(&self, table: &NewTable) -> Result<(), String> {
        self.table(&table.name)?;
        if table.columns.is_empty() {
            return Err("it has no columns".into());
        }
        for (at, column) in table.columns.iter().enumerate() {
            let twice = |other: &Column| other.name.eq_ignore_ascii_case(&column.name);
            if table.columns[..at].iter().any(twice) {
                let hint = if column.name == "id" {
                    "; it has an `id` of its own unless `id` says that it is the `.primary_key()`"
                } else {
                    ""
                };
                return Err(format!("it has two columns `{}`{hint}", column.name));
            }
            self.column(&table.name, column)?;
            if column.spec.reference.as_ref().is_some_and(|reference| !reference.validate) {
                return Err(format!("`{}` is `not_valid()`, which a new table has no use for", column.name));
            }
        }
        let keys = || table.columns.iter().filter(|column| column.spec.primary_key);
        if keys().count() > 1 && keys().any(|column| column.spec.kind == SqlType::Identity) {
            return Err("an `identity()` is the only primary key of its table".into());
        }
        for (constraint, condition) in &table.checks {
            name(constraint)?;
            sql(condition)?;
        }
        Ok(())
    }

    fn alter(&self, table: &TableName, change: &Alter) -> Result<(), String> {
        let key = |column: &Column| -> Result<(), String> {
            if column.spec.primary_key {
                let what = &column.name;
                return Err(format!("`{what}` is a primary key, which only a new table can be given"));
            }
            Ok(())
        };
        match change {
            Alter::Add { column, if_not_exists } => {
                if *if_not_exists && self.database == Database::Mysql {
                    return self.lacks("`ADD COLUMN IF NOT EXISTS`");
                }
                key(column)?;
                self.column(table, column)
            }
            Alter::Modify { to, from } => {
                for column in std::iter::once(to).chain(from.as_deref()) {
                    key(column)?;
                    self.column(table, column)?;
                    if column.spec.generated.is_some() {
                        let name = &column.name;
                        return Err(format!("`{name}` is generated; remove it and add it again"));
                    }
                }
                Ok(())
            }
            Alter::Remove { name: column, was, if_exists } => {
                if *if_exists && self.database == Database::Mysql {
                    return self.lacks("`DROP COLUMN IF EXISTS`");
                }
                name(column)?;
                was.as_ref().map_or(Ok(()), |column| self.column(table, column))
            }
        }
    }

    fn column(&self, table: &TableName, column: &Column) -> Result<(), String> {
        name(&column.name)?;
        let Spec { kind, default, generated, reference, collation, .. } = &column.spec;
        let wrong = |problem: &str| Err(format!("`{}` {problem}", column.name));
        match kind {
            SqlType::String(0) => return wrong("is a text of no characters"),
            SqlType::Decimal(precision, scale) if *precision == 0 || scale > precision => {
                return wrong("is a decimal of fewer digits than stand behind its point");
            }
            SqlType::UtcDatetime(digits) | SqlType::NaiveDatetime(digits) if *digits > 6 => {
                return wrong("keeps more than 6 digits of a second, which no database does");
            }
            SqlType::Named(text) => sql(text)?,
            _ => {}
        }
        if generated.is_some() && (default.is_some() || reference.is_some() || column.spec.primary_key) {
            return wrong("is generated, so that it has no default, refers to nothing, and is no key");
        }
        match default {
            Some(Default::Literal(Literal::Text(text))) if text.contains('\0') => {
                return wrong("has a default with a NUL character");
            }
            Some(Default::Literal(Literal::Number(digits))) if digits.contains(char::is_alphabetic) => {
                return wrong("has a default that is no number");
            }
            Some(Default::Sql(expression)) => sql(expression)?,
            _ => {}
        }
        if let Some(generated) = generated {
            sql(&generated.expression)?;
        }
        if let Some(collation) = collation {
            name(collation)?;
        }
        match reference {
            Some(reference) => self.reference(table, column, reference),
            None => Ok(()),
        }
    }

    fn reference(&self, table: &TableName, column: &Column, reference: &Reference) -> Result<(), String> {
        self.table(&reference.table)?;
        name(&reference.column)?;
        name(&reference.full_name(table, &column.name))?;
        for (here, there) in &reference.with {
            name(here)?;
            name(there)?;
        }
        let sets_null = matches!(reference.on_delete, OnDelete::NilifyAll);
        if sets_null && column.spec.not_null {
            return Err(format!(
                "`{}` is `not_null()`, so that `OnDelete::NilifyAll` can not set it to NULL",
                column.name
            ));
        }
        match &reference.on_delete {
            OnDelete::Nilify(_) if self.database != Database::Postgres => {
                self.lacks("`ON DELETE SET NULL` of single columns")
            }
            OnDelete::DefaultAll if self.database == Database::Mysql => self.lacks("`ON DELETE SET DEFAULT`"),
            _ if !reference.validate && self.database != Database::Postgres => self.lacks("`NOT VALID`"),
            _ => Ok(()),
        }
    }

    fn index(&self, index: &Index, if_exists: bool) -> Result<(), String> {
        self.table(&index.table)?;
        if index.columns.is_empty() {
            return Err("it is about no column".into());
        }
        for column in &index.columns {
            match &column.what {
                IndexOf::Column(column) => name(column)?,
                IndexOf::Expression(expression) => sql(expression)?,
            }
        }
        let full = index.full_name();
        if full.len() > LONGEST_NAME {
            return Err(format!(
                "its name is longer than {LONGEST_NAME} bytes; give it one with `.name(...)`"
            ));
        }
        name(&full)?;
        let is_word = |method: &String| method.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if index.method.as_ref().is_some_and(|method| method.is_empty() || !is_word(method)) {
            return Err("its method is one word, such as `gin`".into());
        }
        let (postgres, mysql, sqlite) = (
            self.database == Database::Postgres,
            self.database == Database::Mysql,
            self.database == Database::Sqlite,
        );
        if index.concurrently && postgres && self.in_transaction {
            return Err(
                "`concurrently()` can not be within a transaction; say `m.disable_ddl_transaction()` \
                        too, best in a migration with nothing else"
                    .into(),
            );
        }
        match () {
            () if mysql && if_exists => self.lacks("`IF EXISTS` for an index"),
            () if mysql && index.filter.is_some() => self.lacks("partial index"),
            () if sqlite && index.method.is_some() => self.lacks("sorts of indexes"),
            () if !postgres && !index.include.is_empty() => self.lacks("`INCLUDE`"),
            () if !postgres && !index.nulls_distinct => self.lacks("`NULLS NOT DISTINCT`"),
            () if !postgres && index.only => self.lacks("`ON ONLY`"),
            () if sqlite && index.comment.is_some() => self.lacks("comments on indexes"),
            () => Ok(()),
        }
    }

    fn constraint(&self, constraint: &Constraint) -> Result<(), String> {
        self.table(&constraint.table)?;
        name(&constraint.name)?;
        let (Rule::Check(text) | Rule::Exclude(text)) = &constraint.rule;
        sql(text)?;
        let postgres = self.database == Database::Postgres;
        match &constraint.rule {
            Rule::Exclude(_) if !postgres => self.lacks("exclusion constraints"),
            _ if !constraint.validate && !postgres => self.lacks("`NOT VALID`"),
            _ if constraint.comment.is_some() && !postgres => self.lacks("comments on constraints"),
            _ => Ok(()),
        }
    }
}

fn name(name: &str) -> Result<(), String> {
    match name {
        "" => Err("a name is empty".into()),
        _ if name.contains('\0') => Err("a name has a NUL character".into()),
        _ if name.len() > LONGEST_NAME => Err(format!(
            "the name `{name}` is longer than {LONGEST_NAME} bytes, which PostgreSQL would cut off"
        )),
        _ => Ok(()),
    }
}

fn sql(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("SQL was expected and is empty".into());
    }
    if text.contains('\0') { Err("the SQL has a NUL character".into()) } else { Ok(()) }
}
