//! Writes INSERT, UPDATE and DELETE.

use super::render::{Writer, needs_names};
use super::{Dialect, Statement, Upsert};
use crate::query::ast::{Expr, JoinKind, Select, SetTerm};
use crate::schema::{Field, Meta};
use crate::{Result, Value};

/// Which index's refusal is meant.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// Any.
    Any,
    /// The unique index on these columns.
    Columns(Vec<&'static str>),
    /// The constraint of this name.
    Constraint(&'static str),
}

/// What happens to a row that a unique index refuses.
#[derive(Debug, Clone)]
pub(crate) enum Resolution {
    /// Nothing: the row that is there stays.
    Nothing,
    /// The row that is there is changed, if it meets the condition.
    Update(Vec<SetTerm>, Option<Expr>),
}

/// `ON CONFLICT`.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    pub(crate) target: Target,
    pub(crate) resolution: Resolution,
}

impl Conflict {
    /// At most how many values it needs.
    pub(crate) fn params(&self) -> usize {
        match &self.resolution {
            Resolution::Nothing => 0,
            // Those of a list in a condition are not counted one by one: there is room for as many again.
            Resolution::Update(sets, None) => sets.len(),
            Resolution::Update(sets, Some(_)) => sets.len() + 1_000,
        }
    }
}

/// What an INSERT is made of, besides its rows.
pub(crate) struct Insertion<'a> {
    pub(crate) meta: &'a Meta,
    /// Where the table is, if not where the schema says.
    pub(crate) prefix: Option<&'a str>,
    pub(crate) fields: &'a [&'a Field],
    pub(crate) conflict: Option<&'a Conflict>,
    pub(crate) returning: &'a [&'a Field],
}

