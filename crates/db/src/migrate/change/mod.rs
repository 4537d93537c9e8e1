//! [`Change`]: what a migration in Rust does, told in the words of Ecto's migrations.

mod check;
pub(crate) mod column;
pub(crate) mod constraint;
pub(crate) mod index;
pub mod kind;
pub(crate) mod op;
pub(crate) mod table;

pub(crate) use check::check as check_ops;

use op::Op;
use table::{Alteration, Columns, Table, TableName};

use super::Database;
use constraint::Constraint;
use index::Index;

/// What a migration does. Its functions are given one, and tell it operations, which run in their order.
///
/// ```
/// use zzz_db::migration::*;
///
/// pub fn change(m: &mut Change) {
///     m.create_table("posts", |t| {
///         t.add("title", string(100).not_null());
///         t.add("author_id", references("users").on_delete(OnDelete::DeleteAll).not_null());
///         t.add("views", integer().not_null().default(0));
///         t.timestamps();
///     });
///     m.create_index(index("posts", ["author_id"]));
/// }
/// # zzz_db::migrate::Migrations::from_code([("1_create_posts", zzz_db::migrate::Code::change(change))]).unwrap();
/// ```
///
/// Nothing happens while the function runs. Within one `if` and loops mean what they always mean, and
/// [`database`](Self::database) tells for which database it is asked. It must tell the same each time.
#[derive(Debug)]
pub struct Change {
    database: Database,
    pub(crate) ops: Vec<Op>,
    pub(crate) in_transaction: bool,
}

impl Change {
    pub(crate) fn new(database: Database) -> Self {
        Self { database, ops: Vec::new(), in_transaction: true }
    }

    /// The database that is changed: for SQL that is another on each.
    #[must_use]
    pub fn database(&self) -> Database {
        self.database
    }

    /// Runs the migration outside of a transaction, where the database would have it in one: for what a transaction can
    /// not hold, such as [`concurrently`](Index::concurrently). What is done is written down after each statement
    /// then. MySQL ends a transaction at every change of the structure, so there it is always so.
    pub fn disable_ddl_transaction(&mut self) {
        self.in_transaction = false;
    }

    /// Creates a table, with a column `id` unless something else is said.
    pub fn create_table(&mut self, table: impl Into<Table>, columns: impl FnOnce(&mut Columns)) {
        self.push_table(table.into(), false, columns);
    }

    /// Creates a table unless there is one of this name.
    pub fn create_table_if_not_exists(
        &mut self,
        table: impl Into<Table>,
        columns: impl FnOnce(&mut Columns),
    ) {
        self.push_table(table.into(), true, columns);
    }

    fn push_table(&mut self, table: Table, if_not_exists: bool, columns: impl FnOnce(&mut Columns)) {
        let mut all = Columns::default();
        columns(&mut all);
        self.ops.push(Op::CreateTable { table: all.finish(table), if_not_exists });
    }

    /// Drops a table with what it holds. What it was is told with [`was`](Dropped::was); without that the migration
    /// can not be taken back.
    pub fn drop_table(&mut self, table: impl Into<TableName>) -> Dropped<'_> {
        self.ops.push(Op::DropTable { name: table.into(), was: None, if_exists: false });
        Dropped(self.ops.last_mut())
    }

    /// Drops a table if there is one of this name.
    pub fn drop_table_if_exists(&mut self, table: impl Into<TableName>) -> Dropped<'_> {
        self.ops.push(Op::DropTable { name: table.into(), was: None, if_exists: true });
        Dropped(self.ops.last_mut())
    }

    /// Adds, changes and removes columns of a table.
    ///
    /// Where SQLite has no statement for it, the table is built anew, with its rows, indexes, triggers and views, and
    /// foreign keys are not enforced while the migration runs; in the end those of the table are checked.
    pub fn alter_table(&mut self, table: impl Into<TableName>, changes: impl FnOnce(&mut Alteration)) {
        let mut all = Alteration::default();
        changes(&mut all);
        self.ops.push(Op::AlterTable { table: table.into(), changes: all.changes });
    }

    /// Gives a table another name. Its indexes and constraints keep theirs.
    pub fn rename_table(&mut self, from: impl Into<TableName>, to: impl Into<String>) {
        self.ops.push(Op::RenameTable { from: from.into(), to: to.into() });
    }

    /// Gives a column another name.
    pub fn rename_column(
        &mut self,
        table: impl Into<TableName>,
        from: impl Into<String>,
        to: impl Into<String>,
    ) {
        self.ops.push(Op::RenameColumn { table: table.into(), from: from.into(), to: to.into() });
    }

    /// Creates an index.
    pub fn create_index(&mut self, index: Index) {
        self.ops.push(Op::CreateIndex { index, if_not_exists: false });
    }

    /// Creates an index unless there is one of this name. Not on MySQL.
    pub fn create_index_if_not_exists(&mut self, index: Index) {
        self.ops.push(Op::CreateIndex { index, if_not_exists: true });
    }

    /// Drops an index.
    pub fn drop_index(&mut self, index: Index) {
        self.ops.push(Op::DropIndex { index, if_exists: false });
    }

    /// Drops an index if there is one of this name. Not on MySQL.
    pub fn drop_index_if_exists(&mut self, index: Index) {
        self.ops.push(Op::DropIndex { index, if_exists: true });
    }

    /// Creates a constraint of a table that is there. SQLite builds the table anew for it; for a new table take
    /// [`Columns::check`].
    pub fn create_constraint(&mut self, constraint: Constraint) {
        self.ops.push(Op::CreateConstraint(constraint));
    }

    /// Drops a constraint.
    pub fn drop_constraint(&mut self, constraint: Constraint) {
        self.ops.push(Op::DropConstraint(constraint));
    }

    /// Drops a constraint of which only the name is known; such a migration can not be taken back.
    pub fn drop_constraint_named(&mut self, table: impl Into<TableName>, name: impl Into<String>) {
        self.ops.push(Op::DropNamedConstraint { table: table.into(), name: name.into() });
    }

    /// Runs one statement of SQL, and another one when the migration is taken back; empty if there is nothing to
    /// take back.
    pub fn execute(&mut self, up: impl Into<String>, down: impl Into<String>) {
        self.ops.push(Op::Execute { up: up.into(), down: Some(down.into()) });
    }

    /// Runs one statement of SQL. In a `change` it can not be taken back.
    pub fn run(&mut self, sql: impl Into<String>) {
        self.ops.push(Op::Execute { up: sql.into(), down: None });
    }
}

/// A table that is dropped, to tell what it was.
#[derive(Debug)]
pub struct Dropped<'a>(Option<&'a mut Op>);

impl Dropped<'_> {
    /// What the table was, as it was created, so that the migration can be taken back. Its rows do not come back.
    pub fn was(self, columns: impl FnOnce(&mut Columns)) {
        if let Some(Op::DropTable { name, was, .. }) = self.0 {
            let mut all = Columns::default();
            columns(&mut all);
            *was = Some(all.finish(table::table(name.clone())));
        }
    }
}
