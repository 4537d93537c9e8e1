//! Writes queries as SQL: what all databases share.

use super::{Dialect, Statement};
use crate::Value;
use crate::query::{Comparison, Expr, Function, Pattern, Select, Set, SetTerm};
use crate::schema::{Field, Meta};

/// Past so many values a list is handed over as one value, where the database can take it so: the SQL stays
/// short, and the same for every length.
const WRITTEN_OUT: usize = 32;

/// SQL while it is written.
struct Writer<'a> {
    dialect: &'a dyn Dialect,
    sql: String,
    params: Vec<Value>,
}

impl<'a> Writer<'a> {
    fn new(dialect: &'a dyn Dialect, start: &str) -> Self {
        let mut sql = String::with_capacity(128);
        sql.push_str(start);
        Self { dialect, sql, params: Vec::new() }
    }

    fn finish(self) -> Statement {
        Statement { sql: self.sql, params: self.params }
    }

    fn text(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    fn name(&mut self, name: &str) {
        self.dialect.identifier(&mut self.sql, name);
    }

    fn value(&mut self, value: Value) {
        self.params.push(value);
        self.dialect.placeholder(&mut self.sql, self.params.len());
    }

    fn list<T>(
        &mut self,
        separator: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.text(separator);
            }
            write(self, item);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Column(field) => self.name(field.column),
            Expr::Compare(left, comparison, right) => {
                self.expr(left);
                self.text(match comparison {
                    Comparison::Eq => " = ",
                    Comparison::Ne => " <> ",
                    Comparison::Gt => " > ",
                    Comparison::Ge => " >= ",
                    Comparison::Lt => " < ",
                    Comparison::Le => " <= ",
                });
                self.value(right.clone());
            }
            Expr::IsNull(left, is_null) => {
                self.expr(left);
                self.text(if *is_null { " IS NULL" } else { " IS NOT NULL" });
            }
            Expr::InList(left, values) => self.in_list(left, values),
            Expr::Like(left, pattern, text) => {
                self.expr(left);
                self.text(" ");
                self.text(match pattern {
                    Pattern::Like => "LIKE",
                    Pattern::Text => self.dialect.like_any_case(),
                });
                self.text(" ");
                self.value(text.clone());
                self.text(" ESCAPE '\\'");
            }
            Expr::All(parts) => self.joined(parts, " AND ", "1 = 1"),
            Expr::Any(parts) => self.joined(parts, " OR ", "1 = 0"),
            Expr::Not(inner) => {
                self.text("NOT (");
                self.expr(inner);
                self.text(")");
            }
            Expr::Aggregate(function, of) => {
                self.text(match function {
                    Function::Count => "count(",
                    Function::Min => "min(",
                    Function::Max => "max(",
                });
                match of {
                    Some(of) => self.expr(of),
                    None => self.text("*"),
                }
                self.text(")");
            }
        }
    }

    fn joined(&mut self, parts: &[Expr], operator: &str, empty: &str) {
        if parts.is_empty() {
            self.text(empty);
        }
        self.list(operator, parts, |sql, part| {
            let nested = matches!(part, Expr::All(inner) | Expr::Any(inner) if inner.len() > 1);
            sql.text(if nested { "(" } else { "" });
            sql.expr(part);
            sql.text(if nested { ")" } else { "" });
        });
    }

    fn in_list(&mut self, left: &Expr, values: &[Value]) {
        if values.is_empty() {
            self.text("1 = 0");
            return;
        }
        self.expr(left);
        self.text(" IN ");
        if values.len() > WRITTEN_OUT {
            let position = self.params.len() + 1;
            if let Some(list) = self.dialect.long_list(&mut self.sql, position, values) {
                self.params.push(list);
                return;
            }
        }
        self.text("(");
        self.list(", ", values, |sql, value| sql.value(value.clone()));
        self.text(")");
    }

    fn filter(&mut self, filter: Option<&Expr>) {
        if let Some(filter) = filter {
            self.text(" WHERE ");
            self.expr(filter);
        }
    }

    fn select(&mut self, select: &Select) {
        self.text(if select.distinct { "SELECT DISTINCT " } else { "SELECT " });
        self.list(", ", &select.columns, |sql, column| sql.expr(column));
        self.from(select);
    }

    /// Everything from FROM on.
    fn from(&mut self, select: &Select) {
        self.text(" FROM ");
        self.name(select.meta.table);
        self.filter(select.filter.as_ref());
        if !select.group_by.is_empty() {
            self.text(" GROUP BY ");
            self.list(", ", &select.group_by, |sql, by| sql.expr(by));
        }
        if !select.order_by.is_empty() {
            self.text(" ORDER BY ");
            self.list(", ", &select.order_by, |sql, order| {
                sql.expr(&order.expr);
                sql.text(if order.descending { " DESC" } else { " ASC" });
            });
        }
        if let Some(limit) = select.limit {
            self.text(" LIMIT ");
            self.value(bound(limit));
        } else if select.offset.is_some() {
            self.dialect.no_limit(&mut self.sql);
        }
        if let Some(offset) = select.offset {
            self.text(" OFFSET ");
            self.value(bound(offset));
        }
    }

    /// The filter of an UPDATE or DELETE. A query with a limit or an order names its rows by their keys.
    fn rows_of(&mut self, select: &Select) {
        if !select.is_shaped() {
            self.filter(select.filter.as_ref());
            return;
        }
        let key = select.meta.primary_key();
        self.text(" WHERE ");
        self.name(key.column);
        self.text(" IN (SELECT ");
        self.name(key.column);
        self.from(select);
        self.text(")");
    }

    fn set(&mut self, term: &SetTerm) {
        self.name(term.field.column);
        self.text(" = ");
        match &term.set {
            Set::Value(value) => self.value(value.clone()),
            Set::Increment(by) => {
                self.name(term.field.column);
                self.text(" + ");
                self.value(by.clone());
            }
        }
    }

    fn returning(&mut self, fields: &[&Field]) {
        if !fields.is_empty() {
            self.text(" RETURNING ");
            self.list(", ", fields, |sql, field| sql.name(field.column));
        }
    }

    fn key_is(&mut self, meta: &Meta, key: Value) {
        self.text(" WHERE ");
        self.name(meta.primary_key().column);
        self.text(" = ");
        self.value(key);
    }
}

