//! Reading back what was written, where the database has no RETURNING: MySQL, and MariaDB after an UPDATE.
//!
//! The row is read in a statement of its own, in the same transaction: nobody can change it in between. Of a row
//! that the database numbered nothing is read if only its number is wanted: that comes with the answer.

use std::collections::HashMap;

use super::{InsertOptions, Repo, bulk::Batch, write::FirstRow};
use crate::dialect::{self, Conflict, Insertion, Resolution, Target, Upsert};
use crate::driver::{Access, Discard};
use crate::query::{Expr, Load, SetTerm};
use crate::schema::{Field, Meta};
use crate::{Error, ErrorKind, Result, Schema, Value};

/// The columns and values by which a row is found.
type Row<'a> = [(&'static str, Value)];

impl Repo {
    /// Inserts one row, and gives the values of `insertion.returning`; none if a conflict left the row out.
    pub(super) async fn insert_row(
        &self,
        insertion: &Insertion<'_>,
        values: Vec<Value>,
        guarded: bool,
    ) -> Result<Vec<Value>> {
        let syntax = self.dialect().syntax();
        let keeps = insertion.conflict.is_some_and(|it| matches!(it.resolution, Resolution::Nothing));
        // What is kept there is given back as well, as if it had been inserted.
        let tells = syntax.returning.insert && !(keeps && syntax.upsert == Upsert::OnDuplicateKey);
        if tells || insertion.returning.is_empty() {
            let statement = dialect::insert(self.dialect(), insertion, values)?;
            return Ok(self.first_row(statement, guarded).await?.1);
        }
        let number = unset_key(insertion.meta, insertion.fields);
        let only_number =
            number.is_some_and(|key| insertion.returning.iter().all(|it| it.column == key.column));
        if only_number || self.in_transaction() {
            return self.insert_and_read(insertion, values, guarded).await;
        }
        self.transaction(async |tx| tx.insert_and_read(insertion, values, false).await).await
    }

    async fn insert_and_read(
        &self,
        insertion: &Insertion<'_>,
        values: Vec<Value>,
        guarded: bool,
    ) -> Result<Vec<Value>> {
        let silent = Insertion { returning: &[], ..*insertion };
        let statement = dialect::insert(self.dialect(), &silent, values.clone())?;
        let inserted =
            self.run_guarded(statement, Access::Write, Box::new(Discard), guarded).await?.inserted_id;
        let number = unset_key(insertion.meta, insertion.fields);
        let number = match (number, inserted) {
            (Some(key), Some(number)) => Some((key.column, as_number(number)?)),
            (Some(_), None) => return Ok(Vec::new()),
            (None, _) => None,
        };
        if let Some((column, number)) = &number
            && insertion.returning.iter().all(|field| field.column == *column)
        {
            return Ok(insertion.returning.iter().map(|_| number.clone()).collect());
        }
        let row = match number {
            Some(number) => vec![number],
            None => row_of(insertion, &values)?,
        };
        self.read_row(insertion.meta, &row, insertion.returning, false).await
    }

