//! Writing many rows at once: `insert_all`, `update_all`, `delete_all`.

use chrono::{DateTime, Utc};

use super::{InsertOptions, Repo, write};
use crate::dialect::{self, Insertion, Statement};
use crate::driver::{Access, Discard};
use crate::query::{Assignment, Complete, Load, SetTerm};
use crate::schema::{Field, Meta, Record};
use crate::{Column, Error, FieldType, Query, Result, Schema, Value};

/// The columns of `S` that rows of a query, which become `T`, go to: a column, or a tuple of up to eight.
#[diagnostic::on_unimplemented(
    message = "rows of `{T}` do not fit into `{Self}`",
    note = "name as many columns of one schema as the query selects, of the same types and in the same order: `(Classic::title, Classic::views)`"
)]
pub trait InsertColumns<S, T> {
    #[doc(hidden)]
    fn places(&self) -> Vec<usize>;
}

impl<S: Schema, A: FieldType, T: FieldType<NotNull = A::NotNull>> InsertColumns<S, T> for Column<S, A> {
    fn places(&self) -> Vec<usize> {
        vec![self.index()]
    }
}

macro_rules! columns {
    ($($column:ident $value:ident $at:tt),+) => {
        impl<S: Schema, $($column: FieldType, $value: FieldType<NotNull = $column::NotNull>),+>
            InsertColumns<S, ($($value,)+)> for ($(Column<S, $column>,)+)
        {
            fn places(&self) -> Vec<usize> {
                vec![$(self.$at.index()),+]
            }
        }
    };
}
columns!(A T 0, B U 1);
columns!(A T 0, B U 1, C V 2);
columns!(A T 0, B U 1, C V 2, D W 3);
columns!(A T 0, B U 1, C V 2, D W 3, E X 4);
columns!(A T 0, B U 1, C V 2, D W 3, E X 4, F Y 5);
columns!(A T 0, B U 1, C V 2, D W 3, E X 4, F Y 5, G Z 6);
columns!(A T 0, B U 1, C V 2, D W 3, E X 4, F Y 5, G Z 6, H I 7);

/// For how many rows there is room from the beginning: an iterator may promise more than it has.
const MOST_AT_FIRST: usize = 10_000;

/// Rows with the same columns.
pub(super) struct Batch {
    pub(super) columns: Vec<usize>,
    rows: usize,
    /// Row by row.
    values: Vec<Value>,
}

impl Batch {
    /// The values for statements of so many rows at most. A row without any column has a statement of its own.
    pub(super) fn pieces(self, rows: usize) -> Vec<Vec<Value>> {
        let size = rows.max(1) * self.columns.len();
        if size == 0 {
            return vec![Vec::new(); self.rows];
        }
        if self.values.len() <= size {
            return vec![self.values];
        }
        let (statements, mut values) = (self.values.len().div_ceil(size), self.values.into_iter());
        (0..statements).map(|_| values.by_ref().take(size).collect()).collect()
    }
}

impl Repo {
    /// Inserts many structs with as few statements as the database's limit of values allows, all or none of
    /// them; returns how many were inserted. Nothing is read back.
    ///
    /// A field that is `None` becomes NULL, since all rows have the same columns; a primary key of 0 is left
    /// to the database. With `timestamps`, those that are not set become now, and values with `autogenerate`
    /// are made.
    ///
    /// # Errors
    /// If the database fails or refuses a row.
    pub async fn insert_all<S: Schema>(&self, records: impl IntoIterator<Item = S>) -> Result<u64> {
        self.insert_all_with(records, InsertOptions::new()).await
    }

    /// As [`insert_all`](Self::insert_all), otherwise: with an [`OnConflict`](crate::OnConflict). It returns
    /// how many rows were inserted or changed.
    ///
    /// # Errors
    /// If the database fails or refuses a row.
    pub async fn insert_all_with<S: Schema>(
        &self,
        records: impl IntoIterator<Item = S>,
        options: impl Into<InsertOptions<S>>,
    ) -> Result<u64> {
        let options = options.into();
        let batches = batches(records);
        let conflict = options.on_conflict.as_ref().map(|conflict| &conflict.conflict);
        let statements = self.insert_statements(S::META, batches, conflict, &[])?;
        self.write_all(statements).await
    }

    /// As [`insert_all_with`](Self::insert_all_with), and gives the rows back as they then are in the
    /// database, in the order of the structs, without those that a conflict left out.
    ///
    /// MySQL has no RETURNING: there the rows are read by their keys, of one column, and an
    /// [`OnConflict`](crate::OnConflict) is refused. MariaDB gives back what a conflict left as it was, too.
    ///
    /// # Errors
    /// If the database fails or refuses a row.
    pub async fn insert_all_returning<S: Schema>(
        &self,
        records: impl IntoIterator<Item = S>,
        options: impl Into<InsertOptions<S>>,
    ) -> Result<Vec<S>> {
        let options = options.into();
        let batches = batches(records);
        if !self.dialect().syntax().returning.insert {
            return self.insert_all_and_read(batches, &options).await;
        }
        let conflict = options.on_conflict.as_ref().map(|conflict| &conflict.conflict);
        let returning: Vec<&Field> = S::META.columns().map(|(_, field)| field).collect();
        let statements = self.insert_statements(S::META, batches, conflict, &returning)?;
        self.fetch_all(statements, Load::Plain(|row| S::load(row, 0))).await
    }