/// Databases count with 63 bits; no table has more rows.
fn bound(rows: u64) -> Value {
    Value::Int(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// The query itself.
pub(crate) fn select(dialect: &dyn Dialect, select: &Select) -> Statement {
    let mut sql = Writer::new(dialect, "");
    sql.select(select);
    sql.finish()
}

/// How many rows the query has.
pub(crate) fn count(dialect: &dyn Dialect, select: &Select) -> Statement {
    let mut counted = select.clone();
    if counted.limit.is_none() && counted.offset.is_none() {
        counted.order_by.clear();
    }
    if !counted.is_shaped() {
        counted.columns = vec![Expr::Aggregate(Function::Count, None)];
        return self::select(dialect, &counted);
    }
    let mut sql = Writer::new(dialect, "SELECT count(*) FROM (");
    sql.select(&counted);
    sql.text(") AS counted");
    sql.finish()
}

/// One row if the query has any.
pub(crate) fn exists(dialect: &dyn Dialect, select: &Select) -> Statement {
    let mut sql = Writer::new(dialect, "SELECT 1");
    let mut probe = select.clone();
    probe.order_by.clear();
    probe.limit = Some(probe.limit.unwrap_or(1).min(1));
    sql.from(&probe);
    sql.finish()
}

/// Rows of the given columns; each row has a value per column.
pub(crate) fn insert<'a>(
    dialect: &dyn Dialect,
    meta: &Meta,
    fields: &[&Field],
    rows: impl IntoIterator<Item = &'a mut Vec<Value>>,
    returning: &[&Field],
) -> Statement {
    let mut sql = Writer::new(dialect, "INSERT INTO ");
    sql.name(meta.table);
    if fields.is_empty() {
        sql.text(dialect.default_values());
    } else {
        sql.text(" (");
        sql.list(", ", fields, |sql, field| sql.name(field.column));
        sql.text(") VALUES ");
        sql.list(", ", rows, |sql, row| {
            sql.text("(");
            sql.list(", ", std::mem::take(row), |sql, value| sql.value(value));
            sql.text(")");
        });
    }
    sql.returning(returning);
    sql.finish()
}

/// Sets columns of the row with this primary key.
pub(crate) fn update_row(dialect: &dyn Dialect, meta: &Meta, sets: &[SetTerm], key: Value) -> Statement {
    let mut sql = Writer::new(dialect, "UPDATE ");
    sql.name(meta.table);
    sql.text(" SET ");
    sql.list(", ", sets, |sql, set| sql.set(set));
    sql.key_is(meta, key);
    sql.finish()
}

/// Deletes the row with this primary key.
pub(crate) fn delete_row(dialect: &dyn Dialect, meta: &Meta, key: Value) -> Statement {
    let mut sql = Writer::new(dialect, "DELETE FROM ");
    sql.name(meta.table);
    sql.key_is(meta, key);
    sql.finish()
}

/// Sets columns of the rows of a query.
pub(crate) fn update_all(dialect: &dyn Dialect, select: &Select, sets: &[SetTerm]) -> Statement {
    let mut sql = Writer::new(dialect, "UPDATE ");
    sql.name(select.meta.table);
    sql.text(" SET ");
    sql.list(", ", sets, |sql, set| sql.set(set));
    sql.rows_of(select);
    sql.finish()
}

/// Deletes the rows of a query.
pub(crate) fn delete_all(dialect: &dyn Dialect, select: &Select) -> Statement {
    let mut sql = Writer::new(dialect, "DELETE FROM ");
    sql.name(select.meta.table);
    sql.rows_of(select);
    sql.finish()
}
