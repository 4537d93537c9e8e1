//! The tree that a query is: dialects write it as SQL, and every part can be taken out again.

use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr, Not};

use crate::Value;
use crate::schema::{Field, Meta};

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

/// Which rules a LIKE pattern follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// The database's own.
    Like,
    /// Without a difference between upper and lower case of ASCII letters, on every database.
    Text,
}

/// What is computed over the rows of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Count,
    Min,
    Max,
}

/// An expression. One table only so far: columns need no source's name.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    Column(&'static Field),
    Compare(Box<Expr>, Comparison, Value),
    IsNull(Box<Expr>, bool),
    InList(Box<Expr>, Vec<Value>),
    Like(Box<Expr>, Pattern, Value),
    /// True if there is none.
    All(Vec<Expr>),
    /// False if there is none.
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Aggregate(Function, Option<Box<Expr>>),
}

impl Expr {
    /// Comparing with NULL is never true in SQL: asking for `None` asks whether there is a value.
    pub(crate) fn compare(left: Self, comparison: Comparison, value: Value) -> Self {
        match (comparison, value.is_null()) {
            (Comparison::Eq, true) => Self::IsNull(Box::new(left), true),
            (Comparison::Ne, true) => Self::IsNull(Box::new(left), false),
            _ => Self::Compare(Box::new(left), comparison, value),
        }
    }

    fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut parts) => {
                parts.push(other);
                Self::All(parts)
            }
            first => Self::All(vec![first, other]),
        }
    }

    fn or(self, other: Self) -> Self {
        match self {
            Self::Any(mut parts) => {
                parts.push(other);
                Self::Any(parts)
            }
            first => Self::Any(vec![first, other]),
        }
    }
}

/// A condition on rows of `S`: a plain value, which can be kept, put together and passed around.
///
/// ```
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "posts")]
/// # struct Post { id: i64, title: String, url: Option<String> }
/// use zzz_db::Condition;
/// let mut condition = Post::title.contains("rust").or(Post::url.is_null());
/// if true {
///     condition = condition.and(!Post::id.in_list([1, 2, 3]));
/// }
/// let _: Condition<Post> = condition;
/// ```
pub struct Condition<S> {
    pub(crate) expr: Expr,
    marker: PhantomData<fn() -> S>,
}

impl<S> Clone for Condition<S> {
    fn clone(&self) -> Self {
        Self::new(self.expr.clone())
    }
}

impl<S> std::fmt::Debug for Condition<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Condition").finish_non_exhaustive()
    }
}

impl<S> Condition<S> {
    pub(crate) fn new(expr: Expr) -> Self {
        Self { expr, marker: PhantomData }
    }

    /// Both hold; also written `a & b`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(self.expr.and(other.expr))
    }

    /// One of the two holds; also written `a | b`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::new(self.expr.or(other.expr))
    }

    /// Every one holds; of none, it is true.
    #[must_use]
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::new(Expr::All(conditions.into_iter().map(|condition| condition.expr).collect()))
    }

    /// One of them holds; of none, it is false.
    #[must_use]
    pub fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::new(Expr::Any(conditions.into_iter().map(|condition| condition.expr).collect()))
    }
}

impl<S> Not for Condition<S> {
    type Output = Self;
    fn not(self) -> Self {
        Self::new(Expr::Not(Box::new(self.expr)))
    }
}

impl<S> BitAnd for Condition<S> {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

impl<S> BitOr for Condition<S> {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

/// An order of rows of `S`: `Post::id.desc()`.
pub struct Order<S> {
    pub(crate) term: OrderTerm,
    marker: PhantomData<fn() -> S>,
}

/// An expression to order by.
#[derive(Debug, Clone)]
pub(crate) struct OrderTerm {
    pub(crate) expr: Expr,
    pub(crate) descending: bool,
}

impl<S> Clone for Order<S> {
    fn clone(&self) -> Self {
        Self { term: self.term.clone(), marker: PhantomData }
    }
}

impl<S> Order<S> {
    pub(crate) fn new(expr: Expr, descending: bool) -> Self {
        Self { term: OrderTerm { expr, descending }, marker: PhantomData }
    }
}

/// What `update_all` does to a column: `Post::title.set("x")`, `Post::views.inc(1)`.
pub struct Assignment<S> {
    pub(crate) term: SetTerm,
    marker: PhantomData<fn() -> S>,
}

/// A column and what becomes of it.
#[derive(Debug, Clone)]
pub(crate) struct SetTerm {
    pub(crate) field: &'static Field,
    pub(crate) set: Set,
}

/// What becomes of a column.
#[derive(Debug, Clone)]
pub(crate) enum Set {
    Value(Value),
    Increment(Value),
}

impl<S> Assignment<S> {
    pub(crate) fn new(field: &'static Field, set: Set) -> Self {
        Self { term: SetTerm { field, set }, marker: PhantomData }
    }
}

/// A SELECT.
#[derive(Debug, Clone)]
pub(crate) struct Select {
    pub(crate) meta: &'static Meta,
    pub(crate) columns: Vec<Expr>,
    pub(crate) distinct: bool,
    pub(crate) filter: Option<Expr>,
    pub(crate) group_by: Vec<Expr>,
    pub(crate) order_by: Vec<OrderTerm>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: Option<u64>,
}

impl Select {
    pub(crate) fn new(meta: &'static Meta) -> Self {
        Self {
            meta,
            columns: meta.columns().map(|(_, field)| Expr::Column(field)).collect(),
            distinct: false,
            filter: None,
            group_by: Vec::new(),
            order_by: Vec::new(),
            limit: None,
            offset: None,
        }
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

    /// Whether rows are left out or put together after the filter, so that counting needs a subquery.
    pub(crate) fn is_shaped(&self) -> bool {
        self.distinct || self.limit.is_some() || self.offset.is_some() || !self.group_by.is_empty()
    }
}
