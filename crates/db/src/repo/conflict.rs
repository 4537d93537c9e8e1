//! [`OnConflict`]: what happens to a row that a unique index refuses.

use std::marker::PhantomData;

use crate::dialect::{Conflict, Resolution, Target};
use crate::query::{Expr, SetTerm};
use crate::schema::FieldRef;
use crate::{Assignment, Condition, Schema};

/// What happens to a row that a unique index refuses; without one, it is an error.
///
/// ```
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "tags")]
/// # struct Tag { id: i64, name: String, uses: i64 }
/// # use zzz_db::{Repo, Result};
/// use zzz_db::{InsertOptions, OnConflict, excluded, fields};
///
/// # async fn with(repo: &Repo) -> Result<()> {
/// // Counts how often each tag was given.
/// let count = OnConflict::set([Tag::uses.inc(excluded(Tag::uses))]).target(fields![name]);
/// let tag = repo.insert_with(Tag { name: "rust".into(), uses: 1, ..Tag::default() }, count).await?;
/// # Ok(())
/// # }
/// ```
///
/// In assignments and conditions a column means the row that is there, and [`excluded`](crate::excluded) the
/// one that was refused.
///
/// | Ecto | here |
/// |---|---|
/// | `:raise` | no `OnConflict` |
/// | `:nothing` | [`OnConflict::nothing`] |
/// | `:replace_all` | [`OnConflict::replace_all`] |
/// | `{:replace_all_except, fields}` | [`OnConflict::replace_all_except`] |
/// | `{:replace, fields}` | [`OnConflict::replace`] |
/// | `[set: ..., inc: ...]` | [`OnConflict::set`] |
/// | an update query with `where` | [`OnConflict::set`] and [`filter`](Self::filter) |
/// | `conflict_target: fields` | [`target`](Self::target) |
/// | `conflict_target: {:unsafe_fragment, "ON CONSTRAINT ..."}` | [`constraint`](Self::constraint) |
///
/// MySQL has no target: there it is for whichever unique index refuses the row. It has no condition either, and a row
/// that was changed counts twice in what `insert_all_with` returns, one that was left as it was once.
#[derive(Debug, Clone)]
pub struct OnConflict<S> {
    pub(super) conflict: Conflict,
    marker: PhantomData<fn() -> S>,
}

impl<S: Schema> OnConflict<S> {
    fn new(resolution: Resolution) -> Self {
        Self { conflict: Conflict { target: Target::Any, resolution }, marker: PhantomData }
    }

    fn replacing(kept: impl Fn(usize) -> bool) -> Self {
        let columns = S::META.columns().filter(|(at, field)| !kept(*at) && field.writable.in_updates());
        let replaced =
            columns.map(|(_, field)| SetTerm { column: field.column, value: Expr::Excluded(field.column) });
        Self::new(Resolution::Update(replaced.collect(), None))
    }

    /// The row that is there stays as it is, and the other is dropped. A struct that was not inserted keeps a
    /// primary key of 0.
    #[must_use]
    pub fn nothing() -> Self {
        Self::new(Resolution::Nothing)
    }

    /// Every column of the row that is there gets the new value, except its primary key.
    ///
    /// Ecto replaces the key too, so that a row may change its identity by an insert; here it keeps it.
    #[must_use]
    pub fn replace_all() -> Self {
        Self::replacing(|at| S::META.primary_key.contains(&at))
    }

    /// Every column gets the new value except these, and the primary key:
    /// `replace_all_except(fields![Post::inserted_at])`.
    #[must_use]
    pub fn replace_all_except<const N: usize>(
        fields: impl FnOnce(&'static S::Columns<S>) -> [FieldRef<S>; N],
    ) -> Self {
        let kept = fields(S::columns()).map(|field| field.index);
        Self::replacing(|at| kept.contains(&at) || S::META.primary_key.contains(&at))
    }

    /// These columns get the new value: `replace(fields![Post::title, Post::body])`.
    #[must_use]
    pub fn replace<const N: usize>(fields: impl FnOnce(&'static S::Columns<S>) -> [FieldRef<S>; N]) -> Self {
        let replaced = fields(S::columns()).map(|field| field.index);
        Self::replacing(|at| !replaced.contains(&at))
    }

    /// The row that is there is changed so.
    #[must_use]
    pub fn set(assignments: impl IntoIterator<Item = Assignment<S>>) -> Self {
        let sets = assignments.into_iter().map(|assignment| assignment.term).collect();
        Self::new(Resolution::Update(sets, None))
    }

    /// Only a row that meets this condition is changed; another stays as it is. MySQL has no such thing;
    /// there it is an error that says so.
    #[must_use]
    pub fn filter(mut self, condition: Condition<S>) -> Self {
        if let Resolution::Update(_, filter) = &mut self.conflict.resolution {
            *filter = Some(match filter.take() {
                Some(filter) => filter.and(condition.expr),
                None => condition.expr,
            });
        }
        self
    }

    /// Only for the unique index on these columns: `target(fields![Tag::name])`. PostgreSQL wants to know it for
    /// every form but [`nothing`](Self::nothing). A refusal by another index is an error.
    #[must_use]
    pub fn target<const N: usize>(
        mut self,
        fields: impl FnOnce(&'static S::Columns<S>) -> [FieldRef<S>; N],
    ) -> Self {
        let columns = fields(S::columns()).map(|field| S::META.fields[field.index].column);
        self.conflict.target = Target::Columns(columns.into());
        self
    }

    /// Only for the constraint of this name. SQLite knows none by name; there it is an error that says so.
    #[must_use]
    pub fn constraint(mut self, name: &'static str) -> Self {
        self.conflict.target = Target::Constraint(name);
        self
    }
}
