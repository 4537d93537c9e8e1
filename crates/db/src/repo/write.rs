//! Writing one row: `insert`, `update`, `delete`, of a struct or of a changeset.

use std::any::Any;

use chrono::{DateTime, Utc};

use super::Repo;
use crate::changeset::{Action, Changes, Core};
use crate::dialect::{self, Statement};
use crate::driver::{Access, Discard, Sink};
use crate::query::{Set, SetTerm};
use crate::schema::{Field, Meta, Record};
use crate::value::{FieldType, to_micros};
use crate::{Changeset, Error, ErrorKind, Result, Row, Schema, Value};

/// What `insert`, `update` and `delete` take: a struct, which is written or fails, or a [`Changeset`], which
/// may come back with errors.
///
/// | given | `repo.insert(given).await?` is |
/// |---|---|
/// | `Post` | `Post` |
/// | `Changeset<Post>` | `Result<Post, Changeset<Post>>` |
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be written to the database",
    note = "give a struct with `#[derive(Schema)]`, or a Changeset of one"
)]
pub trait Writable {
    /// The schema that is written.
    type Schema: Schema;
    /// What writing gives.
    type Written;

    #[doc(hidden)]
    fn into_changeset(self) -> Changeset<Self::Schema>;
    #[doc(hidden)]
    fn written(outcome: Result<Self::Schema, Changeset<Self::Schema>>) -> Result<Self::Written>;
}

impl<S: Schema> Writable for S {
    type Schema = S;
    type Written = S;

    fn into_changeset(self) -> Changeset<S> {
        Changeset::new(self)
    }
    fn written(outcome: Result<S, Changeset<S>>) -> Result<S> {
        outcome.map_err(|changeset| {
            Error::new(ErrorKind::Value, format!("the record is not valid: {:?}", changeset.errors()))
        })
    }
}

impl<S: Schema> Writable for Changeset<S> {
    type Schema = S;
    type Written = Result<S, Changeset<S>>;

    fn into_changeset(self) -> Self {
        self
    }
    fn written(outcome: Result<S, Self>) -> Result<Self::Written> {
        Ok(outcome)
    }
}

impl Repo {
    /// Inserts a struct, or a changeset if it is valid.
    ///
    /// Fields that are `None`, and a primary key of 0, are left to the database's defaults; what it sets is
    /// read back. With `timestamps`, those that are not set become now.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Debug, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, title: String }
    /// # use zzz_db::{Changeset, Repo, Result, fields};
    /// async fn create(repo: &Repo, params: &zzz_core::Params) -> Result<()> {
    ///     let changeset = Changeset::new(Post::default()).cast(params, fields![title]).unique(Post::title);
    ///     match repo.insert(changeset).await? {
    ///         Ok(post) => println!("{} has the id {}", post.title, post.id),
    ///         Err(changeset) => println!("{:?}", changeset.errors()),
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// If the database fails, or refuses the row for a reason that is no constraint of the changeset.
    pub async fn insert<R: Writable>(&self, record: R) -> Result<R::Written> {
        let (mut data, mut core) = record.into_changeset().into_parts();
        core.action = Some(Action::Insert);
        let saved = self.insert_record(&mut data, &mut core).await?;
        R::written(Changeset::from_parts(data, core).saved(saved))
    }

    /// Updates the row of a changeset's struct: only what changed is sent, and nothing if nothing changed.
    /// With `timestamps`, `updated_at` becomes now.
    ///
    /// # Errors
    /// As [`insert`](Self::insert), and [stale](Error::is_stale) if the row is gone.
    pub async fn update<S: Schema>(&self, changeset: Changeset<S>) -> Result<Result<S, Changeset<S>>> {
        let (mut data, mut core) = changeset.into_parts();
        core.action = Some(Action::Update);
        let saved = self.update_record(&mut data, &mut core).await?;
        Ok(Changeset::from_parts(data, core).saved(saved))
    }

    /// Deletes the row of a struct, or of a changeset's struct, and gives the struct back.
    ///
    /// # Errors
    /// As [`insert`](Self::insert), and [stale](Error::is_stale) if the row is gone.
    pub async fn delete<R: Writable>(&self, record: R) -> Result<R::Written> {
        let (data, mut core) = record.into_changeset().into_parts();
        core.action = Some(Action::Delete);
        let saved = self.delete_record(&data, &mut core).await?;
        R::written(Changeset::from_parts(data, core).saved(saved))
    }

    async fn insert_record(&self, data: &mut dyn Record, core: &mut Core) -> Result<bool> {
        if !core.is_valid() {
            return Ok(false);
        }
        let meta = data.meta();
        let (mut sent, mut values, mut returning) = (Vec::new(), Vec::new(), Vec::new());
        let now = Utc::now();
        for (at, field) in meta.columns() {
            let value = match core.changes.get(at) {
                Some(change) => Some(change.clone()),
                None => unchanged(meta, at, data.dump(at), now),
            };
            match value {
                Some(value) => {
                    sent.push(at);
                    values.push(value);
                }
                None => returning.push((at, field)),
            }
        }
        let written: Changes = sent.iter().copied().zip(values.iter().cloned()).collect();
        let fields: Vec<&Field> = sent.iter().map(|at| &meta.fields[*at]).collect();
        let given: Vec<&Field> = returning.iter().map(|(_, field)| *field).collect();
        let statement = dialect::insert(self.dialect(), meta, &fields, [&mut values], &given);
        match self.first_row(statement).await {
            Ok(set_by_database) => {
                core.changes.apply_virtual(data)?;
                written.apply(data)?;
                for ((at, _), value) in returning.iter().zip(set_by_database) {
                    put(data, *at, &value)?;
                }
                Ok(true)
            }
            Err(error) => self.refused(error, meta, &written, core).await,
        }
    }