    /// Inserts the rows that a query gives, in the database: none of them comes through the program. The
    /// columns are named as the query selects them, and their types are compared as it compiles.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, title: String, views: i64 }
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "classics")]
    /// # struct Classic { id: i64, title: String, views: i64 }
    /// # async fn with(repo: &zzz_db::Repo) -> zzz_db::Result<u64> {
    /// let popular = Post::query().filter(Post::views.gt(1_000)).select((Post::title, Post::views));
    /// repo.insert_all_from((Classic::title, Classic::views), popular).await
    /// # }
    /// ```
    ///
    /// Timestamps and other generated values are not made, as in Ecto: select them.
    ///
    /// # Errors
    /// If the database fails or refuses a row.
    pub async fn insert_all_from<S, C, Q, T>(&self, columns: C, query: Query<Q, T>) -> Result<u64>
    where
        S: Schema,
        C: InsertColumns<S, T>,
        Q: Complete,
    {
        self.insert_all_from_with(columns, query, InsertOptions::new()).await
    }

    /// As [`insert_all_from`](Self::insert_all_from), with an [`OnConflict`](crate::OnConflict). It returns how
    /// many rows were inserted or changed; MySQL counts a changed one twice, and one that it leaves as it is once.
    ///
    /// # Errors
    /// If the database fails or refuses a row, or if fields were to be returned: read them afterwards.
    pub async fn insert_all_from_with<S, C, Q, T>(
        &self,
        columns: C,
        query: Query<Q, T>,
        options: impl Into<InsertOptions<S>>,
    ) -> Result<u64>
    where
        S: Schema,
        C: InsertColumns<S, T>,
        Q: Complete,
    {
        let options = options.into();
        if !options.returning.is_empty() {
            return Err(Error::new(
                crate::ErrorKind::Query,
                "`insert_all_from_with` gives no rows back; leave `returning` out, and read the rows afterwards",
            ));
        }
        let conflict = options.on_conflict.as_ref().map(|conflict| &conflict.conflict);
        let fields: Vec<&Field> = columns.places().into_iter().map(|at| &S::META.fields[at]).collect();
        let insertion =
            Insertion { meta: S::META, prefix: self.prefix(), fields: &fields, conflict, returning: &[] };
        let statement = dialect::insert_query(self.dialect(), &insertion, &query.select)?;
        self.write_each(vec![statement]).await
    }

    fn insert_statements(
        &self,
        meta: &'static Meta,
        batches: Vec<Batch>,
        conflict: Option<&dialect::Conflict>,
        returning: &[&Field],
    ) -> Result<Vec<Statement>> {
        let mut statements = Vec::new();
        for batch in batches {
            let fields: Vec<&Field> = batch.columns.iter().map(|at| &meta.fields[*at]).collect();
            let given = conflict.map_or(0, dialect::Conflict::params);
            let most = self.dialect().max_params().saturating_sub(given);
            let rows = most / fields.len().max(1);
            let insertion = Insertion { meta, prefix: self.prefix(), fields: &fields, conflict, returning };
            for values in batch.pieces(rows) {
                statements.push(dialect::insert(self.dialect(), &insertion, values)?);
            }
        }
        Ok(statements)
    }

    async fn write_all(&self, statements: Vec<Statement>) -> Result<u64> {
        if statements.len() <= 1 {
            return self.write_each(statements).await;
        }
        self.transaction(async |tx| tx.write_each(statements).await).await
    }

    async fn write_each(&self, statements: Vec<Statement>) -> Result<u64> {
        let mut written = 0;
        for statement in statements {
            written += self.run(statement, Access::Write, Box::new(Discard)).await?.affected;
        }
        Ok(written)
    }

    async fn fetch_all<T: Send + 'static>(
        &self,
        statements: Vec<Statement>,
        load: Load<T>,
    ) -> Result<Vec<T>> {
        if statements.len() <= 1 {
            return self.fetch_each(statements, load).await;
        }
        self.transaction(async |tx| Ok::<_, Error>(tx.fetch_each(statements, load).await?)).await
    }

    async fn fetch_each<T: Send + 'static>(
        &self,
        statements: Vec<Statement>,
        load: Load<T>,
    ) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        for statement in statements {
            rows.append(&mut self.fetch_with(statement, Access::Write, load.clone()).await?);
        }
        Ok(rows)
    }

    /// Changes every row of a query; returns how many. `updated_at` is not touched unless it is assigned, and
    /// neither is a `lock_version`.
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
    /// A joined query changes rows of its first source, and may set them to what the others hold, as long as
    /// all joins are inner ones and there is no limit.
    ///
    /// # Errors
    /// If the database fails or refuses a row.
    pub async fn update_all<Q: Complete, T>(
        &self,
        query: Query<Q, T>,
        assignments: impl IntoIterator<Item = Assignment<Q>>,
    ) -> Result<u64> {
        let sets: Vec<SetTerm> = assignments.into_iter().map(|assignment| assignment.term).collect();
        if sets.is_empty() {
            return Ok(0);
        }
        let statement = dialect::update_all(self.dialect(), self.prefix(), &query.select, &sets, false)?;
        self.write_each(vec![statement]).await
    }

    /// As [`update_all`](Self::update_all), and gives back what the query selects of each row, as it then is.
    /// Without an assignment nothing is changed, and nothing given back.
    ///
    /// # Errors
    /// As [`update_all`](Self::update_all); MySQL and MariaDB can not do it and say so.
    pub async fn update_all_returning<Q: Complete, T: Send + 'static>(
        &self,
        query: Query<Q, T>,
        assignments: impl IntoIterator<Item = Assignment<Q>>,
    ) -> Result<Vec<T>> {
        let sets: Vec<SetTerm> = assignments.into_iter().map(|assignment| assignment.term).collect();
        if sets.is_empty() {
            return Ok(Vec::new());
        }
        let statement = dialect::update_all(self.dialect(), self.prefix(), &query.select, &sets, true)?;
        self.fetch_with(statement, Access::Write, query.load).await
    }

    /// Deletes every row of a query; returns how many. Of a joined query it deletes rows of the first source.
    ///
    /// # Errors
    /// If the database fails, or a row is still referred to.
    pub async fn delete_all<Q: Complete, T>(&self, query: Query<Q, T>) -> Result<u64> {
        let statement = dialect::delete_all(self.dialect(), self.prefix(), &query.select, false)?;
        self.write_each(vec![statement]).await
    }

    /// As [`delete_all`](Self::delete_all), and gives back what the query selects of each row.
    ///
    /// # Errors
    /// As [`delete_all`](Self::delete_all); MySQL can not do it and says so, MariaDB can.
    pub async fn delete_all_returning<Q: Complete, T: Send + 'static>(
        &self,
        query: Query<Q, T>,
    ) -> Result<Vec<T>> {
        let statement = dialect::delete_all(self.dialect(), self.prefix(), &query.select, true)?;
        self.fetch_with(statement, Access::Write, query.load).await
    }
}

