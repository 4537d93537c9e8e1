//! [`Condition`], [`Order`] and [`Assignment`]: plain values, which can be kept, put together and passed on.

use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr, Not};

use super::ast::{Expr, Nulls, OrderTerm, SetTerm};
use super::source::{Has, Source};

/// A condition on the rows of a query over `W`: a plain value, which can be kept, put together and passed
/// around.
///
/// Which query it is for is known from where it is used, so conditions on columns of several sources are
/// put together like those on one.
///
/// ```
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "posts")]
/// # struct Post { id: i64, title: String, url: Option<String> }
/// use zzz_db::Condition;
/// let mut condition: Condition<Post> = Post::title.contains("rust").or(Post::url.is_null());
/// if true {
///     condition = condition.and(!Post::id.in_list([1, 2, 3]));
/// }
/// let _ = Post::query().filter(condition);
/// ```
pub struct Condition<W> {
    pub(crate) expr: Expr,
    marker: PhantomData<fn() -> W>,
}

impl<W> Clone for Condition<W> {
    fn clone(&self) -> Self {
        Self::new(self.expr.clone())
    }
}

impl<W> std::fmt::Debug for Condition<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Condition").finish_non_exhaustive()
    }
}

impl<W> Condition<W> {
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

impl<S: Source> Condition<S> {
    /// This condition on one source, for a query that has that source among others.
    #[must_use]
    pub fn within<W: Has<S, At>, At>(self) -> Condition<W> {
        Condition::new(self.expr)
    }
}

impl<W> Not for Condition<W> {
    type Output = Self;
    fn not(self) -> Self {
        Self::new(Expr::Not(Box::new(self.expr)))
    }
}

impl<W> BitAnd for Condition<W> {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

impl<W> BitOr for Condition<W> {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

/// An order of the rows of a query over `W`: `Post::id.desc()`.
pub struct Order<W> {
    pub(crate) term: OrderTerm,
    marker: PhantomData<fn() -> W>,
}

impl<W> Clone for Order<W> {
    fn clone(&self) -> Self {
        Self { term: self.term.clone(), marker: PhantomData }
    }
}

impl<W> std::fmt::Debug for Order<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").field("descending", &self.term.descending).finish_non_exhaustive()
    }
}

impl<W> Order<W> {
    pub(crate) fn new(expr: Expr, descending: bool) -> Self {
        Self { term: OrderTerm { expr, descending, nulls: None }, marker: PhantomData }
    }

    /// NULLs before everything else. Without this, SQLite and MySQL hold NULL for the smallest value, and
    /// PostgreSQL for the largest.
    #[must_use]
    pub fn nulls_first(mut self) -> Self {
        self.term.nulls = Some(Nulls::First);
        self
    }

    /// NULLs after everything else.
    #[must_use]
    pub fn nulls_last(mut self) -> Self {
        self.term.nulls = Some(Nulls::Last);
        self
    }
}

/// What `update_all` does to a column: `Post::title.set("x")`, `Post::views.inc(1)`.
pub struct Assignment<W> {
    pub(crate) term: SetTerm,
    marker: PhantomData<fn() -> W>,
}

impl<W> Clone for Assignment<W> {
    fn clone(&self) -> Self {
        Self { term: self.term.clone(), marker: PhantomData }
    }
}

impl<W> std::fmt::Debug for Assignment<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assignment").field("column", &self.term.column).finish_non_exhaustive()
    }
}

impl<W> Assignment<W> {
    pub(crate) fn new(column: &'static str, value: Expr) -> Self {
        Self { term: SetTerm { column, value }, marker: PhantomData }
    }
}
