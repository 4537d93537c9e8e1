//! Writing one row: `insert`, `update`, `delete`, of a struct or of a changeset.

use std::any::Any;

use chrono::{DateTime, Utc};

use super::{InsertOptions, Repo, UpdateOptions, read};
use crate::changeset::{Action, Changes, Core, FieldError, Prepare};
use crate::dialect::{self, Insertion, Statement};
use crate::driver::{Access, Sink};
use crate::error::{Constraint, ConstraintKind};
use crate::query::{Expr, SetTerm};
use crate::schema::{Field, Meta, Record};
use crate::{Changeset, Error, ErrorKind, Result, Row, Schema, Value, row};

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
        self.insert_with(record, InsertOptions::new()).await
    }

    /// As [`insert`](Self::insert), otherwise: with an [`OnConflict`](crate::OnConflict), or reading more
    /// fields back.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub async fn insert_with<R: Writable>(
        &self,
        record: R,
        options: impl Into<InsertOptions<R::Schema>>,
    ) -> Result<R::Written> {
        let options = options.into();
        let conflict = options.on_conflict.as_ref().map(|conflict| &conflict.conflict);
        let write = Write::Insert { conflict, returning: &options.returning };
        R::written(self.write(record.into_changeset(), write).await?)
    }

    /// Updates the row of a changeset's struct: only what changed is sent, and nothing if nothing changed.
    /// With `timestamps`, `updated_at` becomes now; a `lock_version` counts on.
    ///
    /// # Errors
    /// As [`insert`](Self::insert), and [stale](Error::is_stale) if the row is gone, or with a
    /// `lock_version` if another has changed it since the struct was read.
    pub async fn update<S: Schema>(&self, changeset: Changeset<S>) -> Result<Result<S, Changeset<S>>> {
        self.update_with(changeset, UpdateOptions::new()).await
    }

    /// As [`update`](Self::update), otherwise.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_with<S: Schema>(
        &self,
        changeset: Changeset<S>,
        options: UpdateOptions<S>,
    ) -> Result<Result<S, Changeset<S>>> {
        let write = Write::Update { stale: options.stale(), returning: &options.returning };
        self.write(changeset, write).await
    }

    /// Deletes the row of a struct, or of a changeset's struct, and gives the struct back.
    ///
    /// # Errors
    /// As [`insert`](Self::insert), and [stale](Error::is_stale) if the row is gone, or with a
    /// `lock_version` if another has changed it since the struct was read.
    pub async fn delete<R: Writable>(&self, record: R) -> Result<R::Written> {
        self.delete_with(record, UpdateOptions::new()).await
    }

    /// As [`delete`](Self::delete), otherwise.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub async fn delete_with<R: Writable>(
        &self,
        record: R,
        options: UpdateOptions<R::Schema>,
    ) -> Result<R::Written> {
        let write = Write::Delete { stale: options.stale(), returning: &options.returning };
        R::written(self.write(record.into_changeset(), write).await?)
    }

    /// Updates the row of a changeset's struct if there is one, else inserts it.
    ///
    /// Ecto knows of each struct whether it came from the database; here its primary key tells: one that is
    /// not set (0, an empty text, a UUID of zeros) is inserted, for another the row is looked up in the same
    /// transaction. To insert or update by another unique index, use [`OnConflict`](crate::OnConflict), which
    /// needs no look.
    ///
    /// # Errors
    /// As [`insert`](Self::insert) and [`update`](Self::update).
    pub async fn insert_or_update<S: Schema>(
        &self,
        changeset: Changeset<S>,
    ) -> Result<Result<S, Changeset<S>>> {
        let key = changeset.data().primary_key();
        let is_unset = |(at, value): (&usize, &Value)| (S::META.fields[*at].is_unset)(value);
        if S::META.primary_key.iter().zip(&key).any(is_unset) {
            return self.insert(changeset).await;
        }
        self.transaction(async |tx| {
            let mut query = crate::Query::<S>::new();
            read::key_is(&mut query.select, key)?;
            match tx.exists(query).await? {
                true => tx.update(changeset).await,
                false => tx.insert(changeset).await,
            }
        })
        .await
    }

    /// Writes a changeset, in a transaction of its own if something is to be done before.
    async fn write<S: Schema>(
        &self,
        changeset: Changeset<S>,
        write: Write<'_>,
    ) -> Result<Result<S, Changeset<S>>> {
        let changed = changeset.repo(self);
        let repo = changed.as_ref().unwrap_or(self);
        let (mut data, mut core, prepare) = changeset.into_parts();
        core.action = Some(write.action());
        if !prepare.is_empty() && core.is_valid() {
            // Few changesets come here, and all would carry the room for it.
            return Box::pin(repo.prepared(Changeset::from_parts(data, core), prepare, write)).await;
        }
        let saved = repo.write_record(&mut data, &mut core, &write).await?;
        Ok(Changeset::from_parts(data, core).saved(saved))
    }

    async fn prepared<S: Schema>(
        &self,
        mut changeset: Changeset<S>,
        prepare: Vec<Prepare<S>>,
        write: Write<'_>,
    ) -> Result<Result<S, Changeset<S>>> {
        let work = async |tx: Self| {
            for prepare in prepare {
                changeset = prepare(tx.clone(), changeset).await?;
            }
            let (mut data, mut core, _) = changeset.into_parts();
            core.action = Some(write.action());
            let saved = tx.write_record(&mut data, &mut core, &write).await?;
            Changeset::from_parts(data, core).saved(saved).map_err(Undo::Refused)
        };
        match self.transaction(work).await {
            Ok(data) => Ok(Ok(data)),
            Err(Undo::Refused(changeset)) => Ok(Err(changeset)),
            Err(Undo::Failed(error)) => Err(error),
        }
    }

    async fn write_record(&self, data: &mut dyn Record, core: &mut Core, write: &Write<'_>) -> Result<bool> {
        if let Some(misuse) = core.misuse {
            return Err(misplaced(data.meta(), misuse));
        }
        match *write {
            Write::Insert { conflict, returning } => {
                self.insert_record(data, core, conflict, returning).await
            }
            Write::Update { stale, returning } => self.update_record(data, core, returning, stale).await,
            Write::Delete { stale, returning } => self.delete_record(data, core, returning, stale).await,
        }
    }

    async fn insert_record(
        &self,
        data: &mut dyn Record,
        core: &mut Core,
        conflict: Option<&dialect::Conflict>,
        wanted: &[usize],
    ) -> Result<bool> {
        if !core.is_valid() {
            return Ok(false);
        }
        let meta = data.meta();
        let (mut sent, mut values, mut returning) = (Vec::new(), Vec::new(), Vec::new());
        let now = Utc::now();
        for (at, field) in meta.columns() {
            let value = match core.changes.get(at) {
                _ if !field.writable.ever() => None,
                Some(change) => Some(change.clone()),
                None => unchanged(field, data.dump(at), now),
            };
            if value.is_none() || field.read_after_writes || wanted.contains(&at) {
                returning.push(at);
            }
            if let Some(value) = value {
                sent.push(at);
                values.push(value);
            }
        }
        let written: Changes = sent.iter().copied().zip(values.iter().cloned()).collect();
        let fields: Vec<&Field> = sent.iter().map(|at| &meta.fields[*at]).collect();
        let given: Vec<&Field> = returning.iter().map(|at| &meta.fields[*at]).collect();
        let insertion =
            Insertion { meta, prefix: self.prefix(), fields: &fields, conflict, returning: &given };
        match self.insert_row(&insertion, values, self.guards(core)).await {
            Ok(set_by_database) => {
                core.changes.apply_virtual(data)?;
                written.apply(data)?;
                put_all(data, &returning, &set_by_database)?;
                Ok(true)
            }
            Err(error) => self.refused(error, data, &written, core).await,
        }
    }

    async fn update_record(
        &self,
        data: &mut dyn Record,
        core: &mut Core,
        wanted: &[usize],
        stale: Stale<'_>,
    ) -> Result<bool> {
        if !core.is_valid() {
            return Ok(false);
        }
        let meta = data.meta();
        let is_sent = |at: usize| !meta.fields[at].is_virtual && meta.fields[at].writable.in_updates();
        let mut written: Changes = core.changes.iter().filter(|(at, _)| is_sent(*at)).cloned().collect();
        if !written.is_empty() {
            let row = this_row(data, meta, core)?;
            let now = Utc::now();
            if let Some(updated_at) = meta.timestamps.updated
                && written.get(updated_at).is_none()
                && let Some(generate) = meta.fields[updated_at].generate
            {
                written.set(updated_at, generate(now));
            }
            if let Some(at) = meta.lock_version
                && let Some(next) = meta.fields[at].next_version
            {
                written.set(at, next(&data.dump(at)));
            }
            if let Some((at, next)) = &core.lock {
                written.set(*at, next.clone());
            }
            let returning = returning(meta, wanted);
            let given: Vec<&Field> = returning.iter().map(|at| &meta.fields[*at]).collect();
            let (sets, guarded) = (sets(meta, &written), self.guards(core));
            match self.update_row(meta, &sets, &row, &given, guarded).await {
                Ok((0, _)) => return stale.resolve(meta, "updated", core),
                Ok((_, set_by_database)) => {
                    core.changes.apply_virtual(data)?;
                    written.apply(data)?;
                    put_all(data, &returning, &set_by_database)?;
                    return Ok(true);
                }
                Err(error) => return self.refused(error, data, &written, core).await,
            }
        }
        core.changes.apply_virtual(data)?;
        Ok(true)
    }

    async fn delete_record(
        &self,
        data: &mut dyn Record,
        core: &mut Core,
        wanted: &[usize],
        stale: Stale<'_>,
    ) -> Result<bool> {
        if !core.is_valid() {
            return Ok(false);
        }
        let meta = data.meta();
        let given: Vec<&Field> = wanted.iter().map(|at| &meta.fields[*at]).collect();
        let row = this_row(data, meta, core)?;
        match self.delete_row(meta, &row, &given, self.guards(core)).await {
            Ok((0, _)) => stale.resolve(meta, "deleted", core),
            Ok((_, last)) => put_all(data, wanted, &last).map(|()| true),
            Err(error) => self.refused(error, data, &Changes::default(), core).await,
        }
    }

    /// A write was refused: `Ok(false)` if the changeset knows the constraint, which then has its error.
    async fn refused(
        &self,
        error: Error,
        data: &dyn Record,
        written: &Changes,
        core: &mut Core,
    ) -> Result<bool> {
        let error = self.with_columns(error, data.meta()).await;
        crate::changeset::explain(self, error, data, written, core).await.map(|()| false)
    }

    /// A refusal by a unique index of which the database told the name alone, with the index's columns.
    async fn with_columns(&self, error: Error, meta: &Meta) -> Error {
        let Some(Constraint { kind: ConstraintKind::Unique, name: Some(name), columns, .. }) =
            error.constraint()
        else {
            return error;
        };
        let prefix = self.prefix().or(meta.prefix);
        let Some(statement) =
            self.dialect().index_columns(prefix, meta.table, name).filter(|_| columns.is_empty())
        else {
            return error;
        };
        match self.fetch(statement, Access::Read, |row| row::get::<Option<String>>(row, 0)).await {
            Ok(columns) => error.with_constraint_columns(columns.into_iter().flatten().collect()),
            // The refusal is what the caller wants to know.
            Err(_) => error,
        }
    }

    /// Whether a write shall leave its transaction usable if it is refused: the changeset knows constraints, and
    /// comes back with an error of a field.
    fn guards(&self, core: &Core) -> bool {
        self.in_transaction() && !core.rules.is_empty() && self.dialect().failure_ends_transaction()
    }

    /// How many rows a statement wrote, and the values of the first that it gives.
    pub(super) async fn first_row(&self, statement: Statement, guarded: bool) -> Result<(u64, Vec<Value>)> {
        let sink = Box::new(FirstRow(Vec::new()));
        let reply = self.run_guarded(statement, Access::Write, sink, guarded).await?;
        let row = reply.sink.into_any().downcast::<FirstRow>();
        row.map(|row| (reply.affected, row.0)).map_err(|_| super::foreign_sink())
    }
}

