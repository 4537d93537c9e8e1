//! The tree that a query is: dialects write it as SQL, and every part can be taken out again.
//!
//! Nothing in here is generic: types are checked where a query is put together, and forgotten here.

use std::borrow::Cow;

use crate::Value;
use crate::schema::Meta;

/// The name of a source, a column or an output.
pub(crate) type Name = Cow<'static, str>;

/// What stands between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Add,
    Sub,
    Mul,
    Div,
    /// Of whole numbers, the whole part.
    IntegerDiv,
}

impl Operator {
    /// The operator between numbers whose sum is of this type.
    pub(crate) fn of_numbers(self, sum: Cast) -> Self {
        match (self, sum) {
            (Self::Div, Cast::Integer) => Self::IntegerDiv,
            _ => self,
        }
    }
}

/// What is asked about a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListOperator {
    /// Whether it has all of these values.
    Contains,
    /// Whether it has one of them.
    Overlaps,
}

/// Which rules a LIKE pattern follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// The database's own.
    Like,
    /// Without a difference between upper and lower case of ASCII letters, on every database.
    Text,
}

/// A function of every database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Coalesce,
    Lower,
    Upper,
    Length,
}

/// What is computed over the rows of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregate {
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

/// What the result of an aggregate is cast to, where a database gives a wider type than asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cast {
    /// Nothing: the database's type is right.
    Keep,
    /// A whole number of 64 bits.
    Integer,
    /// A floating-point number of 64 bits.
    Float,
}

/// An aggregate with everything that belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Aggregation {
    pub(crate) function: Aggregate,
    /// `None` counts rows.
    pub(crate) of: Option<Expr>,
    pub(crate) distinct: bool,
    pub(crate) filter: Option<Expr>,
    pub(crate) cast: Cast,
}

/// An expression.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    /// A source's column.
    Column(Name, Name),
    /// The value that an INSERT could not write, within its ON CONFLICT.
    Excluded(&'static str),
    Value(Value),
    Binary(Box<Expr>, Operator, Box<Expr>),
    IsNull(Box<Expr>, bool),
    InList(Box<Expr>, Vec<Value>),
    InQuery(Box<Expr>, Box<Select>),
    Exists(Box<Select>),
    Scalar(Box<Select>),
    Like(Box<Expr>, Pattern, Value),
    /// True if there is none.
    All(Vec<Expr>),
    /// False if there is none.
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Call(Function, Vec<Expr>),
    Case(Vec<(Expr, Expr)>, Option<Box<Expr>>),
    Aggregate(Box<Aggregation>),
    /// SQL of the app's own, each `?` of which stands for an expression.
    Fragment(&'static str, Vec<Expr>),
    /// Whether a list has such values.
    List(Box<Expr>, ListOperator, Vec<Value>),
    /// A column's list with a value at its end.
    Append(Box<Expr>, Value),
    /// A column's list without a value.
    Remove(Box<Expr>, Value),
    /// A column's JSON array with a value at its end.
    #[cfg_attr(not(feature = "json"), allow(dead_code, reason = "only JSON has arrays everywhere"))]
    Push(Box<Expr>, Value),
}

impl Expr {
    pub(crate) fn column(source: &'static str, column: &'static str) -> Self {
        Self::Column(Cow::Borrowed(source), Cow::Borrowed(column))
    }

    pub(crate) fn binary(self, operator: Operator, right: Self) -> Self {
        Self::Binary(Box::new(self), operator, Box::new(right))
    }

    /// Comparing with NULL is never true in SQL: asking for `None` asks whether there is a value.
    pub(crate) fn compare(self, operator: Operator, right: Self) -> Self {
        match (operator, &right) {
            (Operator::Eq, Self::Value(Value::Null)) => Self::IsNull(Box::new(self), true),
            (Operator::Ne, Self::Value(Value::Null)) => Self::IsNull(Box::new(self), false),
            _ => self.binary(operator, right),
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut parts) => {
                parts.push(other);
                Self::All(parts)
            }
            first => Self::All(vec![first, other]),
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        match self {
            Self::Any(mut parts) => {
                parts.push(other);
                Self::Any(parts)
            }
            first => Self::Any(vec![first, other]),
        }
    }

    /// The same with columns of a source as those of another name. Queries within it keep theirs.
    pub(crate) fn renamed(self, old: &str, new: &Name) -> Self {
        let one = |expr: Box<Self>| Box::new(expr.renamed(old, new));
        let all = |exprs: Vec<Self>| exprs.into_iter().map(|expr| expr.renamed(old, new)).collect();
        match self {
            Self::Column(source, column) if source == old => Self::Column(new.clone(), column),
            Self::Binary(left, operator, right) => Self::Binary(one(left), operator, one(right)),
            Self::IsNull(inner, is) => Self::IsNull(one(inner), is),
            Self::InList(inner, values) => Self::InList(one(inner), values),
            Self::InQuery(inner, query) => Self::InQuery(one(inner), query),
            Self::Like(inner, pattern, text) => Self::Like(one(inner), pattern, text),
            Self::List(inner, operator, values) => Self::List(one(inner), operator, values),
            Self::Append(inner, value) => Self::Append(one(inner), value),
            Self::Remove(inner, value) => Self::Remove(one(inner), value),
            Self::Push(inner, value) => Self::Push(one(inner), value),
            Self::Not(inner) => Self::Not(one(inner)),
            Self::All(parts) => Self::All(all(parts)),
            Self::Any(parts) => Self::Any(all(parts)),
            Self::Call(function, parts) => Self::Call(function, all(parts)),
            Self::Fragment(sql, parts) => Self::Fragment(sql, all(parts)),
            Self::Case(branches, otherwise) => {
                let branch = |(when, then): (Self, Self)| (when.renamed(old, new), then.renamed(old, new));
                Self::Case(branches.into_iter().map(branch).collect(), otherwise.map(one))
            }
            // An aggregate is no condition on one row; the rest has no columns of the source.
            other => other,
        }
    }

    /// Whether this is that very column.
    pub(crate) fn is_column(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Column(source, column), Self::Column(other_source, other_column)) => {
                source == other_source && column == other_column
            }
            _ => false,
        }
    }
}

