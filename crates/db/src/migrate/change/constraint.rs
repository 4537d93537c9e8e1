//! [`Constraint`]: a rule for the rows of a table.

use super::table::TableName;

/// What a constraint demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A condition that each row fulfils.
    Check(String),
    /// No two rows for which this holds.
    Exclude(String),
}

/// A rule for the rows of a table, made by [`check`] or [`exclude`].
#[must_use = "a constraint is created with `create_constraint`"]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    pub(crate) table: TableName,
    pub(crate) name: String,
    pub(crate) rule: Rule,
    pub(crate) validate: bool,
    pub(crate) comment: Option<String>,
}

/// A condition that every row must fulfil: `check("posts", "views_not_negative", "views >= 0")`.
pub fn check(
    table: impl Into<TableName>,
    name: impl Into<String>,
    condition: impl Into<String>,
) -> Constraint {
    new(table.into(), name.into(), Rule::Check(condition.into()))
}

/// No two rows may have this in common; PostgreSQL has it. What stands behind `EXCLUDE USING` is given:
/// `exclude("bookings", "no_overlap", "gist (room WITH =, during WITH &&)")`.
pub fn exclude(table: impl Into<TableName>, name: impl Into<String>, rule: impl Into<String>) -> Constraint {
    new(table.into(), name.into(), Rule::Exclude(rule.into()))
}

fn new(table: TableName, name: String, rule: Rule) -> Constraint {
    Constraint { table, name, rule, validate: true, comment: None }
}

impl Constraint {
    /// Rows that are there already are not looked at: `NOT VALID`, of PostgreSQL.
    pub fn not_valid(mut self) -> Self {
        self.validate = false;
        self
    }

    /// What is said about it in the database; PostgreSQL has it.
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.comment = Some(text.into());
        self
    }
}
