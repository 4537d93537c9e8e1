//! Reading: `all`, `one`, `first`, `get`, `get_by`, `reload`, `count`, `exists`, `aggregate`, `preload`.

use std::sync::{Arc, PoisonError, RwLock};

use super::{Repo, foreign_sink};
use crate::dialect::{self, Dialect, Statement};
#[cfg(feature = "postgres")]
use crate::driver::postgres::Sql;
use crate::driver::{Access, One, SHARE, let_others_run};
use crate::query::{Complete, Expr, PerGroup, Select, Term};
use crate::relation::{Preloads, Records};
use crate::schema::{Key, KeyFor, KeyValues, Meta};
use crate::{Condition, Error, ErrorKind, FieldType, Query, Result, Schema, Value, row};

impl Repo {
    /// Every row of a query, with what it preloads.
    ///
    /// # Errors
    /// If the database can not answer, or a row is not of the fields' types.
    pub async fn all<Q: Complete, T: Send + 'static>(&self, query: Query<Q, T>) -> Result<Vec<T>> {
        let statement = dialect::select(self.dialect(), self.prefix(), &query.select)?;
        let mut rows = self.fetch_with(statement, Access::Read, query.load).await?;
        if !query.preloads.is_empty() {
            crate::relation::run(self, &query.preloads, false, rows.iter_mut().collect()).await?;
        }
        Ok(rows)
    }

    /// The only row of a query, if there is one.
    ///
    /// # Errors
    /// As [`all`](Self::all), and [if there are several](Error::is_multiple_results).
    pub async fn one<Q: Complete, T: Send + 'static>(&self, mut query: Query<Q, T>) -> Result<Option<T>> {
        // Two rows tell that there are several.
        query.select.limit = Some(query.select.limit.unwrap_or(2).min(2));
        let table = query.select.meta.table;
        only(self.all(query).await?, table)
    }

    /// The first row of a query, if there is one; ordered by the primary key unless it is ordered already.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn first<Q: Complete, T: Send + 'static>(&self, mut query: Query<Q, T>) -> Result<Option<T>> {
        query.select.order_by_key();
        query.select.limit = Some(query.select.limit.unwrap_or(1).min(1));
        Ok(self.all(query).await?.pop())
    }

    /// The row with this primary key, if there is one; a key of several columns is given as a tuple.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64 }
    /// # async fn with(repo: &zzz_db::Repo) -> zzz_db::Result<Option<Post>> {
    /// repo.get::<Post>(5).await
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn get<S: Schema>(&self, key: impl KeyFor<S::PrimaryKey>) -> Result<Option<S>>
    where
        S::PrimaryKey: Key,
    {
        self.by_key(key.into_values()).await
    }

    async fn by_key<S: Schema>(&self, key: KeyValues) -> Result<Option<S>> {
        if key.iter().any(Value::is_null) {
            return Ok(None);
        }
        if S::META.primary_key.is_empty() {
            return Err(no_key(S::META));
        }
        let load = |row: &dyn crate::Row| S::load(row, 0);
        let sql = match self.prefix() {
            None => {
                let kept = self.lookups.of(S::META, self.dialect())?;
                #[cfg(feature = "postgres")]
                if let Some(database) = self.reads_here(Access::Read) {
                    let mut found = One::new(load);
                    let sql = Sql { text: &kept.sql, number: Some(kept.number) };
                    database.read(sql, &key, &mut found, None).await?;
                    return the_one(found, S::META.table);
                }
                if self.scope.is_none() && !super::telemetry::is_watched() {
                    let mut found = One::new(load);
                    if let Some(answer) = self.driver.look_up(&kept.sql, &key, &mut found, self.query_timeout)
                    {
                        let_others_run(*answer.as_ref().unwrap_or(&SHARE)).await;
                        return answer.and_then(|_| the_one(found, S::META.table));
                    }
                }
                kept.sql.clone()
            }
            prefix => dialect::lookup(self.dialect(), prefix, S::META)?,
        };
        let reply = self.run(Statement::new(sql, key), Access::Read, Box::new(One::new(load))).await?;
        let found = reply.sink.into_any().downcast::<One<S>>().map_err(|_| foreign_sink())?;
        the_one(*found, S::META.table)
    }

    /// The only row that meets a condition, if there is one: `repo.get_by::<Post>(Post::title.eq("x"))`.
    ///
    /// # Errors
    /// As [`one`](Self::one).
    pub async fn get_by<S: Schema>(&self, condition: Condition<S>) -> Result<Option<S>> {
        self.one(Query::<S>::new().filter(condition)).await
    }

    /// The row of this struct as it is in the database now, its relations not loaded.
    ///
    /// # Errors
    /// As [`all`](Self::all), and [not found](Error::is_not_found) if the row is gone.
    pub async fn reload<S: Schema>(&self, record: &S) -> Result<S> {
        let found = self.by_key(KeyValues::Several(record.primary_key())).await?;
        found.ok_or_else(|| Error::not_found(format_args!("the {} to reload", S::META.name)))
    }

    /// The rows of these structs as they are in the database now, in the same order; `None` for each that is
    /// gone. It is one query.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn reload_all<S: Schema>(&self, records: &[S]) -> Result<Vec<Option<S>>> {
        let mut query = Query::<S>::new();
        keys_are(&mut query.select, records.iter().map(Schema::primary_key).collect())?;
        let mut found: Vec<Option<S>> = self.all(query).await?.into_iter().map(Some).collect();
        let take = |record: &S| {
            let key = record.primary_key();
            // The same row may be asked for twice, and is read once: the first who asks has it.
            let at = found.iter().position(|row| row.as_ref().is_some_and(|row| row.primary_key() == key))?;
            found.get_mut(at).and_then(Option::take)
        };
        Ok(records.iter().map(take).collect())
    }

    /// How many rows a query has.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn count<Q: Complete, T: Send + 'static>(&self, query: Query<Q, T>) -> Result<u64> {
        let statement = dialect::count(self.dialect(), self.prefix(), &query.select)?;
        let rows = self.fetch(statement, Access::Read, |row| row::get::<i64>(row, 0)).await?;
        Ok(rows.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or(0))
    }

    /// Whether a query has any row.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn exists<Q: Complete, T: Send + 'static>(&self, query: Query<Q, T>) -> Result<bool> {
        self.any(dialect::exists(self.dialect(), self.prefix(), &query.select)?).await
    }

    /// An aggregate over the rows of a query, its limit respected:
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, views: i64 }
    /// # async fn with(repo: &zzz_db::Repo) -> zzz_db::Result<Option<i64>> {
    /// repo.aggregate(Post::query().order_by(Post::id.desc()).limit(10), zzz_db::sum(Post::views)).await
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all), and if the query has `group_by`, which has an aggregate for each group.
    pub async fn aggregate<Q: Complete, T: Send + 'static, U: FieldType>(
        &self,
        query: Query<Q, T>,
        aggregate: Term<Q, U, PerGroup>,
    ) -> Result<U> {
        let statement = dialect::aggregate(self.dialect(), self.prefix(), &query.select, aggregate.expr)?;
        let rows = self.fetch(statement, Access::Read, |row| row::get::<U>(row, 0)).await?;
        rows.into_iter().next().ok_or_else(|| Error::new(ErrorKind::Other, "the database gave no aggregate"))
    }

    /// How the database would answer a query, in its own words; nothing is run.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn explain<Q: Complete, T: Send + 'static>(&self, query: Query<Q, T>) -> Result<String> {
        let statement = dialect::explain(self.dialect(), self.prefix(), &query.select)?;
        // SQLite tells a plan in the last of four columns, PostgreSQL in one, MySQL in a table.
        let last = if self.dialect().syntax().plan_is_a_table { table_line } else { line };
        Ok(self.fetch(statement, Access::Read, last).await?.join("\n"))
    }

    /// Loads relations into records: one query for each relation, all of a level at once. What is loaded
    /// already stays, unless the relation is [forced](crate::Relation::force).
    ///
    /// ```
    /// # use zzz_db::{BelongsTo, HasMany, Schema};
    /// # #[derive(Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, #[schema(has_many)] comments: HasMany<Comment> }
    /// # #[derive(Schema, Default)]
    /// # #[schema(table = "comments")]
    /// # struct Comment { id: i64, post_id: i64, author_id: i64, #[schema(belongs_to)] author: BelongsTo<User> }
    /// # #[derive(Schema, Default)]
    /// # #[schema(table = "users")]
    /// # struct User { id: i64 }
    /// # async fn with(repo: &zzz_db::Repo, mut posts: Vec<Post>) -> zzz_db::Result<()> {
    /// let newest = Comment::query().order_by(Comment::id.desc());
    /// repo.preload(&mut posts, Post::comments.query(newest).preload(Comment::author)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all). Records may then have lost relations that were to be loaded further.
    pub async fn preload<S: Schema>(
        &self,
        records: &mut (impl Records<S> + ?Sized),
        preloads: impl Preloads<S>,
    ) -> Result<()> {
        let mut edges = Vec::new();
        preloads.push(&mut edges);
        crate::relation::run(self, &edges, false, records.records()).await
    }

    /// Whether a statement gives any row.
    pub(crate) async fn any(&self, statement: Statement) -> Result<bool> {
        Ok(!self.fetch(statement, Access::Read, |_| Ok(())).await?.is_empty())
    }
}

