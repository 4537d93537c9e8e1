//! Writes queries as SQL: what all databases share. `write` has the statements that write.

use super::{Dialect, Statement, Syntax, placeholders};
use crate::query::ast::{
    Aggregate, Aggregation, Cast, Combination, Distinct, Expr, From, Function, Join, JoinKind, Locked, Nulls,
    Operator, OrderTerm, Output, Pattern, Rows, Select, SetOperator,
};
use crate::schema::Meta;
use crate::{Error, ErrorKind, Result, Value};

/// SQL while it is written.
pub(super) struct Writer<'a> {
    pub(super) dialect: &'a dyn Dialect,
    pub(super) syntax: &'static Syntax,
    sql: String,
    params: Vec<Value>,
    /// Where tables are that name no place of their own.
    prefix: Option<&'a str>,
    /// Whether columns are written with their source's name: with several sources in sight, they are.
    pub(super) qualified: bool,
    /// Whether the next source sees those before it.
    pub(super) lateral: bool,
    error: Option<Error>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(dialect: &'a dyn Dialect, prefix: Option<&'a str>, start: &str) -> Self {
        let mut sql = String::with_capacity(128);
        sql.push_str(start);
        Self {
            dialect,
            syntax: dialect.syntax(),
            sql,
            params: Vec::new(),
            prefix,
            qualified: false,
            lateral: false,
            error: None,
        }
    }

    pub(super) fn finish(self) -> Result<Statement> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(Statement { sql: self.sql, params: self.params }),
        }
    }

    /// Notes that the database has no SQL for something; the first such thing is the statement's error.
    #[cold]
    pub(super) fn refuse(&mut self, what: impl std::fmt::Display) {
        let message = format!("{} {what}", self.dialect.name());
        self.error.get_or_insert_with(|| Error::new(ErrorKind::Query, message));
    }

    pub(super) fn text(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    pub(super) fn name(&mut self, name: &str) {
        if name.contains('\0') {
            self.refuse("has no name with a NUL character in it");
        }
        self.dialect.identifier(&mut self.sql, name);
    }

    pub(super) fn value(&mut self, value: Value) {
        let value = if matches!(value, Value::List(_)) { self.list_value(value) } else { value };
        self.params.push(value);
        self.dialect.placeholder(&mut self.sql, self.params.len());
    }

    /// Rows of so many values each, which are the first values of the statement.
    pub(super) fn rows(&mut self, width: usize, values: Vec<Value>) {
        placeholders::write(self.dialect, &mut self.sql, values.len() / width, width);
        self.params = values;
        for at in 0..self.params.len() {
            if matches!(self.params[at], Value::List(_)) {
                let list = std::mem::replace(&mut self.params[at], Value::Null);
                self.params[at] = self.list_value(list);
            }
        }
    }

    pub(super) fn list<T>(
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

    /// A table: in its own place, else in the query's, else in the repo's.
    pub(super) fn table(&mut self, own: Option<&str>, query: Option<&str>, table: &str) {
        if let Some(prefix) = own.or(query).or(self.prefix) {
            self.name(prefix);
            self.text(".");
        }
        self.name(table);
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Column(source, column) => {
                if self.qualified {
                    self.name(source);
                    self.text(".");
                }
                self.name(column);
            }
            Expr::Excluded(column) => self.excluded(column),
            Expr::Value(Value::Decimal(number)) if !self.syntax.decimals => self.decimal(number),
            Expr::Value(value) => self.value(value.clone()),
            Expr::Binary(left, operator, right) => {
                self.operand(left);
                self.text(match operator {
                    Operator::Eq => " = ",
                    Operator::Ne => " <> ",
                    Operator::Gt => " > ",
                    Operator::Ge => " >= ",
                    Operator::Lt => " < ",
                    Operator::Le => " <= ",
                    Operator::Add => " + ",
                    Operator::Sub => " - ",
                    Operator::Mul => " * ",
                    Operator::Div => " / ",
                    Operator::IntegerDiv => self.syntax.integer_division,
                });
                self.operand(right);
            }
            Expr::IsNull(left, is_null) => {
                self.operand(left);
                self.text(if *is_null { " IS NULL" } else { " IS NOT NULL" });
            }
            Expr::InList(left, values) => self.in_list(left, values),
            Expr::InQuery(left, select) => {
                self.operand(left);
                self.text(" IN ");
                let limited = select.limit.is_some() || select.offset.is_some();
                if limited && !self.syntax.limit_in_subquery {
                    self.text("(SELECT * FROM ");
                    self.subquery(select);
                    self.text(" AS limited)");
                } else {
                    self.subquery(select);
                }
            }
            Expr::Exists(select) => {
                self.text("EXISTS ");
                self.subquery(select);
            }
            Expr::Scalar(select) => self.subquery(select),
            Expr::Like(left, pattern, text) => {
                self.operand(left);
                self.text(" ");
                self.text(match pattern {
                    Pattern::Like => "LIKE",
                    Pattern::Text => self.dialect.like_any_case(),
                });
                self.text(" ");
                self.value(text.clone());
                self.text(self.syntax.escape);
            }
            Expr::All(parts) => self.joined(parts, " AND ", "1 = 1"),
            Expr::Any(parts) => self.joined(parts, " OR ", "1 = 0"),
            Expr::Not(inner) => {
                self.text("NOT (");
                self.expr(inner);
                self.text(")");
            }
            Expr::Call(function, arguments) => {
                self.text(match function {
                    Function::Coalesce => "coalesce",
                    Function::Lower => "lower",
                    Function::Upper => "upper",
                    Function::Length => self.syntax.length,
                });
                self.text("(");
                self.list(", ", arguments, |sql, argument| sql.expr(argument));
                self.text(")");
            }
            Expr::Case(branches, otherwise) => {
                self.text("CASE");
                for (when, then) in branches {
                    self.text(" WHEN ");
                    self.expr(when);
                    self.text(" THEN ");
                    self.typed(then);
                }
                if let Some(otherwise) = otherwise {
                    self.text(" ELSE ");
                    self.typed(otherwise);
                }
                self.text(" END");
            }
            Expr::Aggregate(aggregation) => self.aggregation(aggregation),
            Expr::Fragment(text, arguments) => self.fragment(text, arguments),
            Expr::List(left, operator, values) => self.list_condition(left, *operator, values),
            Expr::Append(column, value) => self.append(column, value),
            Expr::Remove(column, value) => self.remove(column, value),
            Expr::Push(column, value) => self.push_json(column, value.clone()),
        }
    }

    /// An expression beside an operator: in parentheses unless nothing can be torn out of it.
    pub(super) fn operand(&mut self, expr: &Expr) {
        let whole = matches!(
            expr,
            Expr::Column(..)
                | Expr::Excluded(_)
                | Expr::Value(_)
                | Expr::Call(..)
                | Expr::Aggregate(_)
                | Expr::Scalar(_)
        );
        self.text(if whole { "" } else { "(" });
        self.expr(expr);
        self.text(if whole { "" } else { ")" });
    }

    /// A decimal number where it would be compared as a text, or as a number with 15 digits.
    fn decimal(&mut self, number: &str) {
        let scale = number.split_once('.').map_or(0, |(_, digits)| digits.len().min(30));
        self.text("CAST(");
        self.value(Value::Decimal(number.to_owned()));
        self.text(&format!(" AS DECIMAL(65, {scale}))"));
    }

    /// An expression that nothing around it gives a type.
    fn typed(&mut self, expr: &Expr) {
        let ty = match expr {
            Expr::Value(value) if self.syntax.typed_values => type_of(value),
            _ => None,
        };
        match ty {
            Some(ty) => {
                self.text("CAST(");
                self.expr(expr);
                self.text(" AS ");
                self.text(ty);
                self.text(")");
            }
            None => self.expr(expr),
        }
    }

    fn joined(&mut self, parts: &[Expr], operator: &str, empty: &str) {
        if parts.is_empty() {
            self.text(empty);
        }
        self.list(operator, parts, |sql, part| {
            let nested = match part {
                Expr::All(inner) | Expr::Any(inner) => inner.len() > 1,
                // What an app wrote may hold an OR.
                Expr::Fragment(..) => true,
                _ => false,
            };
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
        self.operand(left);
        let position = self.params.len() + 1;
        if let Some(list) = self.dialect.list(&mut self.sql, position, values) {
            self.params.push(list);
            return;
        }
        self.text(" IN (");
        self.list(", ", values, |sql, value| sql.value(value.clone()));
        self.text(")");
    }

    fn aggregation(&mut self, aggregation: &Aggregation) {
        let cast = match aggregation.cast {
            Cast::Keep => None,
            Cast::Integer => Some(self.syntax.integer),
            Cast::Float => Some(self.syntax.float),
        };
        self.text(if cast.is_some() { "CAST(" } else { "" });
        self.text(match aggregation.function {
            Aggregate::Count => "count(",
            Aggregate::Sum => "sum(",
            Aggregate::Avg => "avg(",
            Aggregate::Min => "min(",
            Aggregate::Max => "max(",
        });
        self.text(if aggregation.distinct { "DISTINCT " } else { "" });
        let by_case = aggregation.filter.as_ref().filter(|_| !self.syntax.aggregate_filter);
        if let Some(filter) = by_case {
            self.text("CASE WHEN ");
            self.expr(filter);
            self.text(" THEN ");
        }
        match (&aggregation.of, by_case) {
            (Some(of), _) => self.expr(of),
            (None, None) => self.text("*"),
            (None, Some(_)) => self.text("1"),
        }
        self.text(if by_case.is_some() { " END)" } else { ")" });
        if let Some(filter) = aggregation.filter.as_ref().filter(|_| self.syntax.aggregate_filter) {
            self.text(" FILTER (WHERE ");
            self.expr(filter);
            self.text(")");
        }
        if let Some(cast) = cast {
            self.text(" AS ");
            self.text(cast);
            self.text(")");
        }
    }

    fn fragment(&mut self, text: &str, arguments: &[Expr]) {
        let mut arguments = arguments.iter();
        let mut rest = text;
        while let Some(at) = rest.find('?') {
            if let Some(before) = rest[..at].strip_suffix('\\') {
                self.text(before);
                self.text("?");
            } else {
                self.text(&rest[..at]);
                match arguments.next() {
                    Some(argument) => self.operand(argument),
                    None => self.refuse("was given a fragment with too few arguments"),
                }
            }
            rest = &rest[at + 1..];
        }
        self.text(rest);
    }

    /// A query in parentheses, where the columns of the query around are in sight too.
    fn subquery(&mut self, select: &Select) {
        let outside = std::mem::replace(&mut self.qualified, true);
        self.text("(");
        self.whole(select);
        self.text(")");
        self.qualified = outside;
    }

    pub(super) fn filter(&mut self, filter: Option<&Expr>) {
        if let Some(filter) = filter {
            self.text(" WHERE ");
            self.expr(filter);
        }
    }

    /// A query with its combinations, from SELECT to the lock.
    pub(super) fn whole(&mut self, select: &Select) {
        if select.combinations.is_empty() {
            self.head(select);
            self.from(select);
            self.grouped(select);
            self.order(select, &select.order_by);
            self.limit(select);
            self.lock(select);
            return;
        }
        self.head(select);
        self.from(select);
        self.grouped(select);
        for Combination { operator, all, select: other } in &select.combinations {
            if *all && *operator != SetOperator::Union && !self.syntax.set_operations_all {
                self.refuse("has no EXCEPT ALL and no INTERSECT ALL; leave the `_all` out");
            }
            self.text(match operator {
                SetOperator::Union => " UNION ",
                SetOperator::Except => " EXCEPT ",
                SetOperator::Intersect => " INTERSECT ",
            });
            self.text(if *all { "ALL " } else { "" });
            self.member(other);
        }
        self.order_of_a_set(select);
        self.limit(select);
        if select.lock.is_some() {
            self.refuse("can not lock the rows of a union and its kin");
        }
    }

    /// A member of a union. One with an order, a limit or members of its own is wrapped, for SQLite has no
    /// parentheses there.
    fn member(&mut self, select: &Select) {
        let plain = select.order_by.is_empty()
            && select.limit.is_none()
            && select.offset.is_none()
            && select.combinations.is_empty();
        let outside = self.qualified;
        self.qualified = outside || needs_names(select);
        if plain {
            self.whole(select);
        } else {
            self.text("SELECT * FROM (");
            self.whole(select);
            self.text(") AS ");
            self.name("member");
        }
        self.qualified = outside;
    }

    /// Databases order a union by its outputs only: by their numbers, which all of them understand.
    fn order_of_a_set(&mut self, select: &Select) {
        let mut numbered = Vec::with_capacity(select.order_by.len());
        for term in &select.order_by {
            let at = match &select.outputs {
                Some(outputs) => outputs.iter().position(|output| output.expr.is_column(&term.expr)),
                None => select
                    .meta
                    .columns()
                    .position(|(_, field)| select.root(field.column).is_column(&term.expr)),
            };
            match at {
                Some(at) => numbered.push((at + 1, term)),
                None => self.refuse(
                    "orders a union and its kin by selected columns only; select what it is ordered by",
                ),
            }
        }
        if numbered.is_empty() {
            return;
        }
        self.text(" ORDER BY ");
        self.list(", ", numbered, |sql, (number, term)| {
            sql.text(&number.to_string());
            sql.direction(term);
            if term.nulls.is_some() && !sql.syntax.nulls_order {
                sql.refuse("can not say where NULLs stand in the order of a union");
            }
        });
    }

    fn head(&mut self, select: &Select) {
        self.text("SELECT ");
        match &select.distinct {
            Distinct::No => {}
            Distinct::Rows => self.text("DISTINCT "),
            Distinct::On(_) if !self.syntax.distinct_on => {
                self.refuse("has no DISTINCT ON; group the rows, or join the smallest of each group");
            }
            Distinct::On(values) => {
                self.text("DISTINCT ON (");
                self.list(", ", values, |sql, value| sql.expr(value));
                self.text(") ");
            }
        }
        self.outputs(select);
    }

    pub(super) fn outputs(&mut self, select: &Select) {
        match &select.outputs {
            None => self.list(", ", select.meta.columns(), |sql, (_, field)| {
                if sql.qualified {
                    sql.name(&select.from.name);
                    sql.text(".");
                }
                sql.name(field.column);
            }),
            // A row without columns is none.
            Some(outputs) if outputs.is_empty() => self.text("1"),
            Some(outputs) => self.list(", ", outputs, |sql, Output { expr, name }| {
                sql.typed(expr);
                if let Some(name) = name {
                    sql.text(" AS ");
                    sql.name(name);
                }
            }),
        }
    }

    /// From FROM to WHERE.
    pub(super) fn from(&mut self, select: &Select) {
        self.text(" FROM ");
        self.source(&select.from, select);
        for join in &select.joins {
            self.join(join, select);
        }
        self.filter(select.filter.as_ref());
    }

    pub(super) fn source(&mut self, from: &From, select: &Select) {
        match &from.rows {
            Rows::Table { prefix, table } => {
                self.table(prefix.as_deref(), select.prefix.as_deref(), table);
                if *table != from.name {
                    self.text(" AS ");
                    self.name(&from.name);
                }
            }
            Rows::Query(inner) => {
                self.text("(");
                let lateral = std::mem::take(&mut self.lateral);
                let outside = std::mem::replace(&mut self.qualified, lateral || needs_names(inner));
                self.whole(inner);
                self.qualified = outside;
                self.text(") AS ");
                self.name(&from.name);
            }
        }
    }

    pub(super) fn join(&mut self, join: &Join, select: &Select) {
        match join.kind {
            JoinKind::Right if !self.syntax.right_join => self.refuse("has no RIGHT JOIN"),
            JoinKind::Full if !self.syntax.full_join => {
                self.refuse("has no FULL JOIN; unite a left join and a right join");
            }
            _ => {}
        }
        self.text(match join.kind {
            JoinKind::Inner => " INNER JOIN ",
            JoinKind::Left => " LEFT JOIN ",
            JoinKind::Right => " RIGHT JOIN ",
            JoinKind::Full => " FULL JOIN ",
            JoinKind::Cross => " CROSS JOIN ",
        });
        if join.lateral {
            if !self.syntax.lateral {
                self.refuse(
                    "has no LATERAL; use a subquery for each value (`scalar`), or preload the relation",
                );
            }
            self.text("LATERAL ");
            let outside = std::mem::replace(&mut self.lateral, true);
            self.source(&join.from, select);
            self.lateral = outside;
        } else {
            self.source(&join.from, select);
        }
        if let Some(on) = &join.on {
            self.text(" ON ");
            self.expr(on);
        }
    }

    fn grouped(&mut self, select: &Select) {
        if !select.group_by.is_empty() {
            self.text(" GROUP BY ");
            self.list(", ", &select.group_by, |sql, by| sql.expr(by));
        }
        if let Some(having) = &select.having {
            self.text(" HAVING ");
            self.expr(having);
        }
    }

    fn order(&mut self, select: &Select, terms: &[OrderTerm]) {
        // DISTINCT ON takes the first of each group, so the groups come first.
        let groups: &[Expr] = match &select.distinct {
            Distinct::On(values) => values,
            _ => &[],
        };
        let groups = groups.iter().filter(|value| !terms.iter().any(|term| term.expr.is_column(value)));
        let groups: Vec<OrderTerm> =
            groups.map(|expr| OrderTerm { expr: expr.clone(), descending: false, nulls: None }).collect();
        if groups.is_empty() && terms.is_empty() {
            return;
        }
        self.text(" ORDER BY ");
        self.list(", ", groups.iter().chain(terms), |sql, term| {
            if let Some(nulls) = term.nulls.filter(|_| !sql.syntax.nulls_order) {
                sql.operand(&term.expr);
                sql.text(if nulls == Nulls::First { " IS NOT NULL, " } else { " IS NULL, " });
            }
            // A number alone would be the number of an output.
            let is_value = matches!(term.expr, Expr::Value(_));
            sql.text(if is_value { "(" } else { "" });
            sql.expr(&term.expr);
            sql.text(if is_value { ")" } else { "" });
            sql.direction(term);
        });
    }

    fn direction(&mut self, term: &OrderTerm) {
        self.text(if term.descending { " DESC" } else { " ASC" });
        match term.nulls.filter(|_| self.syntax.nulls_order) {
            Some(Nulls::First) => self.text(" NULLS FIRST"),
            Some(Nulls::Last) => self.text(" NULLS LAST"),
            None => {}
        }
    }

    fn limit(&mut self, select: &Select) {
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

    fn lock(&mut self, select: &Select) {
        let Some(lock) = select.lock.filter(|_| self.syntax.row_locks) else { return };
        self.text(if lock.exclusive { " FOR UPDATE" } else { self.syntax.shared_lock });
        self.text(match lock.locked {
            Locked::Await => "",
            Locked::Fail => " NOWAIT",
            Locked::Skip => " SKIP LOCKED",
        });
    }

    /// Everything from FROM on, of a query whose rows are wanted and not what they hold.
    pub(super) fn rest(&mut self, select: &Select) {
        self.from(select);
        self.grouped(select);
        self.order(select, &select.order_by);
        self.limit(select);
    }
}

/// PostgreSQL's type of a value.
fn type_of(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Null | Value::List(_) => return None,
        Value::Bool(_) => "boolean",
        Value::Int(_) => "bigint",
        Value::Float(_) => "double precision",
        Value::Text(_) => "text",
        Value::Blob(_) => "bytea",
        Value::DateTime(_) => "timestamptz",
        Value::NaiveDateTime(_) => "timestamp",
        Value::Date(_) => "date",
        Value::Time(_) => "time",
        Value::Uuid(_) => "uuid",
        Value::Decimal(_) => "numeric",
        Value::Json(_) => "jsonb",
    })
}

/// Whether a query by itself has more than one source in sight.
pub(super) fn needs_names(select: &Select) -> bool {
    !select.joins.is_empty()
}

/// Databases count with 63 bits; no table has more rows.
fn bound(rows: u64) -> Value {
    Value::Int(i64::try_from(rows).unwrap_or(i64::MAX))
}

fn write_select(sql: &mut Writer<'_>, select: &Select) {
    sql.qualified = needs_names(select);
    sql.whole(select);
}

/// The query itself.
pub(crate) fn select(dialect: &dyn Dialect, prefix: Option<&str>, select: &Select) -> Result<Statement> {
    let mut sql = Writer::new(dialect, prefix, "");
    write_select(&mut sql, select);
    sql.finish()
}

/// The row whose primary key is as given, one value for each of its columns; two rows tell that there are several.
pub(crate) fn lookup(dialect: &dyn Dialect, prefix: Option<&str>, meta: &'static Meta) -> Result<String> {
    let mut found = Select::new(meta.table, meta);
    let is = |key: Expr| key.compare(Operator::Eq, Expr::Value(Value::Bool(true)));
    found.filter = Some(Expr::All(found.keys().into_iter().map(is).collect()));
    let mut sql = Writer::new(dialect, prefix, "");
    write_select(&mut sql, &found);
    sql.text(" LIMIT 2");
    sql.finish().map(|statement| statement.sql)
}

/// The plan of a query.
pub(crate) fn explain(dialect: &dyn Dialect, prefix: Option<&str>, select: &Select) -> Result<Statement> {
    let mut sql = Writer::new(dialect, prefix, dialect.syntax().explain);
    write_select(&mut sql, select);
    sql.finish()
}

/// How many rows the query has.
pub(crate) fn count(dialect: &dyn Dialect, prefix: Option<&str>, select: &Select) -> Result<Statement> {
    let count =
        Aggregation { function: Aggregate::Count, of: None, distinct: false, filter: None, cast: Cast::Keep };
    let mut counted = select.clone();
    counted.lock = None;
    if counted.limit.is_none() && counted.offset.is_none() {
        counted.order_by.clear();
    }
    if !counted.is_shaped() {
        counted.outputs = Some(vec![Output { expr: Expr::Aggregate(Box::new(count)), name: None }]);
        return self::select(dialect, prefix, &counted);
    }
    if counted.combinations.is_empty() && matches!(counted.distinct, Distinct::No) {
        counted.outputs = Some(Vec::new());
    }
    // Outputs of the same name, as several tables' `id`, are not allowed in a source on every database.
    if let Some(outputs) = &mut counted.outputs {
        for (at, output) in outputs.iter_mut().enumerate() {
            output.name = Some(OUTPUTS.get(at).copied().unwrap_or("c"));
        }
    }
    let mut sql = Writer::new(dialect, prefix, "SELECT count(*) FROM (");
    write_select(&mut sql, &counted);
    sql.text(") AS counted");
    sql.finish()
}

/// Names of outputs that nobody reads.
const OUTPUTS: [&str; 24] = [
    "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13", "c14", "c15", "c16",
    "c17", "c18", "c19", "c20", "c21", "c22", "c23", "c24",
];

/// One row with an aggregate over the rows of the query.
pub(crate) fn aggregate(
    dialect: &dyn Dialect,
    prefix: Option<&str>,
    select: &Select,
    aggregate: Expr,
) -> Result<Statement> {
    let mut over = select.clone();
    over.lock = None;
    if !over.group_by.is_empty() || over.having.is_some() {
        return Err(Error::new(
            ErrorKind::Query,
            "an aggregate over a query with group_by has one value for each group: select it instead",
        ));
    }
    if over.is_shaped() {
        if !over.joins.is_empty() {
            return Err(Error::new(
                ErrorKind::Query,
                "an aggregate over a limited, distinct or united query reads from that query's rows, which must \
                 be of one source: put the joined query into `Query::from_query`",
            ));
        }
        let columns_only =
            |outputs: &Vec<Output>| outputs.iter().all(|output| matches!(output.expr, Expr::Column(..)));
        if !over.outputs.as_ref().is_none_or(columns_only) {
            return Err(Error::new(
                ErrorKind::Query,
                "an aggregate over a limited, distinct or united query reads its columns, and it selects something \
                 else: put it into `Query::from_query`",
            ));
        }
        let (meta, name) = (over.meta, over.from.name.clone());
        over = Select::from(meta, From { name, rows: Rows::Query(Box::new(over)) });
    } else {
        over.order_by.clear();
    }
    over.outputs = Some(vec![Output { expr: aggregate, name: None }]);
    self::select(dialect, prefix, &over)
}

/// One row if the query has any.
pub(crate) fn exists(dialect: &dyn Dialect, prefix: Option<&str>, select: &Select) -> Result<Statement> {
    let mut probe = select.clone();
    probe.lock = None;
    probe.order_by.clear();
    probe.limit = Some(probe.limit.unwrap_or(1).min(1));
    if probe.combinations.is_empty() && matches!(probe.distinct, Distinct::No | Distinct::Rows) {
        probe.distinct = Distinct::No;
        probe.outputs = Some(Vec::new());
    }
    self::select(dialect, prefix, &probe)
}