/// Where NULLs stand in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    First,
    Last,
}

/// An expression to order by.
#[derive(Debug, Clone)]
pub(crate) struct OrderTerm {
    pub(crate) expr: Expr,
    pub(crate) descending: bool,
    /// `None` is the database's own rule.
    pub(crate) nulls: Option<Nulls>,
}

impl OrderTerm {
    pub(crate) fn reversed(mut self) -> Self {
        self.descending = !self.descending;
        self.nulls = self.nulls.map(|nulls| match nulls {
            Nulls::First => Nulls::Last,
            Nulls::Last => Nulls::First,
        });
        self
    }
}

/// A column and what becomes of it.
#[derive(Debug, Clone)]
pub(crate) struct SetTerm {
    pub(crate) column: &'static str,
    pub(crate) value: Expr,
}

/// What rows are read from.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    Table { prefix: Option<Name>, table: Name },
    Query(Box<Select>),
}

/// What rows are read from, under the name that columns are qualified with.
#[derive(Debug, Clone)]
pub(crate) struct From {
    pub(crate) name: Name,
    pub(crate) rows: Rows,
}

impl From {
    pub(crate) fn of(name: &'static str, meta: &'static Meta) -> Self {
        Self {
            name: Cow::Borrowed(name),
            rows: Rows::Table { prefix: meta.prefix.map(Cow::Borrowed), table: Cow::Borrowed(meta.table) },
        }
    }
}

/// Which rows of two sources come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
    Cross,
}

/// A further source.
#[derive(Debug, Clone)]
pub(crate) struct Join {
    pub(crate) kind: JoinKind,
    pub(crate) from: From,
    pub(crate) on: Option<Expr>,
    /// Whether the source may refer to those before it.
    pub(crate) lateral: bool,
}

/// A column of the result.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) expr: Expr,
    pub(crate) name: Option<&'static str>,
}

/// Whether rows come once.
#[derive(Debug, Clone)]
pub(crate) enum Distinct {
    No,
    Rows,
    On(Vec<Expr>),
}

/// How the rows of two queries come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetOperator {
    Union,
    Except,
    Intersect,
}

/// A further query whose rows come together with those of the first.
#[derive(Debug, Clone)]
pub(crate) struct Combination {
    pub(crate) operator: SetOperator,
    pub(crate) all: bool,
    pub(crate) select: Select,
}