impl Writer<'_> {
    pub(super) fn excluded(&mut self, column: &str) {
        match self.syntax.upsert {
            Upsert::OnConflict => {
                self.text("excluded.");
                self.name(column);
            }
            Upsert::OnDuplicateKey => {
                self.text("VALUES(");
                self.name(column);
                self.text(")");
            }
        }
    }

    /// The table of a statement that writes: a repo's prefix goes before the schema's, as in Ecto.
    fn written(&mut self, meta: &Meta, prefix: Option<&str>) {
        self.table(prefix.or(meta.prefix), None, meta.table);
    }

    fn sets(&mut self, sets: &[SetTerm]) {
        self.text(" SET ");
        self.list(", ", sets, |sql, set| {
            sql.name(set.column);
            sql.text(" = ");
            sql.expr(&set.value);
        });
    }

    fn returning(&mut self, fields: &[&Field], can: bool) {
        if fields.is_empty() {
            return;
        }
        if !can {
            self.refuse("has no RETURNING there");
        }
        self.text(" RETURNING ");
        self.list(", ", fields, |sql, field| sql.name(field.column));
    }

    fn returning_outputs(&mut self, select: &Select, can: bool) {
        if !can {
            self.refuse("has no RETURNING; read the rows before, in the same transaction");
        }
        self.text(" RETURNING ");
        self.outputs(select);
    }

    fn conflict(&mut self, conflict: &Conflict, insertion: &Insertion<'_>) {
        if self.syntax.upsert == Upsert::OnDuplicateKey {
            return self.duplicate_key(conflict, insertion);
        }
        self.text(" ON CONFLICT");
        match &conflict.target {
            Target::Any => {}
            Target::Columns(columns) => {
                self.text(" (");
                self.list(", ", columns, |sql, column| sql.name(column));
                self.text(")");
            }
            Target::Constraint(_) if self.dialect.name() == "sqlite" => {
                self.refuse("knows no constraint by its name here; name the columns of the unique index");
            }
            Target::Constraint(name) => {
                self.text(" ON CONSTRAINT ");
                self.name(name);
            }
        }
        match &conflict.resolution {
            Resolution::Nothing => self.text(" DO NOTHING"),
            Resolution::Update(sets, _) if sets.is_empty() => self.text(" DO NOTHING"),
            Resolution::Update(sets, condition) => {
                self.text(" DO UPDATE");
                // A bare name could be the old row's or the new one's.
                self.qualified = true;
                self.sets(sets);
                self.filter(condition.as_ref());
                self.qualified = false;
            }
        }
    }

    fn duplicate_key(&mut self, conflict: &Conflict, insertion: &Insertion<'_>) {
        let meta = insertion.meta;
        self.text(" ON DUPLICATE KEY UPDATE ");
        // The rows may come from a query, whose columns are in sight too.
        let outside = std::mem::replace(&mut self.qualified, true);
        let own = |sql: &mut Self, column: &str| {
            sql.name(meta.table);
            sql.text(".");
            sql.name(column);
        };
        match &conflict.resolution {
            Resolution::Update(_, Some(_)) => self.refuse("has no condition on which rows are replaced"),
            Resolution::Update(sets, None) if !sets.is_empty() => {
                self.list(", ", sets, |sql, set| {
                    own(sql, set.column);
                    sql.text(" = ");
                    sql.expr(&set.value);
                });
                let mut keys = meta.keys();
                if let (Some(key), None) = (keys.next(), keys.next())
                    && !insertion
                        .fields
                        .iter()
                        .chain(insertion.returning)
                        .any(|field| field.column == key.column)
                {
                    // Lets the answer tell the number of the row that was there.
                    self.text(", ");
                    own(self, key.column);
                    self.text(" = LAST_INSERT_ID(");
                    own(self, key.column);
                    self.text(")");
                }
            }
            // A column set to itself is how nothing is written there.
            _ => match meta.keys().next().or(meta.columns().next().map(|(_, field)| field)) {
                Some(field) => {
                    own(self, field.column);
                    self.text(" = ");
                    own(self, field.column);
                }
                None => self.refuse("needs a column"),
            },
        }
        self.qualified = outside;
    }

    /// The rows of a query as those whose key is among its keys.
    fn by_keys(&mut self, select: &Select) {
        let keys: Vec<&Field> = select.meta.keys().collect();
        if keys.is_empty() {
            self.refuse("can only change the rows of a limited or joined query by their primary key, which this schema lacks");
        }
        self.text(" WHERE ");
        self.text(if keys.len() > 1 { "(" } else { "" });
        self.list(", ", &keys, |sql, key| sql.name(key.column));
        self.text(if keys.len() > 1 { ")" } else { "" });
        self.text(" IN (");
        // MySQL does not read from the table that it writes, save behind another SELECT.
        self.text(if self.syntax.update_from { "SELECT " } else { "SELECT * FROM (SELECT " });
        let outside = std::mem::replace(&mut self.qualified, needs_names(select));
        self.list(", ", select.keys(), |sql, key| sql.expr(&key));
        self.rest(select);
        self.qualified = outside;
        self.text(if self.syntax.update_from { ")" } else { ") AS found)" });
    }

    fn root(&mut self, select: &Select) {
        self.source(&select.from, select);
    }
}

/// Rows of the given columns; each row has a value per column.
pub(crate) fn insert(
    dialect: &dyn Dialect,
    insertion: &Insertion<'_>,
    values: Vec<Value>,
) -> Result<Statement> {
    let mut sql = Writer::new(dialect, None, "INSERT INTO ");
    sql.written(insertion.meta, insertion.prefix);
    if insertion.fields.is_empty() {
        sql.text(dialect.default_values());
    } else {
        sql.text(" (");
        sql.list(", ", insertion.fields, |sql, field| sql.name(field.column));
        sql.text(") VALUES ");
        sql.rows(insertion.fields.len(), values);
    }
    if let Some(conflict) = insertion.conflict {
        sql.conflict(conflict, insertion);
    }
    sql.returning(insertion.returning, sql.syntax.returning.insert);
    sql.finish()
}

