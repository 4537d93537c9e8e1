//! [`Query`]: a question to the database as a value, put together piece by piece.
//!
//! | file | holds |
//! |---|---|
//! | `mod` | [`Query`]: filters, orders, groups, limits, what is selected |
//! | `join` | joins, and parents of subqueries |
//! | `set` | unions and their kin |
//! | `subquery` | [`exists`], [`scalar`], queries as sources |
//! | `run` | asking: `all`, `one`, `count`... |
//! | `source` | what a query reads from, and how the compiler knows it |
//! | `column`, `methods`, `operand` | columns, what can be done with them, and with what |
//! | `term`, `fragment` | computed values: aggregates, CASE, SQL of the app's own |
//! | `list` | what can be done with columns that are lists |
//! | `condition` | conditions, orders, assignments |
//! | `select` | what a row becomes |
//! | `ast` | the tree that all of these build, and that dialects write |

pub(crate) mod ast;
mod column;
mod condition;
mod fragment;
mod join;
mod list;
mod methods;
mod operand;
mod run;
mod select;
mod set;
mod source;
mod subquery;
mod term;

use std::marker::PhantomData;

pub use ast::{Cast, Lock};
pub use column::Column;
pub use condition::{Assignment, Condition, Order};
#[doc(hidden)]
pub use fragment::{Fragment, placeholders};
#[doc(hidden)]
pub use operand::Operated;
pub use operand::{Argument, ByColumn, ByTerm, ByText, ByValue, Expression, Operand, ValueFor};
pub use select::{Built, ByStruct, Columns, Selection, Whole, whole};
pub use source::{
    Before, Complete, Has, Joined, Last, LastMaybe, Nullable, Only, Outside, Parent, Source, Sources, Within,
};
pub use subquery::{exists, scalar};
pub use term::{
    Branches, Case, PerGroup, PerRow, Term, ago, avg, case, count, count_distinct, count_of, excluded,
    from_now, max, min, sum, value,
};

pub(crate) use ast::{Expr, Select, SetTerm};
pub(crate) use select::Load;

use crate::dialect::{Dialect, Statement};
use crate::relation::{Preload, Preloads};
use crate::{Result, Schema};
use ast::Distinct;

/// A query over the sources `Q` whose rows become `T`; without [`select`](Self::select) that is the struct of
/// the first source.
///
/// It is a value: nothing is asked until one of [`all`](Self::all), [`one`](Self::one),
/// [`first`](Self::first), [`count`](Self::count), [`exists`](Self::exists) is awaited, and each of its
/// methods gives a new query that can be kept and put together further.
///
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "posts")]
/// # struct Post { id: i64, title: String }
/// use zzz_db::dialect::Sqlite;
///
/// let query = Post::query().filter(Post::title.contains("50%")).order_by(Post::id.desc()).limit(10);
/// assert_eq!(
///     query.to_sql(&Sqlite)?.sql,
///     r#"SELECT "id", "title" FROM "posts" WHERE "title" LIKE ? ESCAPE '\' ORDER BY "id" DESC LIMIT ?"#,
/// );
/// # Ok::<(), zzz_db::Error>(())
/// ```
pub struct Query<Q, T = Q> {
    pub(crate) select: Select,
    pub(crate) load: Load<T>,
    pub(crate) preloads: Vec<Preload<T>>,
    marker: PhantomData<fn() -> Q>,
}

impl<Q, T> Clone for Query<Q, T> {
    fn clone(&self) -> Self {
        Self {
            select: self.select.clone(),
            load: self.load.clone(),
            preloads: self.preloads.clone(),
            marker: PhantomData,
        }
    }
}

impl<Q, T> std::fmt::Debug for Query<Q, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Query").field("table", &self.select.meta.table).finish_non_exhaustive()
    }
}

/// A part of a query that [`Query::exclude`] takes out again.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Every condition.
    Filter,
    /// Every order.
    OrderBy,
    /// Every grouping.
    GroupBy,
    /// Every condition on groups.
    Having,
    /// The limit.
    Limit,
    /// The offset.
    Offset,
    /// That each row comes once.
    Distinct,
    /// Every further query of a union and its kin.
    Combinations,
    /// The lock.
    Lock,
    /// Every preload.
    Preload,
}