/// Only the row with this key.
pub(super) fn key_is(select: &mut Select, key: Vec<Value>) -> Result<()> {
    keys_are(select, vec![key])
}

/// Only the rows with these keys.
fn keys_are(select: &mut Select, keys: Vec<Vec<Value>>) -> Result<()> {
    let columns = select.keys();
    let condition = match &columns[..] {
        [] => return Err(no_key(select.meta)),
        [column] => {
            let mut keys: Vec<Value> = keys.into_iter().filter_map(|mut key| key.pop()).collect();
            match (keys.len(), keys.pop()) {
                (1, Some(key)) => column.clone().compare(crate::query::ast::Operator::Eq, Expr::Value(key)),
                (_, last) => {
                    keys.extend(last);
                    Expr::InList(Box::new(column.clone()), keys)
                }
            }
        }
        _ => {
            let row = |key: Vec<Value>| {
                let equal = |(column, value): (&Expr, Value)| {
                    column.clone().compare(crate::query::ast::Operator::Eq, Expr::Value(value))
                };
                Expr::All(columns.iter().zip(key).map(equal).collect())
            };
            Expr::Any(keys.into_iter().map(row).collect())
        }
    };
    select.filter(condition);
    Ok(())
}

#[cold]
pub(super) fn no_key(meta: &Meta) -> Error {
    Error::new(
        ErrorKind::Query,
        format!("the schema {} has no primary key, by which one row could be found", meta.name),
    )
}

