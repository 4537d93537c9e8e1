//! [`Op`]: one operation on the structure, how it is called, and what takes it back.

use std::fmt;

use super::column::Spec;
use super::constraint::Constraint;
use super::index::Index;
use super::table::TableName;

/// A column with its name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) spec: Spec,
}

/// A table that is created.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewTable {
    pub(crate) name: TableName,
    pub(crate) comment: Option<String>,
    pub(crate) options: Option<String>,
    pub(crate) columns: Vec<Column>,
    /// Names and conditions.
    pub(crate) checks: Vec<(String, String)>,
}

/// What is changed of a table's columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Alter {
    Add { column: Column, if_not_exists: bool },
    Modify { to: Column, from: Option<Box<Column>> },
    Remove { name: String, was: Option<Box<Column>>, if_exists: bool },
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Op {
    CreateTable {
        table: NewTable,
        if_not_exists: bool,
    },
    DropTable {
        name: TableName,
        was: Option<NewTable>,
        if_exists: bool,
    },
    AlterTable {
        table: TableName,
        changes: Vec<Alter>,
    },
    RenameTable {
        from: TableName,
        to: String,
    },
    RenameColumn {
        table: TableName,
        from: String,
        to: String,
    },
    CreateIndex {
        index: Index,
        if_not_exists: bool,
    },
    DropIndex {
        index: Index,
        if_exists: bool,
    },
    CreateConstraint(Constraint),
    DropConstraint(Constraint),
    /// One of which only the name is known.
    DropNamedConstraint {
        table: TableName,
        name: String,
    },
    Execute {
        up: String,
        down: Option<String>,
    },
}

/// As an error calls it: "drop the table `posts`".
impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateTable { table, .. } => write!(f, "create the table `{}`", table.name.name),
            Self::DropTable { name, .. } => write!(f, "drop the table `{}`", name.name),
            Self::AlterTable { table, changes } => match &changes[..] {
                [Alter::Modify { to, .. }] => write!(f, "modify `{}` of the table `{}`", to.name, table.name),
                [Alter::Remove { name, .. }] => write!(f, "remove `{name}` of the table `{}`", table.name),
                [Alter::Add { column, .. }] => {
                    write!(f, "add `{}` to the table `{}`", column.name, table.name)
                }
                _ => write!(f, "alter the table `{}`", table.name),
            },
            Self::RenameTable { from, to } => write!(f, "rename the table `{}` to `{to}`", from.name),
            Self::RenameColumn { table, from, to } => {
                write!(f, "rename `{from}` of the table `{}` to `{to}`", table.name)
            }
            Self::CreateIndex { index, .. } => write!(f, "create the index `{}`", index.full_name()),
            Self::DropIndex { index, .. } => write!(f, "drop the index `{}`", index.full_name()),
            Self::CreateConstraint(rule) => {
                write!(f, "create the constraint `{}` of the table `{}`", rule.name, rule.table.name)
            }
            Self::DropConstraint(Constraint { table, name, .. })
            | Self::DropNamedConstraint { table, name } => {
                write!(f, "drop the constraint `{name}` of the table `{}`", table.name)
            }
            Self::Execute { up, .. } => write!(f, "execute `{}`", shorten(up)),
        }
    }
}

/// The beginning of a statement, on one line.
pub(crate) fn shorten(sql: &str) -> String {
    const SHOWN: usize = 120;
    let words = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}...", &words[..at]),
        None => words,
    }
}

/// Why an operation can not be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Irreversible {
    pub(crate) operation: String,
    pub(crate) mend: &'static str,
}

/// The operations that take these back, in their order.
pub(crate) fn reverse(ops: &[Op]) -> Result<Vec<Op>, Irreversible> {
    // What a table has goes with the table. MySQL even refuses to drop an index that a foreign key needs.
    let renames = ops.iter().any(|op| matches!(op, Op::RenameTable { .. }));
    let is_new = |name: &TableName, before: &[Op]| {
        !renames
            && before.iter().any(
                |op| matches!(op, Op::CreateTable { table, if_not_exists: false } if table.name == *name),
            )
    };
    let mut reversed = Vec::with_capacity(ops.len());
    for (at, op) in ops.iter().enumerate().rev() {
        let goes_with_its_table = match op {
            Op::CreateIndex { index, .. } => is_new(&index.table, &ops[..at]),
            Op::CreateConstraint(rule) => is_new(&rule.table, &ops[..at]),
            _ => false,
        };
        if !goes_with_its_table {
            reversed.push(op.reversed()?);
        }
    }
    Ok(reversed)
}

impl Op {
    fn irreversible(&self, mend: &'static str) -> Irreversible {
        Irreversible { operation: self.to_string(), mend }
    }

    fn reversed(&self) -> Result<Self, Irreversible> {
        Ok(match self {
            Self::CreateTable { table, if_not_exists } => Self::DropTable {
                name: table.name.clone(),
                was: Some(table.clone()),
                if_exists: *if_not_exists,
            },
            Self::DropTable { was, if_exists, .. } => match was {
                Some(table) => Self::CreateTable { table: table.clone(), if_not_exists: *if_exists },
                None => return Err(self.irreversible("tell what the table was with `.was(|t| ...)`")),
            },
            Self::AlterTable { table, changes } => {
                let mut reversed = Vec::with_capacity(changes.len());
                for change in changes.iter().rev() {
                    reversed.push(change.reversed().map_err(|mend| {
                        Self::AlterTable { table: table.clone(), changes: vec![change.clone()] }
                            .irreversible(mend)
                    })?);
                }
                Self::AlterTable { table: table.clone(), changes: reversed }
            }
            Self::RenameTable { from, to } => Self::RenameTable {
                from: TableName { prefix: from.prefix.clone(), name: to.clone() },
                to: from.name.clone(),
            },
            Self::RenameColumn { table, from, to } => {
                Self::RenameColumn { table: table.clone(), from: to.clone(), to: from.clone() }
            }
            Self::CreateIndex { index, if_not_exists } => {
                Self::DropIndex { index: index.clone(), if_exists: *if_not_exists }
            }
            Self::DropIndex { index, if_exists } => {
                Self::CreateIndex { index: index.clone(), if_not_exists: *if_exists }
            }
            Self::CreateConstraint(rule) => Self::DropConstraint(rule.clone()),
            Self::DropConstraint(rule) => Self::CreateConstraint(rule.clone()),
            Self::DropNamedConstraint { .. } => {
                return Err(self.irreversible("name the rule too: `m.drop_constraint(check(...))`"));
            }
            Self::Execute { up, down } => match down {
                Some(down) => Self::Execute { up: down.clone(), down: Some(up.clone()) },
                None => {
                    return Err(self.irreversible("tell what takes it back: `m.execute(up, down)`"));
                }
            },
        })
    }
}

impl Alter {
    fn reversed(&self) -> Result<Self, &'static str> {
        Ok(match self {
            Self::Add { column, if_not_exists } => Self::Remove {
                name: column.name.clone(),
                was: Some(Box::new(column.clone())),
                if_exists: *if_not_exists,
            },
            Self::Modify { to, from } => match from {
                Some(from) => Self::Modify { to: Column::clone(from), from: Some(Box::new(to.clone())) },
                None => return Err("tell what the column was with `.from(...)`"),
            },
            Self::Remove { was, if_exists, .. } => match was {
                Some(column) => Self::Add { column: Column::clone(column), if_not_exists: *if_exists },
                None => return Err("tell what the column was with `.was(...)`"),
            },
        })
    }
}