/// The rows that a query gives.
pub(crate) fn insert_query(
    dialect: &dyn Dialect,
    insertion: &Insertion<'_>,
    select: &Select,
) -> Result<Statement> {
    let mut sql = Writer::new(dialect, insertion.prefix, "INSERT INTO ");
    sql.written(insertion.meta, insertion.prefix);
    sql.text(" (");
    sql.list(", ", insertion.fields, |sql, field| sql.name(field.column));
    sql.text(") ");
    sql.qualified = needs_names(select);
    match insertion.conflict {
        None => sql.whole(select),
        Some(conflict) => {
            // SQLite takes an ON after a bare query for that of a join.
            sql.text("SELECT * FROM (");
            sql.whole(select);
            sql.text(") AS found WHERE 1 = 1");
            sql.qualified = false;
            sql.conflict(conflict, insertion);
        }
    }
    sql.qualified = false;
    sql.finish()
}

/// The row that an UPDATE or DELETE is about: its keys, and with an optimistic lock its version.
fn row_is(sql: &mut Writer<'_>, row: &[(&'static str, Value)]) {
    sql.text(" WHERE ");
    sql.list(" AND ", row, |sql, (column, value)| {
        sql.name(column);
        if value.is_null() {
            sql.text(" IS NULL");
        } else {
            sql.text(" = ");
            sql.value(value.clone());
        }
    });
}

