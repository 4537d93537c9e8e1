//! Relations: what a row refers to, and what refers to it.
//!
//! ```
//! use zzz_db::{BelongsTo, HasMany, Schema};
//!
//! #[derive(Schema, Default)]
//! #[schema(table = "posts")]
//! pub struct Post {
//!     pub id: i64,
//!     pub title: String,
//!     pub author_id: Option<i64>,
//!     #[schema(belongs_to)]
//!     pub author: BelongsTo<User>,
//!     #[schema(has_many)]
//!     pub comments: HasMany<Comment>,
//!     #[schema(many_to_many(join_table = "posts_tags"))]
//!     pub tags: zzz_db::ManyToMany<Tag>,
//! }
//!
//! #[derive(Schema, Default)]
//! #[schema(table = "users")]
//! pub struct User {
//!     pub id: i64,
//!     pub name: String,
//!     #[schema(has_many(foreign_key = "author_id"))]
//!     pub posts: HasMany<Post>,
//!     #[schema(has_many(through(User::posts, Post::comments)))]
//!     pub received: HasMany<Comment>,
//! }
//!
//! #[derive(Schema, Default)]
//! #[schema(table = "comments")]
//! pub struct Comment {
//!     pub id: i64,
//!     pub post_id: i64,
//! }
//!
//! #[derive(Schema, Default)]
//! #[schema(table = "tags")]
//! pub struct Tag {
//!     pub id: i64,
//!     pub name: String,
//! }
//!
//! # async fn with(repo: &zzz_db::Repo) -> zzz_db::Result<()> {
//! let posts = Post::query().preload((Post::author, Post::comments)).all(repo).await?;
//! for post in &posts {
//!     let author = post.author.get().map_or("nobody", |author| &author.name);
//!     println!("{} by {author}, {} comments", post.title, post.comments.get().len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A row comes from the database with its relations *not loaded*; `get` then gives nothing, and `loaded` an
//! error that says what to preload. Nothing is ever loaded behind the app's back.
//!
//! | relation | field | foreign key, unless `foreign_key = "..."` names another |
//! |---|---|---|
//! | `belongs_to` | [`BelongsTo<User>`] | the field `{name}_id` of this struct |
//! | `has_one`, `has_many` | [`HasOne<T>`], [`HasMany<T>`] | the field `{this struct}_id` of the other |
//! | `has_one(through(A::b, B::c))`, `has_many(through(...))` | the same | those of the relations on the way |
//! | `many_to_many(join_table = "...")` | [`ManyToMany<T>`] | the columns `{this struct}_id` and `{other struct}_id` of the join table; `join_keys("post", "tag")` names others |
//!
//! `where = Comment::approved.eq(true)` lets only such rows count, wherever the relation is followed: in preloads,
//! joins, `of`, and other relations' `through`. `preload_order = Comment::id.desc()`, or an array of orders, is the
//! order in which `has_many` and `many_to_many` are preloaded, unless a query of one's own has another.
//!
//! `references = "uuid"` names the field that the foreign key refers to, if that is not the primary key. The
//! compiler checks that the fields exist and that their types fit.

mod field;
mod load;
mod preload;

use std::marker::PhantomData;

pub use field::{Association, BelongsTo, HasMany, HasOne, ManyToMany};
pub(crate) use load::run;
pub use preload::{Edge, Preload, Preloads, Records};

use crate::query::ast::{Expr, From, Join, JoinKind, Rows, Select};
use crate::query::{Has, Source};
use crate::schema::Meta;
use crate::{Query, Schema, Value};

/// The description of a relation.
#[derive(Debug, Clone, Copy)]
pub struct RelationMeta {
    /// The field's name.
    pub name: &'static str,
    /// The way to the other rows.
    pub path: fn() -> Vec<Hop>,
    /// Whether several ways may lead to the same row, which then counts once.
    pub through: bool,
    /// The order in which the rows are preloaded, unless a query of one's own has another.
    pub order: Option<fn() -> Orders>,
}