/// The SQL that finds a row by its key, of each schema that was asked for: the commonest of all queries is
/// written once.
#[derive(Default)]
pub(super) struct Lookups(RwLock<Vec<Arc<Lookup>>>);

/// The SQL of one schema.
struct Lookup {
    meta: &'static Meta,
    sql: String,
    /// Its place among all.
    #[cfg_attr(
        not(feature = "postgres"),
        allow(dead_code, reason = "PostgreSQL's connections find statements by it")
    )]
    number: usize,
}

impl Lookups {
    fn of(&self, meta: &'static Meta, dialect: &dyn Dialect) -> Result<Arc<Lookup>> {
        let find =
            |known: &[Arc<Lookup>]| known.iter().find(|lookup| std::ptr::eq(lookup.meta, meta)).cloned();
        if let Some(lookup) = find(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(lookup);
        }
        let sql = dialect::lookup(dialect, None, meta)?;
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let lookup = Arc::new(Lookup { meta, sql, number: known.len() });
        known.push(Arc::clone(&lookup));
        Ok(lookup)
    }
}

/// The last column of a row.
fn line(row: &dyn crate::Row) -> Result<String> {
    Ok(row.value(row.len().saturating_sub(1))?.to_value().to_text())
}

/// What a row says, with the names of its columns: `table=posts type=const rows=1`.
fn table_line(row: &dyn crate::Row) -> Result<String> {
    let mut text = String::new();
    for at in 0..row.len() {
        let value = row.value(at)?.to_value();
        if !value.is_null() {
            text.push_str(if text.is_empty() { "" } else { " " });
            text.push_str(row.name(at).unwrap_or_default());
            text.push('=');
            text.push_str(&value.to_text());
        }
    }
    Ok(text)
}

fn only<T>(mut rows: Vec<T>, table: &str) -> Result<Option<T>> {
    if rows.len() > 1 { Err(several(table)) } else { Ok(rows.pop()) }
}

fn the_one<T>(found: One<T>, table: &str) -> Result<Option<T>> {
    if found.several { Err(several(table)) } else { Ok(found.row) }
}

#[cold]
fn several(table: &str) -> Error {
    Error::new(
        ErrorKind::MultipleResults,
        format!("the query on `{table}` gave several rows where one was asked for; use `first` or `all`"),
    )
}
