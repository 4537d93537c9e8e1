//! Queries within queries: [`exists`], [`scalar`], and queries as sources.

use super::ast::{Distinct, Expr, From, Rows, Select};
use super::select::Load;
use super::source::{Complete, Within};
use super::{Condition, Query, Term};
use crate::{FieldType, Schema};

/// Whether a query gives any row. What it refers to of the query around is told by
/// [`with_parent`](Query::with_parent).
///
/// ```
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "posts")]
/// # struct Post { id: i64 }
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "comments")]
/// # struct Comment { id: i64, post_id: i64 }
/// use zzz_db::exists;
///
/// let comments = Comment::query().with_parent::<Post>().filter(Comment::post_id.eq(Post::id));
/// let silent = Post::query().filter(!exists(comments));
/// # let _ = silent;
/// ```
#[must_use]
pub fn exists<W, Q: Within<W, In>, T, In>(query: Query<Q, T>) -> Condition<W> {
    Condition::new(Expr::Exists(Box::new(query.select)))
}

/// The one value that a query of one column gives, `None` of no row. More than one row is an error on
/// PostgreSQL and MySQL; SQLite takes the first.
///
/// ```
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "posts")]
/// # struct Post { id: i64, views: i64 }
/// use zzz_db::{avg, max, scalar};
///
/// let top = Post::query().filter(Post::views.eq(scalar(Post::query().select(max(Post::views)))));
/// # let _ = top;
/// ```
#[must_use]
pub fn scalar<W, Q, T, In>(query: Query<Q, T>) -> Term<W, Option<T::NotNull>>
where
    Q: Within<W, In>,
    T: FieldType,
{
    Term::new(Expr::Scalar(Box::new(query.select)))
}

impl<S: Schema> Query<S> {
    /// Reads from another query whose rows are this schema's, instead of from its table: a page of them
    /// that is then ordered otherwise, or a summary that has a schema without a table of its own.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "comments")]
    /// # struct Comment { id: i64, post_id: i64 }
    /// use zzz_db::{Query, Schema, count, select_as};
    ///
    /// #[derive(Schema)]
    /// #[schema(table = "activity", primary_key = false)]
    /// struct Activity {
    ///     post_id: i64,
    ///     comments: i64,
    /// }
    ///
    /// let activity = Comment::query()
    ///     .group_by(Comment::post_id)
    ///     .select(select_as!(Activity { post_id: Comment::post_id, comments: count() }));
    /// let lively = Query::from_query(activity).filter(Activity::comments.gt(10));
    /// # let _: Query<Activity> = lively;
    /// ```
    #[must_use]
    pub fn from_query<Q: Complete>(query: Query<Q, S>) -> Self {
        Self::with(
            Select::from(S::META, source_of::<S>(S::NAME, query.select)),
            Load::Plain(|row| S::load(row, 0)),
        )
    }
}

/// A query as a source of this name, its outputs named as the schema's columns.
pub(super) fn source_of<S: Schema>(name: &'static str, mut select: Select) -> From {
    if let Some(outputs) = &mut select.outputs {
        let mut columns = S::META.columns();
        for output in outputs {
            // By its field's name, from `select_as!`; else in the schema's own order.
            let next = columns.next();
            let named = output.name.and_then(|name| S::META.columns().find(|(_, field)| field.name == name));
            output.name = named.or(next).map(|(_, field)| field.column);
        }
    }
    // A limit, a set of keys: without a meaning of its own, an order within a source costs time only.
    if select.limit.is_none() && select.offset.is_none() && !matches!(select.distinct, Distinct::On(_)) {
        select.order_by.clear();
    }
    From { name: name.into(), rows: Rows::Query(Box::new(select)) }
}