/// A condition that rows of a relation meet; for the derive.
pub struct Filter(Expr);

impl Filter {
    /// On rows of this schema.
    #[must_use]
    pub fn of<T: Source>(condition: crate::Condition<T>) -> Self {
        Self(condition.expr)
    }
}

/// The order of a relation's rows; for the derive.
pub struct Orders(Vec<crate::query::ast::OrderTerm>);

impl Orders {
    /// Of rows of this schema: an order, or an array of them.
    #[must_use]
    pub fn of<T: Source>(orders: impl IntoOrders<T>) -> Self {
        Self(orders.into_orders().into_iter().map(|order| order.term).collect())
    }
}

/// What `preload_order` takes: `Comment::id.desc()`, or an array of such.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no order of `{T}`",
    note = "write `preload_order = Comment::id.desc()`, or an array: `preload_order = [Comment::score.desc(), Comment::id.asc()]`"
)]
pub trait IntoOrders<T> {
    #[doc(hidden)]
    fn into_orders(self) -> Vec<crate::Order<T>>;
}
impl<T> IntoOrders<T> for crate::Order<T> {
    fn into_orders(self) -> Vec<crate::Order<T>> {
        vec![self]
    }
}
impl<T, const N: usize> IntoOrders<T> for [crate::Order<T>; N] {
    fn into_orders(self) -> Vec<crate::Order<T>> {
        self.into()
    }
}

/// One step from a table to the next: where `to` of the next has the value of `from`.
#[derive(Debug, Clone, Copy)]
pub struct Hop {
    /// The column of the table before.
    pub from: &'static str,
    /// The schema, database or file that the next table is in.
    pub prefix: Option<&'static str>,
    /// The next table.
    pub table: &'static str,
    /// The column of the next table.
    pub to: &'static str,
    /// Which rows of the next table count; all if there is none.
    pub filter: Option<fn() -> Filter>,
}

impl Hop {
    /// To the table of a schema.
    #[must_use]
    pub fn to(from: &'static str, meta: &'static Meta, to: &'static str) -> Self {
        Self { from, prefix: meta.prefix, table: meta.table, to, filter: None }
    }

    /// To a join table, which is where the schema before it is.
    #[must_use]
    pub fn to_join_table(
        from: &'static str,
        near: &'static Meta,
        table: &'static str,
        to: &'static str,
    ) -> Self {
        Self { from, prefix: near.prefix, table, to, filter: None }
    }

    /// Only to rows that meet a condition.
    #[must_use]
    pub fn filtered(mut self, filter: fn() -> Filter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// The condition on the rows of the next table, which has this name in the query.
    fn condition(&self, name: &crate::query::ast::Name) -> Option<Expr> {
        self.filter.map(|filter| filter().0.renamed(self.table, name))
    }
}

/// A relation of the source `A`, kept in a field of type `R`; the derive makes one per relation:
/// `Post::comments`.
pub struct Relation<A: Source, R> {
    index: usize,
    field: fn(&mut A::Schema) -> &mut R,
    marker: PhantomData<fn() -> A>,
}

impl<A: Source, R> Clone for Relation<A, R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A: Source, R> Copy for Relation<A, R> {}

impl<A: Source, R> std::fmt::Debug for Relation<A, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Relation").field(&self.index).finish()
    }
}

impl<A: Source, R> Relation<A, R> {
    /// For the derive: the relation with this place in [`Meta::relations`].
    #[must_use]
    pub const fn new(index: usize, field: fn(&mut A::Schema) -> &mut R) -> Self {
        Self { index, field, marker: PhantomData }
    }
}

