//! [`Source`]: what a query reads from; and the traits by which the compiler knows the sources of a query.
//!
//! The sources of a query are its first type parameter. `Query<Post>` reads posts; a join adds to the right:
//! `Query<(Post, User)>`, then `Query<((Post, User), Option<Comment>)>`. Columns say whose they are
//! (`Column<User, String>`), and may be used where the query [has](Has) that source.

use std::marker::PhantomData;

use crate::{FieldType, Result, Row, Schema};

/// What a query can read from: a schema, or an [`alias!`](crate::alias) of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that a query can read from",
    note = "use a struct with `#[derive(Schema)]`, or an `alias!` of one"
)]
pub trait Source: Send + Sync + 'static {
    /// The schema of its rows.
    type Schema: Schema;
    /// The name by which SQL knows it: the table's, or the alias's.
    const NAME: &'static str;
}

/// Another name of a schema, for a query that reads it twice: `alias!(Editor: User);` makes a source
/// `Editor`, whose columns are its fields.
///
/// ```
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "posts")]
/// # struct Post { id: i64, title: String, author_id: i64, editor_id: Option<i64> }
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "users")]
/// # struct User { id: i64, name: String }
/// zzz_db::alias!(Editor: User);
///
/// let query = Post::query()
///     .join::<User>(User::id.eq(Post::author_id))
///     .left_join::<Editor>(Editor.id.eq(Post::editor_id))
///     .filter(Editor.name.ne(User::name))
///     .select((Post::title, User::name, Editor.name)); // (String, String, Option<String>)
/// # let _: zzz_db::Query<_, (String, String, Option<String>)> = query;
/// ```
#[macro_export]
macro_rules! alias {
    ($vis:vis $name:ident: $schema:ty) => {
        #[doc = concat!("`", stringify!($schema), "` under another name, in queries.")]
        #[allow(non_camel_case_types)]
        #[derive(Debug, Clone, Copy)]
        $vis struct $name;

        impl $crate::query::Source for $name {
            type Schema = $schema;
            const NAME: &'static str = stringify!($name);
        }

        impl ::core::ops::Deref for $name {
            type Target = <$schema as $crate::Schema>::Columns<$name>;
            fn deref(&self) -> &Self::Target {
                <Self::Target as $crate::schema::ColumnSet>::ALL
            }
        }
    };
}

/// The sources of a query: a source, or a pair of sources and one more.
pub trait Sources: Send + Sync + 'static {
    /// The first source.
    type Root: Source;
}

impl<S: Source> Sources for S {
    type Root = S;
}

impl<Q: Sources, B: Send + Sync + 'static> Sources for (Q, B) {
    type Root = Q::Root;
}

/// The sources of a query before a right or full join: any of their columns may be NULL.
pub struct Nullable<Q>(PhantomData<fn() -> Q>);

impl<Q: Sources> Sources for Nullable<Q> {
    type Root = Q::Root;
}

/// A source of the query around a subquery: [`Query::with_parent`](super::Query::with_parent).
pub struct Parent<S>(PhantomData<fn() -> S>);

/// A query over these sources has the source `S`, so that columns of `S` may be used in it.
///
/// Functions that add to any query with a source are written with it; `At` is found by the compiler:
///
/// ```
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "posts")]
/// # struct Post { id: i64, author_id: i64, views: i64 }
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "users")]
/// # struct User { id: i64, name: String }
/// use zzz_db::Query;
/// use zzz_db::query::Has;
///
/// fn popular<Q: Has<Post, At>, T, At>(query: Query<Q, T>) -> Query<Q, T> {
///     query.filter(Post::views.gt(100))
/// }
///
/// fn with_author<Q: Has<Post, At>, T, At: 'static>(query: Query<Q, T>) -> Query<(Q, User), T> {
///     query.join::<User>(User::id.eq(Post::author_id))
/// }
///
/// let query = popular(with_author(Post::query())).order_by(User::name.asc());
/// # let _ = query;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{S}` is not a source of this query",
    label = "the query does not read from `{S}`",
    note = "join it first, or use a column of a source that the query has"
)]
pub trait Has<S: Source, At>: Sources {
    /// What a column of type `T` of this source gives: an `Option` where the source may be missing.
    type Of<T: FieldType>: FieldType;
    /// What a whole row of this source gives.
    type Row: Send + 'static;
    #[doc(hidden)]
    fn load(row: &dyn Row, at: usize) -> Result<Self::Row>;
}