impl<S: Schema> Query<S> {
    /// Every row of the table; the same as `S::query()`.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Select::new(S::NAME, S::META), Load::Plain(|row| S::load(row, 0)))
    }
}

impl<S: Schema> Default for Query<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Source> Query<A, A::Schema> {
    /// Every row of the table, read under an alias: `Query::of::<Editor>()`.
    #[must_use]
    pub fn of() -> Self {
        let meta = <A::Schema as Schema>::META;
        Self::with(Select::new(A::NAME, meta), Load::Plain(|row| <A::Schema as Schema>::load(row, 0)))
    }
}

impl<Q, T> Query<Q, T> {
    pub(crate) fn with(select: Select, load: Load<T>) -> Self {
        Self { select, load, preloads: Vec::new(), marker: PhantomData }
    }

    /// The same query over other sources.
    pub(crate) fn over<W>(self) -> Query<W, T> {
        Query { select: self.select, load: self.load, preloads: self.preloads, marker: PhantomData }
    }
}

impl<Q: Sources, T> Query<Q, T> {
    /// Only rows that meet this condition, besides those given before.
    #[must_use]
    pub fn filter(mut self, condition: Condition<Q>) -> Self {
        self.select.filter(condition.expr);
        self
    }

    /// Rows that meet this condition too, besides those that meet what was given before.
    #[must_use]
    pub fn or_filter(mut self, condition: Condition<Q>) -> Self {
        self.select.or_filter(condition.expr);
        self
    }

    /// Orders the rows; what was given before orders first. Without any, the order is the database's whim.
    #[must_use]
    pub fn order_by(mut self, order: Order<Q>) -> Self {
        self.select.order_by.push(order.term);
        self
    }

    /// Turns every order round; a query without one comes by its primary key, largest first.
    #[must_use]
    pub fn reverse_order(mut self) -> Self {
        self.select.order_by_key();
        self.select.order_by = self.select.order_by.into_iter().map(ast::OrderTerm::reversed).collect();
        self
    }

    /// At most so many rows.
    #[must_use]
    pub fn limit(mut self, rows: u64) -> Self {
        self.select.limit = Some(rows);
        self
    }

    /// Without the first so many rows.
    #[must_use]
    pub fn offset(mut self, rows: u64) -> Self {
        self.select.offset = Some(rows);
        self
    }