impl<A: Source, R: Association> Relation<A, R> {
    pub(crate) fn meta(self) -> &'static RelationMeta {
        &<A::Schema as Schema>::META.relations[self.index]
    }

    /// The steps to the other rows.
    #[doc(hidden)]
    #[must_use]
    pub fn path(self) -> Vec<Hop> {
        (self.meta().path)()
    }

    /// A query for the rows that these records refer to: Ecto's `assoc`.
    ///
    /// ```
    /// # use zzz_db::{HasMany, Schema};
    /// # #[derive(Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, #[schema(has_many)] comments: HasMany<Comment> }
    /// # #[derive(Schema, Default)]
    /// # #[schema(table = "comments")]
    /// # struct Comment { id: i64, post_id: i64, body: String }
    /// # async fn with(repo: &zzz_db::Repo, post: &Post) -> zzz_db::Result<()> {
    /// let newest = Post::comments.of([post]).order_by(Comment::id.desc()).limit(5).all(repo).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn of<'a>(self, records: impl IntoIterator<Item = &'a A::Schema>) -> Query<R::Target> {
        let mut query = Query::<R::Target>::new();
        let path = self.path();
        let keys = records.into_iter().map(|record| owner_key(record, &path)).filter(|key| !key.is_null());
        let keys: Vec<Value> = unique(keys);
        reach(&mut query.select, self.meta(), &path, keys);
        if self.meta().through {
            query.select.distinct = crate::query::ast::Distinct::Rows;
        }
        query
    }
}

/// Relations one after the other, from rows of `A` to rows of `T`; for the derive's check of `through`.
#[doc(hidden)]
pub struct Way<A, T>(PhantomData<fn() -> (A, T)>);

#[doc(hidden)]
impl<A, T> Way<A, T> {
    #[must_use]
    pub fn along<R>(first: Relation<A, R>) -> Self
    where
        A: Source,
        R: Association<Target = T>,
    {
        let _ = first;
        Self(PhantomData)
    }

    #[must_use]
    pub fn then<R: Association>(self, next: Relation<T, R>) -> Way<A, R::Target>
    where
        T: Source,
    {
        let _ = next;
        Way(PhantomData)
    }
}