/// The only source.
pub struct Only;
/// The last joined source.
pub struct Last;
/// The last joined source, which may be missing.
pub struct LastMaybe;
/// The query around.
pub struct Outside;
/// A source before the last joined one.
pub struct Before<At>(PhantomData<fn() -> At>);

impl<S: Source> Has<S, Only> for S {
    type Of<T: FieldType> = T;
    type Row = S::Schema;
    fn load(row: &dyn Row, at: usize) -> Result<S::Schema> {
        <S::Schema as Schema>::load(row, at)
    }
}

impl<Q: Sources, S: Source> Has<S, Last> for (Q, S) {
    type Of<T: FieldType> = T;
    type Row = S::Schema;
    fn load(row: &dyn Row, at: usize) -> Result<S::Schema> {
        <S::Schema as Schema>::load(row, at)
    }
}

impl<Q: Sources, S: Source> Has<S, LastMaybe> for (Q, Option<S>) {
    type Of<T: FieldType> = Option<T::NotNull>;
    type Row = Option<S::Schema>;
    fn load(row: &dyn Row, at: usize) -> Result<Option<S::Schema>> {
        load_optional(row, at)
    }
}

impl<Q: Sources, S: Source> Has<S, Outside> for (Q, Parent<S>) {
    type Of<T: FieldType> = Option<T::NotNull>;
    type Row = Option<S::Schema>;
    fn load(row: &dyn Row, at: usize) -> Result<Option<S::Schema>> {
        load_optional(row, at)
    }
}

impl<Q: Has<S, At>, S: Source, B: Send + Sync + 'static, At: 'static> Has<S, Before<At>> for (Q, B) {
    type Of<T: FieldType> = Q::Of<T>;
    type Row = Q::Row;
    fn load(row: &dyn Row, at: usize) -> Result<Q::Row> {
        Q::load(row, at)
    }
}

impl<Q: Has<S, At>, S: Source, At: 'static> Has<S, Before<At>> for Nullable<Q> {
    type Of<T: FieldType> = Option<T::NotNull>;
    type Row = Option<S::Schema>;
    fn load(row: &dyn Row, at: usize) -> Result<Option<S::Schema>> {
        load_optional(row, at)
    }
}

/// A row of a source that may be missing: then its primary key is NULL; without a key, all of it.
pub(crate) fn load_optional<S: Schema>(row: &dyn Row, at: usize) -> Result<Option<S>> {
    let meta = S::META;
    let mut any_key = false;
    for (place, (field, _)) in meta.columns().enumerate() {
        if !meta.primary_key.is_empty() && !meta.primary_key.contains(&field) {
            continue;
        }
        any_key |= !matches!(row.value(at + place)?, crate::ValueRef::Null);
    }
    if any_key { S::load(row, at).map(Some) } else { Ok(None) }
}

/// A source that is joined: for sure, or perhaps.
pub trait Joined: Send + Sync + 'static {}
impl<S: Source> Joined for S {}
impl<S: Source> Joined for Option<S> {}

/// Sources of a query that refers to none around it, so that it can run.
#[diagnostic::on_unimplemented(
    message = "this query refers to a query around it, so it can not run by itself",
    note = "use it in `exists(...)`, `scalar(...)` or `in_query(...)` of a query that has the parent"
)]
pub trait Complete: Sources {}
impl<S: Source> Complete for S {}
impl<Q: Complete, B: Joined> Complete for (Q, B) {}
impl<Q: Complete> Complete for Nullable<Q> {}

/// Sources of a query that can be a part of a query over `W`: what it refers to, `W` has.
pub trait Within<W, At>: Sources {}
impl<S: Source, W> Within<W, Only> for S {}
impl<Q: Within<W, At>, B: Joined, W, At> Within<W, Before<At>> for (Q, B) {}
impl<Q: Within<W, At>, W, At> Within<W, Before<At>> for Nullable<Q> {}
impl<Q: Within<W, At>, S: Source, W: Has<S, In>, At, In> Within<W, (At, In)> for (Q, Parent<S>) {}