/// What a locking read does about rows that another transaction has locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Locked {
    #[default]
    Await,
    Fail,
    Skip,
}

/// A lock on the rows that are read: [`Query::lock`](super::Query::lock).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    pub(crate) exclusive: bool,
    pub(crate) locked: Locked,
}

impl Lock {
    /// `FOR UPDATE`: nobody else may change, delete or lock the rows until the transaction ends.
    #[must_use]
    pub const fn update() -> Self {
        Self { exclusive: true, locked: Locked::Await }
    }

    /// `FOR SHARE`: nobody else may change or delete the rows; others may read-lock them too.
    #[must_use]
    pub const fn share() -> Self {
        Self { exclusive: false, locked: Locked::Await }
    }

    /// Leaves out rows that are locked by others: how workers share a queue.
    #[must_use]
    pub const fn skip_locked(mut self) -> Self {
        self.locked = Locked::Skip;
        self
    }

    /// Fails at once if a row is locked by others.
    #[must_use]
    pub const fn no_wait(mut self) -> Self {
        self.locked = Locked::Fail;
        self
    }
}

/// A SELECT. Common table expressions and windows will be further fields here.
#[derive(Debug, Clone)]
pub(crate) struct Select {
    pub(crate) meta: &'static Meta,
    pub(crate) from: From,
    pub(crate) joins: Vec<Join>,
    /// `None` is every column of the first source.
    pub(crate) outputs: Option<Vec<Output>>,
    pub(crate) distinct: Distinct,
    pub(crate) filter: Option<Expr>,
    pub(crate) group_by: Vec<Expr>,
    pub(crate) having: Option<Expr>,
    pub(crate) order_by: Vec<OrderTerm>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: Option<u64>,
    pub(crate) combinations: Vec<Combination>,
    pub(crate) lock: Option<Lock>,
    /// The schema or database of sources that name none.
    pub(crate) prefix: Option<Name>,
}

impl Select {
    pub(crate) fn new(name: &'static str, meta: &'static Meta) -> Self {
        Self::from(meta, From::of(name, meta))
    }

    pub(crate) fn from(meta: &'static Meta, from: From) -> Self {
        Self {
            meta,
            from,
            joins: Vec::new(),
            outputs: None,
            distinct: Distinct::No,
            filter: None,
            group_by: Vec::new(),
            having: None,
            order_by: Vec::new(),
            limit: None,
            offset: None,
            combinations: Vec::new(),
            lock: None,
            prefix: None,
        }
    }

    /// A column of the first source.
    pub(crate) fn root(&self, column: &'static str) -> Expr {
        Expr::Column(self.from.name.clone(), Cow::Borrowed(column))
    }

    pub(crate) fn keys(&self) -> Vec<Expr> {
        self.meta.keys().map(|field| self.root(field.column)).collect()
    }

    pub(crate) fn filter(&mut self, condition: Expr) {
        self.filter = Some(match self.filter.take() {
            Some(filter) => filter.and(condition),
            None => condition,
        });
    }

    pub(crate) fn or_filter(&mut self, condition: Expr) {
        self.filter = Some(match self.filter.take() {
            Some(filter) => filter.or(condition),
            None => condition,
        });
    }

    pub(crate) fn having(&mut self, condition: Expr, or: bool) {
        self.having = Some(match self.having.take() {
            Some(having) if or => having.or(condition),
            Some(having) => having.and(condition),
            None => condition,
        });
    }

    /// Orders by the primary key where nothing orders yet and a key means something.
    pub(crate) fn order_by_key(&mut self) {
        let has_keys = self.group_by.is_empty() && self.combinations.is_empty();
        if self.order_by.is_empty() && has_keys && matches!(self.distinct, Distinct::No) {
            self.order_by = self
                .keys()
                .into_iter()
                .map(|expr| OrderTerm { expr, descending: false, nulls: None })
                .collect();
        }
    }

    /// Whether rows are left out or put together after the filter, so that counting needs a subquery.
    pub(crate) fn is_shaped(&self) -> bool {
        !matches!(self.distinct, Distinct::No)
            || self.limit.is_some()
            || self.offset.is_some()
            || !self.group_by.is_empty()
            || self.having.is_some()
            || !self.combinations.is_empty()
    }
}