/// The column of a join table that refers to this schema, unless another is named.
#[doc(hidden)]
#[must_use]
pub fn key_of(meta: &'static Meta) -> &'static str {
    meta.foreign_key
}

/// The value by which an owner's rows are found.
pub(crate) fn owner_key<S: Schema>(owner: &S, path: &[Hop]) -> Value {
    let column = path.first().map(|hop| hop.from).unwrap_or_default();
    S::META.of_column(column).map_or(Value::Null, |(at, _)| owner.dump(at))
}

fn unique(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut seen = std::collections::HashSet::new();
    values.filter(|value| seen.insert(load::Key::new(value))).collect()
}

/// The name of a table between the two ends.
fn between(relation: &RelationMeta, at: usize) -> crate::query::ast::Name {
    format!("{}_{at}", relation.name).into()
}

/// The source of a table on the way, or of the last, which has its own name.
fn step(relation: &RelationMeta, path: &[Hop], at: usize, last: &crate::query::ast::Name) -> From {
    let hop = &path[at];
    let name = if at + 1 == path.len() { last.clone() } else { between(relation, at) };
    From { name, rows: Rows::Table { prefix: hop.prefix.map(Into::into), table: hop.table.into() } }
}

fn same(
    left: &From,
    left_column: &'static str,
    right: crate::query::ast::Name,
    column: &'static str,
) -> Expr {
    let left = Expr::Column(left.name.clone(), left_column.into());
    left.binary(crate::query::ast::Operator::Eq, Expr::Column(right, column.into()))
}

/// Lets a query for the last table of a path give only rows that owners with these keys lead to. Gives the
/// column that holds the owner's key.
pub(crate) fn reach(select: &mut Select, relation: &RelationMeta, path: &[Hop], keys: Vec<Value>) -> Expr {
    let root = select.from.name.clone();
    let mut key = Expr::Column(root.clone(), path.last().map(|hop| hop.to).unwrap_or_default().into());
    if let Some(condition) = path.last().and_then(|hop| hop.condition(&root)) {
        select.filter(condition);
    }
    for at in (1..path.len()).rev() {
        let nearer = step(relation, path, at - 1, &root);
        let further = step(relation, path, at, &root);
        let mut on = same(&nearer, path[at].from, further.name, path[at].to);
        if let Some(condition) = path[at - 1].condition(&nearer.name) {
            on = on.and(condition);
        }
        key = Expr::Column(nearer.name.clone(), path[at - 1].to.into());
        select.joins.push(Join { kind: JoinKind::Inner, from: nearer, on: Some(on), lateral: false });
    }
    select.filter(Expr::InList(Box::new(key.clone()), keys));
    key
}

impl<Q: crate::query::Sources, T> Query<Q, T> {
    fn follow<A: Source, R: Association, W>(
        mut self,
        relation: Relation<A, R>,
        kind: JoinKind,
        name: &'static str,
    ) -> Query<W, T> {
        let path = relation.path();
        let (mut before, last) = (A::NAME.into(), name.into());
        for (at, hop) in path.iter().enumerate() {
            let from = step(relation.meta(), &path, at, &last);
            let mut on = same(&from, hop.to, before, hop.from);
            if let Some(condition) = hop.condition(&from.name) {
                on = on.and(condition);
            }
            before = from.name.clone();
            self.select.joins.push(Join { kind, from, on: Some(on), lateral: false });
        }
        self.over()
    }

    /// Joins what a relation refers to.
    ///
    /// ```
    /// # use zzz_db::{BelongsTo, Schema};
    /// # #[derive(Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, title: String, author_id: i64, #[schema(belongs_to)] author: BelongsTo<User> }
    /// # #[derive(Schema, Default)]
    /// # #[schema(table = "users")]
    /// # struct User { id: i64, name: String }
    /// let query = Post::query().join_assoc(Post::author).filter(User::name.eq("Ann"));
    /// # let _: zzz_db::Query<(Post, User), Post> = query;
    /// ```
    #[must_use]
    pub fn join_assoc<A: Source, R: Association, At>(
        self,
        relation: Relation<A, R>,
    ) -> Query<(Q, R::Target), T>
    where
        Q: Has<A, At>,
    {
        self.follow(relation, JoinKind::Inner, R::Target::NAME)
    }

    /// As [`join_assoc`](Self::join_assoc), under an [alias](crate::alias!):
    /// `join_assoc_as(Post::editor, Editor)`.
    #[must_use]
    pub fn join_assoc_as<A: Source, R: Association, B, At>(
        self,
        relation: Relation<A, R>,
        alias: B,
    ) -> Query<(Q, B), T>
    where
        Q: Has<A, At>,
        B: Source<Schema = R::Target>,
    {
        let _ = alias;
        self.follow(relation, JoinKind::Inner, B::NAME)
    }

    /// As [`join_assoc`](Self::join_assoc), and rows that refer to none come too.
    #[must_use]
    pub fn left_join_assoc<A: Source, R: Association, At>(
        self,
        relation: Relation<A, R>,
    ) -> Query<(Q, Option<R::Target>), T>
    where
        Q: Has<A, At>,
    {
        self.follow(relation, JoinKind::Left, R::Target::NAME)
    }

    /// As [`left_join_assoc`](Self::left_join_assoc), under an [alias](crate::alias!).
    #[must_use]
    pub fn left_join_assoc_as<A: Source, R: Association, B, At>(
        self,
        relation: Relation<A, R>,
        alias: B,
    ) -> Query<(Q, Option<B>), T>
    where
        Q: Has<A, At>,
        B: Source<Schema = R::Target>,
    {
        let _ = alias;
        self.follow(relation, JoinKind::Left, B::NAME)
    }
}