    async fn update_record(&self, data: &mut dyn Record, core: &mut Core) -> Result<bool> {
        if !core.is_valid() {
            return Ok(false);
        }
        let meta = data.meta();
        let mut written: Changes =
            core.changes.iter().filter(|(at, _)| !meta.fields[*at].is_virtual).cloned().collect();
        if !written.is_empty() {
            if let Some((_, updated_at)) = meta.timestamps
                && written.get(updated_at).is_none()
            {
                written.set(updated_at, moment(Utc::now()));
            }
            let statement =
                dialect::update_row(self.dialect(), meta, &sets(meta, &written), data.dump(meta.primary_key));
            match self.run(statement, Access::Write, Box::new(Discard)).await {
                Ok(reply) if reply.affected == 0 => return Err(stale(meta, "updated")),
                Ok(_) => {}
                Err(error) => return self.refused(error, meta, &written, core).await,
            }
        }
        core.changes.apply_virtual(data)?;
        written.apply(data)?;
        Ok(true)
    }

    async fn delete_record(&self, data: &dyn Record, core: &mut Core) -> Result<bool> {
        if !core.is_valid() {
            return Ok(false);
        }
        let meta = data.meta();
        let statement = dialect::delete_row(self.dialect(), meta, data.dump(meta.primary_key));
        match self.run(statement, Access::Write, Box::new(Discard)).await {
            Ok(reply) if reply.affected == 0 => Err(stale(meta, "deleted")),
            Ok(_) => Ok(true),
            Err(error) => self.refused(error, meta, &Changes::default(), core).await,
        }
    }

    /// A write was refused: `Ok(false)` if the changeset knows the constraint, which then has its error.
    async fn refused(&self, error: Error, meta: &Meta, written: &Changes, core: &mut Core) -> Result<bool> {
        match crate::changeset::explain(self, &error, meta, written, core).await? {
            true => Ok(false),
            false => Err(error),
        }
    }

    /// The values of the first row that a statement gives.
    async fn first_row(&self, statement: Statement) -> Result<Vec<Value>> {
        let reply = self.run(statement, Access::Write, Box::new(FirstRow(Vec::new()))).await?;
        reply.sink.into_any().downcast::<FirstRow>().map(|row| row.0).map_err(|_| super::foreign_sink())
    }
}

/// The value of a field that the changeset does not change; `None` leaves it to the database.
fn unchanged(meta: &Meta, at: usize, value: Value, now: DateTime<Utc>) -> Option<Value> {
    let is_timestamp = meta.timestamps.is_some_and(|(inserted, updated)| at == inserted || at == updated);
    match value {
        Value::DateTime(moment) if is_timestamp && moment == DateTime::UNIX_EPOCH => Some(self::moment(now)),
        Value::Null if is_timestamp => Some(moment(now)),
        Value::Null => None,
        Value::Int(0) if at == meta.primary_key => None,
        value => Some(value),
    }
}

pub(super) fn moment(now: DateTime<Utc>) -> Value {
    to_micros(now).dump()
}

/// The values of a struct for `insert_all`, where every row has the same columns.
pub(super) fn row_values(record: &dyn Record, columns: &[usize], now: DateTime<Utc>) -> Vec<Value> {
    let meta = record.meta();
    columns.iter().map(|at| unchanged(meta, *at, record.dump(*at), now).unwrap_or(Value::Null)).collect()
}

fn sets(meta: &'static Meta, changes: &Changes) -> Vec<SetTerm> {
    changes
        .iter()
        .map(|(at, value)| SetTerm { field: &meta.fields[*at], set: Set::Value(value.clone()) })
        .collect()
}

pub(crate) fn put(data: &mut dyn Record, at: usize, value: &Value) -> Result<()> {
    let name = data.meta().fields[at].name;
    data.put(at, value.as_ref()).map_err(|mismatch| {
        Error::new(ErrorKind::Decode, format!("the field `{name}` can not be set: {mismatch}"))
    })
}

#[cold]
fn stale(meta: &Meta, what: &str) -> Error {
    Error::new(
        ErrorKind::Stale,
        format!("the {} to be {what} is not in `{}` any more", meta.name, meta.table),
    )
}

/// Keeps the first row as values.
struct FirstRow(Vec<Value>);

impl Sink for FirstRow {
    fn row(&mut self, row: &dyn Row) -> Result<()> {
        if self.0.is_empty() {
            for at in 0..row.len() {
                self.0.push(row.value(at)?.to_value());
            }
        }
        Ok(())
    }
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}
