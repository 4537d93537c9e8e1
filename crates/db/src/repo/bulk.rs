//! Writing many rows at once: `insert_all`, `update_all`, `delete_all`.

use chrono::Utc;

use super::{Repo, write};
use crate::dialect::{self, Statement};
use crate::driver::{Access, Discard};
use crate::query::{Assignment, SetTerm};
use crate::schema::{Field, Meta, Record};
use crate::{Error, Query, Result, Schema, Value};

impl Repo {
    /// Inserts many structs with as few statements as the database's limit of values allows, all or none of
    /// them; returns how many were inserted. Nothing is read back.
    ///
    /// A primary key of 0 is left to the database if every struct has it. With `timestamps`, those that are
    /// not set become now.
    ///
    /// # Errors
    /// If the database fails or refuses a row.
    pub async fn insert_all<S: Schema>(&self, records: impl IntoIterator<Item = S>) -> Result<u64> {
        let records: Vec<S> = records.into_iter().collect();
        let key_is_unset = records.iter().all(|record| record.primary_key() == Value::Int(0));
        let columns: Vec<usize> = S::META
            .columns()
            .map(|(at, _)| at)
            .filter(|at| !(key_is_unset && *at == S::META.primary_key))
            .collect();
        let now = Utc::now();
        let rows =
            records.iter().map(|record| write::row_values(record as &dyn Record, &columns, now)).collect();
        drop(records);
        self.insert_rows(S::META, &columns, rows).await
    }

    async fn insert_rows(
        &self,
        meta: &'static Meta,
        columns: &[usize],
        mut rows: Vec<Vec<Value>>,
    ) -> Result<u64> {
        let fields: Vec<&Field> = columns.iter().map(|at| &meta.fields[*at]).collect();
        let per_statement =
            if fields.is_empty() { 1 } else { (self.dialect().max_params() / fields.len()).max(1) };
        let statements: Vec<Statement> = rows
            .chunks_mut(per_statement)
            .map(|rows| dialect::insert(self.dialect(), meta, &fields, rows, &[]))
            .collect();
        drop(rows);
        if statements.len() <= 1 {
            return self.write_all(statements).await;
        }
        self.transaction(async |tx| Ok::<_, Error>(tx.write_all(statements).await?)).await
    }

    async fn write_all(&self, statements: Vec<Statement>) -> Result<u64> {
        let mut written = 0;
        for statement in statements {
            written += self.run(statement, Access::Write, Box::new(Discard)).await?.affected;
        }
        Ok(written)
    }

    /// Changes every row of a query; returns how many. `updated_at` is not touched unless it is assigned.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, title: String, views: i64 }
    /// # async fn with(repo: &zzz_db::Repo) -> zzz_db::Result<u64> {
    /// repo.update_all(Post::query().filter(Post::id.gt(5)), [Post::views.inc(1), Post::title.set("x")]).await
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the database fails or refuses a row.
    pub async fn update_all<S: Schema, T>(
        &self,
        query: Query<S, T>,
        assignments: impl IntoIterator<Item = Assignment<S>>,
    ) -> Result<u64> {
        let sets: Vec<SetTerm> = assignments.into_iter().map(|assignment| assignment.term).collect();
        if sets.is_empty() {
            return Ok(0);
        }
        self.write_all(vec![dialect::update_all(self.dialect(), &query.select, &sets)]).await
    }

    /// Deletes every row of a query; returns how many.
    ///
    /// # Errors
    /// If the database fails, or a row is still referred to.
    pub async fn delete_all<S: Schema, T>(&self, query: Query<S, T>) -> Result<u64> {
        self.write_all(vec![dialect::delete_all(self.dialect(), &query.select)]).await
    }
}