/// Which write it is.
enum Write<'a> {
    Insert { conflict: Option<&'a dialect::Conflict>, returning: &'a [usize] },
    Update { stale: Stale<'a>, returning: &'a [usize] },
    Delete { stale: Stale<'a>, returning: &'a [usize] },
}

impl Write<'_> {
    fn action(&self) -> Action {
        match self {
            Self::Insert { .. } => Action::Insert,
            Self::Update { .. } => Action::Update,
            Self::Delete { .. } => Action::Delete,
        }
    }
}

/// Why a transaction around a changeset's write is undone.
enum Undo<S> {
    Refused(Changeset<S>),
    Failed(Error),
}

impl<S> From<Error> for Undo<S> {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What is done about a row that is gone, or that another has changed since.
#[derive(Clone, Copy)]
pub(super) struct Stale<'a> {
    pub(super) allowed: bool,
    pub(super) error: Option<(usize, &'a str)>,
}

impl Stale<'_> {
    fn resolve(self, meta: &'static Meta, what: &str, core: &mut Core) -> Result<bool> {
        if self.allowed {
            return Ok(true);
        }
        match self.error {
            Some((field, message)) => {
                core.error(&meta.fields[field], FieldError::of("stale", message.to_owned()));
                Ok(false)
            }
            None => Err(stale(meta, what)),
        }
    }
}