    /// Updates one row, and gives how many there were and the values of `returning`.
    pub(super) async fn update_row(
        &self,
        meta: &'static Meta,
        sets: &[SetTerm],
        row: &Row<'_>,
        returning: &[&Field],
        guarded: bool,
    ) -> Result<(u64, Vec<Value>)> {
        let tells = self.dialect().syntax().returning.update || returning.is_empty();
        let given = if tells { returning } else { &[] };
        let statement = dialect::update_row(self.dialect(), meta, self.prefix(), sets, row, given)?;
        if tells {
            return self.first_row(statement, guarded).await;
        }
        // By its key as it then is, and without the version that is past.
        let keys = meta.keys().map(|key| {
            let set = sets.iter().find(|set| set.column == key.column).and_then(|set| match &set.value {
                Expr::Value(value) => Some(value),
                _ => None,
            });
            let value =
                set.or_else(|| row.iter().find(|(column, _)| *column == key.column).map(|(_, value)| value));
            (key.column, value.cloned().unwrap_or(Value::Null))
        });
        let after: Vec<(&'static str, Value)> = keys.collect();
        let work = async |tx: &Self, guarded| {
            let (count, _) = tx.first_row(statement, guarded).await?;
            let values =
                if count == 0 { Vec::new() } else { tx.read_row(meta, &after, returning, false).await? };
            Ok((count, values))
        };
        if self.in_transaction() {
            return work(self, guarded).await;
        }
        self.transaction(async |tx| work(&tx, false).await).await
    }

    /// Deletes one row, and gives how many there were and the values of `returning`.
    pub(super) async fn delete_row(
        &self,
        meta: &'static Meta,
        row: &Row<'_>,
        returning: &[&Field],
        guarded: bool,
    ) -> Result<(u64, Vec<Value>)> {
        let tells = self.dialect().syntax().returning.delete || returning.is_empty();
        let given = if tells { returning } else { &[] };
        let statement = dialect::delete_row(self.dialect(), meta, self.prefix(), row, given)?;
        if tells {
            return self.first_row(statement, guarded).await;
        }
        let work = async |tx: &Self, guarded| {
            let values = tx.read_row(meta, row, returning, true).await?;
            let (count, _) = tx.first_row(statement, guarded).await?;
            Ok((count, values))
        };
        if self.in_transaction() {
            return work(self, guarded).await;
        }
        self.transaction(async |tx| work(&tx, false).await).await
    }

    async fn read_row(
        &self,
        meta: &Meta,
        row: &Row<'_>,
        fields: &[&Field],
        lock: bool,
    ) -> Result<Vec<Value>> {
        let statement = dialect::read_row(self.dialect(), meta, self.prefix(), fields, row, lock)?;
        let reply = self.run(statement, Access::Read, Box::new(FirstRow(Vec::new()))).await?;
        let row = reply.sink.into_any().downcast::<FirstRow>();
        row.map(|row| row.0).map_err(|_| super::foreign_sink())
    }

    /// Inserts rows of the same columns, and reads them back by their keys, in their order.
    pub(super) async fn insert_all_and_read<S: Schema>(
        &self,
        batches: Vec<Batch>,
        options: &InsertOptions<S>,
    ) -> Result<Vec<S>> {
        let meta = S::META;
        let &[key] = meta.primary_key else { return Err(unreadable("by a primary key of one column")) };
        if options.on_conflict.is_some() {
            return Err(unreadable("where there is no `OnConflict`"));
        }
        self.transaction(async |tx| {
            let mut found = Vec::new();
            for batch in batches {
                let at = batch.columns.iter().position(|column| *column == key);
                let fields: Vec<&Field> = batch.columns.iter().map(|at| &meta.fields[*at]).collect();
                let insertion =
                    Insertion { meta, prefix: tx.prefix(), fields: &fields, conflict: None, returning: &[] };
                let width = fields.len().max(1);
                for values in batch.pieces(tx.dialect().max_params() / width) {
                    let rows = (values.len() / width).max(1);
                    let keys: Option<Vec<Value>> =
                        at.map(|at| values.chunks(width).map(|row| row[at].clone()).collect());
                    let statement = dialect::insert(tx.dialect(), &insertion, values)?;
                    let inserted = tx.run(statement, Access::Write, Box::new(Discard)).await?.inserted_id;
                    let keys = match keys {
                        Some(keys) => keys,
                        None => tx.numbers(inserted, rows).await?,
                    };
                    found.extend(tx.in_the_order_of::<S>(keys, key).await?);
                }
            }
            Ok(found)
        })
        .await
    }

    /// The numbers of rows of one INSERT: it takes them all at once, each as far from the last one as the server is
    /// told.
    async fn numbers(&self, first: Option<u64>, count: usize) -> Result<Vec<Value>> {
        let Some(first) = first else { return Err(unreadable("of a table that numbers its rows")) };
        let step = self.sql::<i64>("SELECT @@auto_increment_increment", []).await?;
        let step = step.first().map_or(1, |step| step.unsigned_abs());
        (0..count as u64).map(|at| as_number(first + at * step)).collect()
    }

    async fn in_the_order_of<S: Schema>(&self, keys: Vec<Value>, key: usize) -> Result<Vec<S>> {
        let mut places: HashMap<String, usize> = HashMap::with_capacity(keys.len());
        for (at, key) in keys.iter().enumerate() {
            places.insert(key.to_text(), at);
        }
        let mut rows: Vec<Option<S>> = keys.iter().map(|_| None).collect();
        let statement =
            dialect::read_rows(self.dialect(), S::META, self.prefix(), S::META.fields[key].column, keys)?;
        for row in self.fetch_with(statement, Access::Read, Load::Plain(|row| S::load(row, 0))).await? {
            let own = S::dump(&row, key).to_text();
            if let Some(place) = places.get(&own).and_then(|at| rows.get_mut(*at)) {
                *place = Some(row);
            }
        }
        Ok(rows.into_iter().flatten().collect())
    }
}

/// A key of one column that was left to the database, which numbers its rows then.
fn unset_key(meta: &Meta, sent: &[&Field]) -> Option<&'static Field> {
    let mut keys = meta.keys();
    let key = keys.next()?;
    (keys.next().is_none() && !sent.iter().any(|field| field.column == key.column)).then_some(key)
}

/// By what the row is found that was inserted, or that was there: its key, or of a conflict the columns of the
/// index that is meant.
fn row_of(insertion: &Insertion<'_>, values: &[Value]) -> Result<Vec<(&'static str, Value)>> {
    let target: Vec<&'static str> = match insertion.conflict {
        Some(Conflict { target: Target::Columns(columns), .. }) => columns.clone(),
        _ => insertion.meta.keys().map(|key| key.column).collect(),
    };
    let sent = |column: &'static str| {
        let at = insertion.fields.iter().position(|field| field.column == column)?;
        values.get(at).map(|value| (column, value.clone()))
    };
    let row: Option<Vec<_>> = target.into_iter().map(sent).collect();
    row.filter(|row| !row.is_empty())
        .ok_or_else(|| unreadable("by a key that is given, or that numbers the rows"))
}

fn as_number(number: u64) -> Result<Value> {
    i64::try_from(number)
        .map(Value::Int)
        .map_err(|_| Error::new(ErrorKind::Value, "the database numbers rows past what 63 bits can count"))
}

#[cold]
fn unreadable(how: &str) -> Error {
    Error::new(
        ErrorKind::Query,
        format!(
            "MySQL has no RETURNING: what was inserted can only be read back {how}; read it with a query"
        ),
    )
}
