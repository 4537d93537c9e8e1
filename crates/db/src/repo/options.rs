//! [`InsertOptions`] and [`UpdateOptions`]: what one write does otherwise.

use super::OnConflict;
use super::write::Stale;
use crate::Schema;
use crate::schema::{FieldOf, FieldRef};

/// How rows are inserted: [`Repo::insert_with`](crate::Repo::insert_with),
/// [`Repo::insert_all_with`](crate::Repo::insert_all_with).
#[derive(Debug, Clone)]
pub struct InsertOptions<S> {
    pub(super) on_conflict: Option<OnConflict<S>>,
    pub(super) returning: Vec<usize>,
}

impl<S: Schema> Default for InsertOptions<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> From<OnConflict<S>> for InsertOptions<S> {
    fn from(on_conflict: OnConflict<S>) -> Self {
        Self { on_conflict: Some(on_conflict), returning: Vec::new() }
    }
}

impl<S: Schema> InsertOptions<S> {
    /// A conflict is an error, and what the database sets is read back.
    #[must_use]
    pub fn new() -> Self {
        Self { on_conflict: None, returning: Vec::new() }
    }

    /// What happens to a row that a unique index refuses.
    #[must_use]
    pub fn on_conflict(mut self, on_conflict: OnConflict<S>) -> Self {
        self.on_conflict = Some(on_conflict);
        self
    }

    /// Reads these fields back too, as they then are in the database: `returning(fields![Post::views])`.
    #[must_use]
    pub fn returning<const N: usize>(
        mut self,
        fields: impl FnOnce(&'static S::Columns<S>) -> [FieldRef<S>; N],
    ) -> Self {
        self.returning.extend(fields(S::columns()).map(|field| field.index));
        self
    }

    /// Reads every field back.
    #[must_use]
    pub fn returning_all(mut self) -> Self {
        self.returning = S::META.columns().map(|(at, _)| at).collect();
        self
    }
}

/// How a row is updated or deleted: [`Repo::update_with`](crate::Repo::update_with),
/// [`Repo::delete_with`](crate::Repo::delete_with).
#[derive(Debug, Clone)]
pub struct UpdateOptions<S> {
    pub(super) returning: Vec<usize>,
    pub(super) allow_stale: bool,
    pub(super) stale_error: Option<(usize, String)>,
    marker: std::marker::PhantomData<fn() -> S>,
}

impl<S: Schema> Default for UpdateOptions<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Schema> UpdateOptions<S> {
    /// A row that is gone, or that another has changed since, is an error.
    #[must_use]
    pub fn new() -> Self {
        Self {
            returning: Vec::new(),
            allow_stale: false,
            stale_error: None,
            marker: std::marker::PhantomData,
        }
    }

    pub(super) fn stale(&self) -> Stale<'_> {
        let error = self.stale_error.as_ref().map(|(field, message)| (*field, &**message));
        Stale { allowed: self.allow_stale, error }
    }

    /// Reads these fields back, as they then are in the database, or of a deleted row as they last were.
    #[must_use]
    pub fn returning<const N: usize>(
        mut self,
        fields: impl FnOnce(&'static S::Columns<S>) -> [FieldRef<S>; N],
    ) -> Self {
        self.returning.extend(fields(S::columns()).map(|field| field.index));
        self
    }

    /// A row that is gone, or that another has changed since, is no error; nothing is written then.
    #[must_use]
    pub fn allow_stale(mut self) -> Self {
        self.allow_stale = true;
        self
    }

    /// A row that is gone, or that another has changed since, is an error of this field: "is stale". The
    /// changeset comes back with it.
    #[must_use]
    pub fn stale_error_field(self, field: impl FieldOf<S>) -> Self {
        self.stale_error(field, "is stale")
    }

    /// As [`stale_error_field`](Self::stale_error_field), with a message of one's own.
    #[must_use]
    pub fn stale_error(mut self, field: impl FieldOf<S>, message: impl Into<String>) -> Self {
        self.stale_error = Some((field.field().index, message.into()));
        self
    }
}