    /// Each row that would come several times comes once.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        self.select.distinct = Distinct::Rows;
        self
    }

    /// Of the rows that have the same value there, the first: PostgreSQL's `DISTINCT ON`. Called again, it
    /// adds a further value. The query is ordered by these values before anything else, as PostgreSQL asks.
    ///
    /// On other databases running the query is an error that says so.
    #[must_use]
    pub fn distinct_on<By>(mut self, value: impl Expression<Q, By>) -> Self {
        let value = value.into_expression().0;
        match &mut self.select.distinct {
            Distinct::On(values) => values.push(value),
            other => *other = Distinct::On(vec![value]),
        }
        self
    }

    /// One row per value of this column or term; with [`count()`] in [`select`](Self::select) it counts each
    /// group. Called again, it groups by both.
    #[must_use]
    pub fn group_by<By>(mut self, by: impl Expression<Q, By>) -> Self {
        self.select.group_by.push(by.into_expression().0);
        self
    }

    /// Only groups that meet this condition: `having(count().gt(2))`.
    #[must_use]
    pub fn having(mut self, condition: Condition<Q>) -> Self {
        self.select.having(condition.expr, false);
        self
    }

    /// Groups that meet this condition too.
    #[must_use]
    pub fn or_having(mut self, condition: Condition<Q>) -> Self {
        self.select.having(condition.expr, true);
        self
    }

    /// Locks the rows that are read until the transaction ends.
    ///
    /// On SQLite there is nothing to lock, and this is left out: a transaction there excludes every other
    /// that writes, from its beginning to its end.
    #[must_use]
    pub fn lock(mut self, lock: Lock) -> Self {
        self.select.lock = Some(lock);
        self
    }

    /// Reads from tables in this schema (PostgreSQL), database (MySQL) or attached file (SQLite), where the
    /// sources of the query name none themselves.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.select.prefix = Some(prefix.into().into());
        self
    }

    /// Gives back these columns and values instead of whole structs.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "comments")]
    /// # struct Comment { id: i64, post_id: i64 }
    /// # use zzz_db::{Repo, Result};
    /// use zzz_db::count;
    ///
    /// async fn comments_of(repo: &Repo, posts: &[i64]) -> Result<Vec<(i64, i64)>> {
    ///     Comment::query()
    ///         .filter(Comment::post_id.in_list(posts))
    ///         .group_by(Comment::post_id)
    ///         .select((Comment::post_id, count()))
    ///         .all(repo)
    ///         .await
    /// }
    /// ```
    #[must_use]
    pub fn select<C: Selection<Q, By>, By>(mut self, columns: C) -> Query<Q, C::Output> {
        let mut selected = Columns::default();
        let state = columns.push(&mut selected);
        self.select.outputs = Some(selected.0);
        let load = move |row: &dyn crate::Row| C::load(&state, row, 0);
        Query::with(self.select, Load::With(std::sync::Arc::new(load)))
    }

    /// Gives back these fields of the first source as a map by their names.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, title: String }
    /// # use zzz_db::{Repo, Result, Value, fields};
    /// # async fn with(repo: &Repo) -> Result<()> {
    /// let maps = Post::query().select_map(fields![id, title]).all(repo).await?;
    /// assert_eq!(maps[0]["id"], Value::Int(1));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn select_map<S, const N: usize>(
        mut self,
        fields: impl FnOnce(&'static S::Columns<S>) -> [crate::schema::FieldRef<S>; N],
    ) -> Query<Q, std::collections::BTreeMap<&'static str, crate::Value>>
    where
        S: Schema,
        Q: Sources,
        Q::Root: Source<Schema = S>,
    {
        let fields = fields(S::columns()).map(|field| &S::META.fields[field.index]);
        let outputs = fields.iter().filter(|field| !field.is_virtual);
        let outputs = outputs.map(|field| ast::Output { expr: self.select.root(field.column), name: None });
        self.select.outputs = Some(outputs.collect());
        let load = move |row: &dyn crate::Row| {
            let fields = fields.iter().filter(|field| !field.is_virtual);
            let value = |(at, field): (usize, &&'static crate::schema::Field)| {
                Ok((field.name, crate::row::value_of(row, at, field)?))
            };
            fields.enumerate().map(value).collect()
        };
        Query::with(self.select, Load::With(std::sync::Arc::new(load)))
    }

    /// Turns each row into something else as it is read, in the program.
    ///
    /// A panic in it is an error of this query alone.
    #[must_use]
    pub fn map<U: Send + 'static>(self, map: impl Fn(T) -> U + Send + Sync + 'static) -> Query<Q, U>
    where
        T: 'static,
    {
        let load = self.load;
        let load = move |row: &dyn crate::Row| load.call(row).map(&map);
        Query::with(self.select, Load::With(std::sync::Arc::new(load)))
    }

    /// Takes a part out again.
    #[must_use]
    pub fn exclude(mut self, part: Part) -> Self {
        match part {
            Part::Filter => self.select.filter = None,
            Part::OrderBy => self.select.order_by.clear(),
            Part::GroupBy => self.select.group_by.clear(),
            Part::Having => self.select.having = None,
            Part::Limit => self.select.limit = None,
            Part::Offset => self.select.offset = None,
            Part::Distinct => self.select.distinct = Distinct::No,
            Part::Combinations => self.select.combinations.clear(),
            Part::Lock => self.select.lock = None,
            Part::Preload => self.preloads.clear(),
        }
        self
    }

    /// The SQL of this query, and the values of its placeholders.
    ///
    /// # Errors
    /// If the database has no SQL for it, such as `DISTINCT ON` outside of PostgreSQL.
    pub fn to_sql(&self, dialect: &dyn Dialect) -> Result<Statement> {
        crate::dialect::select(dialect, None, &self.select)
    }
}

impl<Q, S: Schema> Query<Q, S> {
    /// Loads what rows refer to along with them, each relation with one more query; see
    /// [`Repo::preload`](crate::Repo::preload).
    #[must_use]
    pub fn preload(mut self, preloads: impl Preloads<S>) -> Self {
        preloads.push(&mut self.preloads);
        self
    }
}
