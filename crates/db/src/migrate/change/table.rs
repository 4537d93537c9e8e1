//! What a table is made of: [`Table`], [`Columns`], and what [`Alteration`] changes of it.

use super::column::{ColumnType, Spec, identity, utc_datetime};
use super::op::{Alter, Column};

/// The name of a table: `"posts"`, or `("tenant", "posts")` with the schema (PostgreSQL), database (MySQL) or
/// attached file (SQLite) that it is in, Ecto's prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    pub(crate) prefix: Option<String>,
    pub(crate) name: String,
}

impl From<&str> for TableName {
    fn from(name: &str) -> Self {
        Self { prefix: None, name: name.into() }
    }
}

impl From<String> for TableName {
    fn from(name: String) -> Self {
        Self { prefix: None, name }
    }
}

impl From<&String> for TableName {
    fn from(name: &String) -> Self {
        name.as_str().into()
    }
}

impl<P: Into<String>, N: Into<String>> From<(P, N)> for TableName {
    fn from((prefix, name): (P, N)) -> Self {
        Self { prefix: Some(prefix.into()), name: name.into() }
    }
}

/// A table that is to be created, with what is said about it as a whole; a name does where that is nothing.
#[must_use = "a table is created with `create_table`"]
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub(crate) name: TableName,
    pub(crate) comment: Option<String>,
    pub(crate) options: Option<String>,
    pub(crate) has_id: bool,
}

/// A table, to say more about it: `m.create_table(table("posts").comment("..."), |t| ...)`.
pub fn table(name: impl Into<TableName>) -> Table {
    Table { name: name.into(), comment: None, options: None, has_id: true }
}

impl<N: Into<TableName>> From<N> for Table {
    fn from(name: N) -> Self {
        table(name)
    }
}

impl Table {
    /// What is said about it in the database. SQLite keeps it as a comment in the table's SQL.
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.comment = Some(text.into());
        self
    }

    /// SQL that stands behind the columns: `STRICT` on SQLite, `ENGINE = InnoDB` on MySQL, `WITH (fillfactor = 70)`
    /// on PostgreSQL.
    pub fn options(mut self, sql: impl Into<String>) -> Self {
        self.options = Some(sql.into());
        self
    }

    /// It gets no column `id`. One whose columns say that they are the primary key gets none in any case.
    pub fn without_id(mut self) -> Self {
        self.has_id = false;
        self
    }
}

/// The columns of a table that is created.
#[derive(Debug, Default)]
pub struct Columns {
    columns: Vec<Column>,
    checks: Vec<(String, String)>,
}

impl Columns {
    /// Adds a column: `t.add("title", string(100).not_null())`.
    pub fn add<K>(&mut self, name: impl Into<String>, column: ColumnType<K>) {
        self.push(name.into(), column.spec);
    }

    /// Adds `inserted_at` and `updated_at`, which `#[schema(timestamps)]` fills.
    pub fn timestamps(&mut self) {
        self.add("inserted_at", utc_datetime().not_null());
        self.add("updated_at", utc_datetime().not_null());
    }

    /// Adds a condition that every row must fulfil: `t.check("views_not_negative", "views >= 0")`.
    pub fn check(&mut self, name: impl Into<String>, condition: impl Into<String>) {
        self.checks.push((name.into(), condition.into()));
    }

    fn push(&mut self, name: String, spec: Spec) {
        self.columns.push(Column { name, spec });
    }

    /// The table, with the `id` that it has unless something else is said.
    pub(super) fn finish(mut self, table: Table) -> super::op::NewTable {
        if table.has_id && !self.columns.iter().any(|column| column.spec.primary_key) {
            self.columns.insert(0, Column { name: "id".into(), spec: identity().spec });
        }
        super::op::NewTable {
            name: table.name,
            comment: table.comment,
            options: table.options,
            columns: self.columns,
            checks: self.checks,
        }
    }
}

/// What is changed of a table.
#[derive(Debug, Default)]
pub struct Alteration {
    pub(super) changes: Vec<Alter>,
}

impl Alteration {
    /// Adds a column.
    pub fn add<K>(&mut self, name: impl Into<String>, column: ColumnType<K>) {
        self.push_add(name.into(), column.spec, false);
    }

    /// Adds a column unless there is one of this name. Not on MySQL.
    pub fn add_if_not_exists<K>(&mut self, name: impl Into<String>, column: ColumnType<K>) {
        self.push_add(name.into(), column.spec, true);
    }

    /// Adds `inserted_at` and `updated_at`. Rows that are there get the present moment.
    pub fn timestamps(&mut self) {
        self.add("inserted_at", utc_datetime().not_null().default_now());
        self.add("updated_at", utc_datetime().not_null().default_now());
    }

    /// Changes a column into what is given here, and nothing else: one that does not say `not_null()` may be NULL
    /// afterwards, and one without a default has none. What it was is told with [`from`](Modified::from); without
    /// that the migration can not be taken back.
    ///
    /// Its constraints stay: the primary key, unique indexes, checks, and the foreign key unless `from` tells it.
    pub fn modify<K>(&mut self, name: impl Into<String>, column: ColumnType<K>) -> Modified<'_> {
        let to = Column { name: name.into(), spec: column.spec };
        self.changes.push(Alter::Modify { to, from: None });
        Modified(self.changes.last_mut())
    }

    /// Removes a column with what it holds. What it was is told with [`was`](Removed::was); without that the
    /// migration can not be taken back.
    pub fn remove(&mut self, name: impl Into<String>) -> Removed<'_> {
        self.changes.push(Alter::Remove { name: name.into(), was: None, if_exists: false });
        Removed(self.changes.last_mut())
    }

    /// Removes a column if there is one of this name. Not on MySQL.
    pub fn remove_if_exists(&mut self, name: impl Into<String>) -> Removed<'_> {
        self.changes.push(Alter::Remove { name: name.into(), was: None, if_exists: true });
        Removed(self.changes.last_mut())
    }

    fn push_add(&mut self, name: String, spec: Spec, if_not_exists: bool) {
        self.changes.push(Alter::Add { column: Column { name, spec }, if_not_exists });
    }
}

/// A column that is changed, to tell what it was.
#[derive(Debug)]
pub struct Modified<'a>(Option<&'a mut Alter>);

impl Modified<'_> {
    /// What the column was, so that the migration can be taken back: all of it, as it was declared.
    pub fn from<K>(self, column: ColumnType<K>) {
        if let Some(Alter::Modify { to, from }) = self.0 {
            *from = Some(Box::new(Column { name: to.name.clone(), spec: column.spec }));
        }
    }
}

/// A column that is removed, to tell what it was.
#[derive(Debug)]
pub struct Removed<'a>(Option<&'a mut Alter>);

impl Removed<'_> {
    /// What the column was, so that the migration can be taken back. What it held does not come back.
    pub fn was<K>(self, column: ColumnType<K>) {
        if let Some(Alter::Remove { name, was, .. }) = self.0 {
            *was = Some(Box::new(Column { name: name.clone(), spec: column.spec }));
        }
    }
}