/// Columns of one row.
pub(crate) fn read_row(
    dialect: &dyn Dialect,
    meta: &Meta,
    prefix: Option<&str>,
    fields: &[&Field],
    row: &[(&'static str, Value)],
    lock: bool,
) -> Result<Statement> {
    let mut sql = Writer::new(dialect, None, "SELECT ");
    sql.list(", ", fields, |sql, field| sql.name(field.column));
    sql.text(" FROM ");
    sql.written(meta, prefix);
    row_is(&mut sql, row);
    sql.text(if lock && sql.syntax.row_locks { " FOR UPDATE" } else { "" });
    sql.finish()
}

/// Every column of the rows that have these values in a column.
pub(crate) fn read_rows(
    dialect: &dyn Dialect,
    meta: &Meta,
    prefix: Option<&str>,
    column: &'static str,
    values: Vec<Value>,
) -> Result<Statement> {
    let mut sql = Writer::new(dialect, None, "SELECT ");
    sql.list(", ", meta.columns(), |sql, (_, field)| sql.name(field.column));
    sql.text(" FROM ");
    sql.written(meta, prefix);
    sql.text(" WHERE ");
    sql.name(column);
    sql.text(" IN (");
    sql.list(", ", values, |sql, value| sql.value(value));
    sql.text(")");
    sql.finish()
}

/// Sets columns of one row.
pub(crate) fn update_row(
    dialect: &dyn Dialect,
    meta: &Meta,
    prefix: Option<&str>,
    sets: &[SetTerm],
    row: &[(&'static str, Value)],
    returning: &[&Field],
) -> Result<Statement> {
    let mut sql = Writer::new(dialect, None, "UPDATE ");
    sql.written(meta, prefix);
    sql.sets(sets);
    row_is(&mut sql, row);
    sql.returning(returning, sql.syntax.returning.update);
    sql.finish()
}

/// Deletes one row.
pub(crate) fn delete_row(
    dialect: &dyn Dialect,
    meta: &Meta,
    prefix: Option<&str>,
    row: &[(&'static str, Value)],
    returning: &[&Field],
) -> Result<Statement> {
    let mut sql = Writer::new(dialect, None, "DELETE FROM ");
    sql.written(meta, prefix);
    row_is(&mut sql, row);
    sql.returning(returning, sql.syntax.returning.delete);
    sql.finish()
}

/// Sets columns of the rows of a query.
pub(crate) fn update_all(
    dialect: &dyn Dialect,
    prefix: Option<&str>,
    select: &Select,
    sets: &[SetTerm],
    returning: bool,
) -> Result<Statement> {
    let mut sql = Writer::new(dialect, prefix, "UPDATE ");
    sql.root(select);
    let inner = select
        .joins
        .iter()
        .all(|join| matches!(join.kind, JoinKind::Inner | JoinKind::Cross) && !join.lateral);
    if select.is_shaped() || !inner {
        if sets.iter().any(|set| refers_elsewhere(&set.value, &select.from.name)) {
            sql.refuse("can not set columns from another source in a limited or outer-joined update");
        }
        sql.sets(sets);
        sql.by_keys(select);
    } else if select.joins.is_empty() {
        sql.sets(sets);
        sql.filter(select.filter.as_ref());
    } else {
        sql.qualified = true;
        joined_update(&mut sql, select, sets);
    }
    if returning {
        sql.returning_outputs(select, sql.syntax.returning.update);
    }
    sql.finish()
}

fn joined_update(sql: &mut Writer<'_>, select: &Select, sets: &[SetTerm]) {
    if !sql.syntax.update_from {
        for join in &select.joins {
            sql.join(join, select);
        }
        sql.text(" SET ");
        sql.list(", ", sets, |sql, set| {
            sql.expr(&select.root(set.column));
            sql.text(" = ");
            sql.expr(&set.value);
        });
        sql.filter(select.filter.as_ref());
        return;
    }
    sql.sets(sets);
    sql.text(" FROM ");
    sql.list(", ", &select.joins, |sql, join| sql.source(&join.from, select));
    let conditions = select.joins.iter().filter_map(|join| join.on.as_ref()).chain(&select.filter);
    let conditions: Vec<Expr> = conditions.cloned().collect();
    sql.filter((!conditions.is_empty()).then_some(&Expr::All(conditions)));
}

/// Deletes the rows of a query.
pub(crate) fn delete_all(
    dialect: &dyn Dialect,
    prefix: Option<&str>,
    select: &Select,
    returning: bool,
) -> Result<Statement> {
    let mut sql = Writer::new(dialect, prefix, "DELETE FROM ");
    sql.root(select);
    if select.is_shaped() || !select.joins.is_empty() {
        sql.by_keys(select);
    } else {
        sql.filter(select.filter.as_ref());
    }
    if returning {
        sql.returning_outputs(select, sql.syntax.returning.delete);
    }
    sql.finish()
}

/// Whether an expression has a column of another source than this one.
fn refers_elsewhere(expr: &Expr, source: &str) -> bool {
    let any = |exprs: &[Expr]| exprs.iter().any(|expr| refers_elsewhere(expr, source));
    match expr {
        Expr::Column(name, _) => name != source,
        Expr::Excluded(_) | Expr::Value(_) => false,
        Expr::Push(..) | Expr::Append(..) | Expr::Remove(..) => false,
        // A query of its own brings its own sources.
        Expr::InQuery(left, _) => refers_elsewhere(left, source),
        Expr::Exists(_) | Expr::Scalar(_) => false,
        Expr::Binary(left, _, right) => refers_elsewhere(left, source) || refers_elsewhere(right, source),
        Expr::IsNull(inner, _)
        | Expr::InList(inner, _)
        | Expr::Like(inner, ..)
        | Expr::List(inner, ..)
        | Expr::Not(inner) => refers_elsewhere(inner, source),
        Expr::All(parts) | Expr::Any(parts) | Expr::Call(_, parts) | Expr::Fragment(_, parts) => any(parts),
        Expr::Case(branches, otherwise) => {
            let mut parts = branches.iter().flat_map(|(when, then)| [when, then]).chain(otherwise.as_deref());
            parts.any(|part| refers_elsewhere(part, source))
        }
        Expr::Aggregate(aggregation) => {
            aggregation.of.iter().chain(&aggregation.filter).any(|part| refers_elsewhere(part, source))
        }
    }
}
