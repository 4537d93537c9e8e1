//! [`Index`]: what an index is made of.

use super::table::TableName;

/// One of the things that an index is about: a column, or an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexColumn {
    pub(crate) what: IndexOf,
    pub(crate) order: Option<&'static str>,
}

/// A column or an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IndexOf {
    Column(String),
    Expression(String),
}

impl<N: Into<String>> From<N> for IndexColumn {
    fn from(name: N) -> Self {
        Self { what: IndexOf::Column(name.into()), order: None }
    }
}

/// A column of an index, in ascending order, as it is anyway: for a list with others that are none.
pub fn asc(name: impl Into<String>) -> IndexColumn {
    name.into().into()
}

/// A column of an index, in descending order.
pub fn desc(name: impl Into<String>) -> IndexColumn {
    IndexColumn { what: IndexOf::Column(name.into()), order: Some("DESC") }
}

/// An expression, as SQL: `index("users", [expression("lower(email)")])`. MariaDB can not index one.
pub fn expression(sql: impl Into<String>) -> IndexColumn {
    IndexColumn { what: IndexOf::Expression(sql.into()), order: None }
}

/// An index, made by [`index`] or [`unique_index`].
///
/// Its name is `{table}_{columns}_index`, as in Ecto, where a changeset looks for it.
#[must_use = "an index is created with `create_index`"]
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    pub(crate) table: TableName,
    pub(crate) columns: Vec<IndexColumn>,
    pub(crate) unique: bool,
    pub(crate) name: Option<String>,
    pub(crate) filter: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) include: Vec<String>,
    pub(crate) concurrently: bool,
    pub(crate) nulls_distinct: bool,
    pub(crate) only: bool,
    pub(crate) comment: Option<String>,
}

/// An index: `index("comments", ["post_id"])`.
pub fn index<C: Into<IndexColumn>>(
    table: impl Into<TableName>,
    columns: impl IntoIterator<Item = C>,
) -> Index {
    Index {
        table: table.into(),
        columns: columns.into_iter().map(Into::into).collect(),
        unique: false,
        name: None,
        filter: None,
        method: None,
        include: Vec::new(),
        concurrently: false,
        nulls_distinct: true,
        only: false,
        comment: None,
    }
}

/// An index of which no two rows may have the same values: `unique_index("users", ["email"])`.
pub fn unique_index<C: Into<IndexColumn>>(
    table: impl Into<TableName>,
    columns: impl IntoIterator<Item = C>,
) -> Index {
    Index { unique: true, ..index(table, columns) }
}

impl Index {
    /// Its name, if it is not `{table}_{columns}_index`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// It is about the rows only of which this is true, Ecto's `where`. MySQL does not have it.
    pub fn filter(mut self, condition: impl Into<String>) -> Self {
        self.filter = Some(condition.into());
        self
    }

    /// What sort of index it is, Ecto's `using`: `gin`, `hash`. SQLite has one sort only.
    pub fn method(mut self, name: impl Into<String>) -> Self {
        self.method = Some(name.into());
        self
    }

    /// Columns that it carries along, so that a query need not look at the table. PostgreSQL has it.
    pub fn include<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.include.extend(columns.into_iter().map(Into::into));
        self
    }

    /// It is built while others write to the table. PostgreSQL can not do that within a transaction, so the migration
    /// says `m.disable_ddl_transaction()` too. MySQL does so of itself wherever it can; SQLite has one writer, and
    /// nothing to be concurrent with.
    pub fn concurrently(mut self) -> Self {
        self.concurrently = true;
        self
    }

    /// Two rows with NULL count as the same: `NULLS NOT DISTINCT`, of PostgreSQL 15 or later.
    pub fn nulls_not_distinct(mut self) -> Self {
        self.nulls_distinct = false;
        self
    }

    /// Not on the partitions of the table: `ON ONLY`, of PostgreSQL.
    pub fn only(mut self) -> Self {
        self.only = true;
        self
    }

    /// What is said about it in the database; not on SQLite.
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.comment = Some(text.into());
        self
    }

    /// The name that it has.
    pub(crate) fn full_name(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let mut name = self.table.name.clone();
        for column in &self.columns {
            let (IndexOf::Column(text) | IndexOf::Expression(text)) = &column.what;
            name.push('_');
            // As Ecto does: what is no part of a name falls away.
            name.extend(text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }));
        }
        let mut tidy = String::with_capacity(name.len());
        for c in name.chars() {
            if c != '_' || !tidy.ends_with('_') {
                tidy.push(c);
            }
        }
        format!("{}_index", tidy.trim_end_matches('_'))
    }
}