/// The columns and values by which a struct's row is found.
fn this_row(data: &dyn Record, meta: &'static Meta, core: &Core) -> Result<Vec<(&'static str, Value)>> {
    if meta.primary_key.is_empty() {
        return Err(read::no_key(meta));
    }
    let places = meta.primary_key.iter().chain(&meta.lock_version);
    let mut row: Vec<(&'static str, Value)> =
        places.map(|at| (meta.fields[*at].column, data.dump(*at))).collect();
    if let Some((at, _)) = &core.lock {
        row.push((meta.fields[*at].column, core.value(data, *at)));
    }
    Ok(row)
}

/// The fields that are read back after an update.
fn returning(meta: &Meta, wanted: &[usize]) -> Vec<usize> {
    let read = |(at, field): &(usize, &Field)| field.read_after_writes || wanted.contains(at);
    meta.columns().filter(read).map(|(at, _)| at).collect()
}

fn put_all(data: &mut dyn Record, fields: &[usize], values: &[Value]) -> Result<()> {
    fields.iter().zip(values).try_for_each(|(at, value)| put(data, *at, value))
}

/// The value of a field that the changeset does not change; `None` leaves it to the database.
fn unchanged(field: &Field, value: Value, now: DateTime<Utc>) -> Option<Value> {
    match ((field.is_unset)(&value), field.generate) {
        (false, _) => Some(value),
        (true, Some(generate)) => Some(generate(now)),
        (true, None) => None,
    }
}

/// Whether an `insert_all` leaves a key of a struct to the database: it is not set.
pub(super) fn key_is_left_out(record: &dyn Record, at: usize, field: &Field) -> bool {
    field.generate.is_none() && (field.is_unset)(&record.dump(at))
}

/// The value of a field in an `insert_all`, where every row has the same columns.
pub(super) fn sent_value(record: &dyn Record, at: usize, field: &Field, now: DateTime<Utc>) -> Value {
    let value = record.dump(at);
    if !(field.is_unset)(&value) {
        return value;
    }
    field.generate.map_or(Value::Null, |generate| generate(now))
}

fn sets(meta: &'static Meta, changes: &Changes) -> Vec<SetTerm> {
    let set = |(at, value): &(usize, Value)| SetTerm {
        column: meta.fields[*at].column,
        value: Expr::Value(value.clone()),
    };
    changes.iter().map(set).collect()
}

pub(crate) fn put(data: &mut dyn Record, at: usize, value: &Value) -> Result<()> {
    let name = data.meta().fields[at].name;
    data.put(at, value.as_ref()).map_err(|mismatch| {
        Error::new(ErrorKind::Decode, format!("the field `{name}` can not be set: {mismatch}"))
    })
}

#[cold]
fn misplaced(meta: &Meta, method: &str) -> Error {
    let after = match method {
        "named" => "a constraint",
        _ => "a cast, a validation or a constraint",
    };
    Error::new(
        ErrorKind::Query,
        format!(
            "a changeset of {} calls `.{method}(...)` where nothing stands before it that it could be about; write \
             it directly after {after}",
            meta.name
        ),
    )
}

#[cold]
fn stale(meta: &Meta, what: &str) -> Error {
    Error::new(
        ErrorKind::Stale,
        match meta.lock_version {
            Some(at) => format!(
                "the {} to be {what} is not in `{}` any more, or another has changed it: its `{}` is not the one \
                 that was read",
                meta.name, meta.table, meta.fields[at].name
            ),
            None => format!("the {} to be {what} is not in `{}` any more", meta.name, meta.table),
        },
    )
}

/// Keeps the first row as values.
pub(super) struct FirstRow(pub(super) Vec<Value>);

impl Sink for FirstRow {
    fn row(&mut self, row: &dyn Row) -> Result<()> {
        if self.0.is_empty() {
            for at in 0..row.len() {
                self.0.push(row.value(at)?.to_value());
            }
        }
        Ok(())
    }
    fn restart(&mut self) {
        self.0.clear();
    }
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}