/// The rows of structs: those that follow each other with their keys set, or without, go together.
fn batches<S: Schema>(records: impl IntoIterator<Item = S>) -> Vec<Batch> {
    let (now, mut batches) = (Utc::now(), Vec::new());
    let records = records.into_iter();
    let expected = records.size_hint().0;
    for record in records {
        add(&mut batches, &record, S::META, now, expected);
    }
    batches
}

fn add(
    batches: &mut Vec<Batch>,
    record: &dyn Record,
    meta: &'static Meta,
    now: DateTime<Utc>,
    expected: usize,
) {
    if !batches.last().is_some_and(|batch| has_columns(record, meta, &batch.columns)) {
        let columns = sent_columns(record, meta);
        // The first batch is usually the only one.
        let room = if batches.is_empty() { expected.min(MOST_AT_FIRST) * columns.len() } else { 0 };
        batches.push(Batch { columns, rows: 0, values: Vec::with_capacity(room) });
    }
    if let Some(Batch { columns, rows, values }) = batches.last_mut() {
        *rows += 1;
        for at in &*columns {
            values.push(write::sent_value(record, *at, &meta.fields[*at], now));
        }
    }
}

/// The columns that a struct has as a row among others: all, without a key that is not set.
pub(super) fn sent_columns(record: &dyn Record, meta: &Meta) -> Vec<usize> {
    meta.columns().map(|(at, _)| at).filter(|at| is_sent(record, meta, *at)).collect()
}

/// Whether a struct has these columns. Only of a key it depends on the struct which it has.
pub(super) fn has_columns(record: &dyn Record, meta: &Meta, columns: &[usize]) -> bool {
    let is_alike = |at: &usize| columns.contains(at) == is_key_sent(record, *at, &meta.fields[*at]);
    meta.primary_key.iter().all(is_alike)
}

fn is_sent(record: &dyn Record, meta: &Meta, at: usize) -> bool {
    let field = &meta.fields[at];
    if meta.primary_key.contains(&at) { is_key_sent(record, at, field) } else { field.writable.ever() }
}

fn is_key_sent(record: &dyn Record, at: usize, field: &Field) -> bool {
    field.writable.ever() && !write::key_is_left_out(record, at, field)
}
