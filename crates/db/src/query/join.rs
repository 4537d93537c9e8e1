//! Joins: each adds a source to the right of a query's sources.

use super::ast::{From, Join, JoinKind};
use super::select::Load;
use super::source::{Complete, Nullable, Parent, Source, Sources, Within, load_optional};
use super::subquery::source_of;
use super::{Condition, Query};
use crate::Schema;

fn table<B: Source>() -> From {
    From::of(B::NAME, <B::Schema as Schema>::META)
}

impl<Q: Sources, T> Query<Q, T> {
    fn joined<W>(mut self, kind: JoinKind, from: From, on: Option<super::Expr>) -> Query<W, T> {
        self.select.joins.push(Join { kind, from, on, lateral: false });
        self.over()
    }

    fn lateral<W>(mut self, kind: JoinKind, from: From, on: super::Expr) -> Query<W, T> {
        self.select.joins.push(Join { kind, from, on: Some(on), lateral: true });
        self.over()
    }

    /// Puts each row together with each row of another source that meets the condition.
    ///
    /// What a row becomes is not changed by a join; [`select`](Self::select) takes from all sources.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, title: String, author_id: i64 }
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "users")]
    /// # struct User { id: i64, name: String }
    /// let query = Post::query()
    ///     .join::<User>(User::id.eq(Post::author_id))
    ///     .filter(User::name.eq("Ann").or(Post::title.eq("Ann")))
    ///     .select((Post::title, User::name));
    /// # let _: zzz_db::Query<(Post, User), (String, String)> = query;
    /// ```
    #[must_use]
    pub fn join<B: Source>(self, on: Condition<(Q, B)>) -> Query<(Q, B), T> {
        self.joined(JoinKind::Inner, table::<B>(), Some(on.expr))
    }

    /// As [`join`](Self::join), and rows for which there is none come too: what is selected from the other
    /// source is an `Option`.
    #[must_use]
    pub fn left_join<B: Source>(self, on: Condition<(Q, Option<B>)>) -> Query<(Q, Option<B>), T> {
        self.joined(JoinKind::Left, table::<B>(), Some(on.expr))
    }

    /// Puts each row together with each row of another source.
    #[must_use]
    pub fn cross_join<B: Source>(self) -> Query<(Q, B), T> {
        self.joined(JoinKind::Cross, table::<B>(), None)
    }

    /// As [`join`](Self::join), with the rows of a query instead of those of the table.
    #[must_use]
    pub fn join_query<B: Source, W: Complete>(
        self,
        query: Query<W, B::Schema>,
        on: Condition<(Q, B)>,
    ) -> Query<(Q, B), T> {
        self.joined(JoinKind::Inner, source_of::<B::Schema>(B::NAME, query.select), Some(on.expr))
    }

    /// As [`left_join`](Self::left_join), with the rows of a query instead of those of the table.
    #[must_use]
    pub fn left_join_query<B: Source, W: Complete>(
        self,
        query: Query<W, B::Schema>,
        on: Condition<(Q, Option<B>)>,
    ) -> Query<(Q, Option<B>), T> {
        self.joined(JoinKind::Left, source_of::<B::Schema>(B::NAME, query.select), Some(on.expr))
    }

    /// As [`join_query`](Self::join_query), and the query is asked anew for each row: it may refer to this
    /// query's sources as its [parents](Self::with_parent). SQLite and MariaDB have no such thing; there it is an
    /// error that says so.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, title: String }
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "comments")]
    /// # struct Comment { id: i64, post_id: i64, body: String }
    /// use zzz_db::{Condition, Query};
    ///
    /// // The newest three comments of each post.
    /// let newest = Comment::query().order_by(Comment::id.desc()).limit(3);
    /// let newest = newest.with_parent::<Post>().filter(Comment::post_id.eq(Post::id));
    /// let query = Post::query()
    ///     .join_lateral::<Comment, _, _>(newest, Condition::all([]))
    ///     .select((Post::title, Comment::body));
    /// # let _: Query<_, (String, String)> = query;
    /// ```
    #[must_use]
    pub fn join_lateral<B: Source, W: Within<Q, In>, In>(
        self,
        query: Query<W, B::Schema>,
        on: Condition<(Q, B)>,
    ) -> Query<(Q, B), T> {
        self.lateral(JoinKind::Inner, source_of::<B::Schema>(B::NAME, query.select), on.expr)
    }

    /// As [`join_lateral`](Self::join_lateral), and rows for which the query gives none come too.
    #[must_use]
    pub fn left_join_lateral<B: Source, W: Within<Q, In>, In>(
        self,
        query: Query<W, B::Schema>,
        on: Condition<(Q, Option<B>)>,
    ) -> Query<(Q, Option<B>), T> {
        self.lateral(JoinKind::Left, source_of::<B::Schema>(B::NAME, query.select), on.expr)
    }

    /// Lets this query refer to a source of the query around it, of which it will be a part: Ecto's
    /// `parent_as`; see [`exists`](super::exists).
    ///
    /// Columns of the parent can be compared with, and not be selected as if they were this query's own.
    #[must_use]
    pub fn with_parent<S: Source>(self) -> Query<(Q, Parent<S>), T> {
        self.over()
    }
}

impl<Q: Sources, S: Schema> Query<Q, S> {
    /// Every row of another source, with the rows that meet the condition where there are any: what is
    /// selected from sources before it is an `Option`.
    #[must_use]
    pub fn right_join<B: Source>(
        self,
        on: Condition<(Nullable<Q>, B)>,
    ) -> Query<(Nullable<Q>, B), Option<S>> {
        let query: Query<(Nullable<Q>, B), S> = self.joined(JoinKind::Right, table::<B>(), Some(on.expr));
        query.optional()
    }

    /// Every row of either side, put together where the condition is met: what is selected from any source
    /// is an `Option`. MySQL has no full join; there it is an error that says so.
    #[must_use]
    pub fn full_join<B: Source>(
        self,
        on: Condition<(Nullable<Q>, Option<B>)>,
    ) -> Query<(Nullable<Q>, Option<B>), Option<S>> {
        let query: Query<(Nullable<Q>, Option<B>), S> =
            self.joined(JoinKind::Full, table::<B>(), Some(on.expr));
        query.optional()
    }

    fn optional(self) -> Query<Q, Option<S>> {
        Query::with(self.select, Load::Plain(|row| load_optional(row, 0)))
    }
}
