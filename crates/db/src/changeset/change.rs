//! Changes that come from the program, and what becomes of a struct with them.

use super::{Action, Changeset, FieldError};
use crate::repo::put;
use crate::schema::FieldOf;
use crate::{Error, ErrorKind, FieldType, Result, Schema, ValueFor};

/// The value of a field, and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldValue<T> {
    /// The changeset changes the field to it.
    Change(T),
    /// The struct has it.
    Data(T),
}

impl<T> FieldValue<T> {
    /// The value, wherever it comes from.
    #[must_use]
    pub fn into_inner(self) -> T {
        match self {
            Self::Change(value) | Self::Data(value) => value,
        }
    }
}

impl<S: Schema> Changeset<S> {
    /// Sets a field from the program, without a cast; the value it has already is no change.
    #[must_use]
    pub fn put_change<F: FieldOf<S>>(mut self, field: F, value: impl ValueFor<F::Type>) -> Self {
        self.core.change(&self.data, field.field().index, value.into_value());
        self
    }

    /// Sets a field from the program, and the value is written also if the struct has it already.
    #[must_use]
    pub fn force_change<F: FieldOf<S>>(mut self, field: F, value: impl ValueFor<F::Type>) -> Self {
        self.core.changes.set(field.field().index, value.into_value());
        self
    }

    /// Makes something else of a change; a field that does not change is left alone.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "users")]
    /// # struct User { id: i64, email: String }
    /// use zzz_db::Changeset;
    ///
    /// let changeset = Changeset::new(User::default())
    ///     .put_change(User::email, "Ann@Example.org")
    ///     .update_change(User::email, |email| email.to_lowercase());
    /// assert_eq!(changeset.get_change(User::email).as_deref(), Some("ann@example.org"));
    /// ```
    #[must_use]
    pub fn update_change<F, V>(self, field: F, change: impl FnOnce(F::Type) -> V) -> Self
    where
        F: FieldOf<S>,
        V: ValueFor<F::Type>,
    {
        match self.get_change(field) {
            Some(value) => self.put_change(field, change(value)),
            None => self,
        }
    }

    /// Takes a change back.
    #[must_use]
    pub fn delete_change<F: FieldOf<S>>(mut self, field: F) -> Self {
        self.core.changes.remove(field.field().index);
        self
    }

    /// The new value of a field; `None` if it does not change. (Ecto's `fetch_change` is the same here.)
    #[must_use]
    #[doc(alias = "fetch_change")]
    pub fn get_change<F: FieldOf<S>>(&self, field: F) -> Option<F::Type> {
        let value = self.core.changes.get(field.field().index)?;
        F::Type::load(value.as_ref()).ok()
    }

    /// The value that a field would have: the new one, else the struct's. `None` only for a type that can
    /// not load what it dumps.
    #[must_use]
    pub fn get_field<F: FieldOf<S>>(&self, field: F) -> Option<F::Type> {
        let value = self.core.value(&self.data, field.field().index);
        F::Type::load(value.as_ref()).ok()
    }

    /// As [`get_field`](Self::get_field), and tells whether the value is a change.
    #[must_use]
    pub fn fetch_field<F: FieldOf<S>>(&self, field: F) -> Option<FieldValue<F::Type>> {
        let changed = self.changed(field);
        let value = self.get_field(field)?;
        Some(if changed { FieldValue::Change(value) } else { FieldValue::Data(value) })
    }

    /// Whether a field changes.
    #[must_use]
    pub fn changed<F: FieldOf<S>>(&self, field: F) -> bool {
        self.core.changes.get(field.field().index).is_some()
    }

    /// Whether a field would be blank: `None`, or a text of nothing but white space.
    #[must_use]
    pub fn field_missing<F: FieldOf<S>>(&self, field: F) -> bool {
        super::validate::is_blank(&self.core.value(&self.data, field.field().index), true)
    }

    /// Adds an error to a field.
    #[must_use]
    pub fn add_error<F: FieldOf<S>>(mut self, field: F, error: impl Into<FieldError>) -> Self {
        self.core.step();
        self.core.error(&S::META.fields[field.field().index], error.into());
        self
    }

    /// The changes, errors, validations, constraints and what is prepared of both; where both change a
    /// field, the other's value counts.
    ///
    /// # Errors
    /// If they are about structs that differ, since a change is one against what a struct holds.
    pub fn merge(mut self, other: Self) -> Result<Self> {
        let differs = |at: &usize| self.data.dump(*at) != other.data.dump(*at);
        if let Some(at) = (0..S::META.fields.len()).find(differs) {
            return Err(Error::new(
                ErrorKind::Value,
                format!(
                    "changesets of two different {} can not be merged: they differ in the field `{}`; begin both \
                     with the same struct",
                    S::META.name,
                    S::META.fields[at].name
                ),
            ));
        }
        let (ours, theirs) = (&mut self.core, *other.core);
        for (at, value) in theirs.changes.0 {
            ours.changes.set(at, value);
        }
        for (at, param) in theirs.params {
            ours.params.retain(|(known, _)| *known != at);
            ours.params.push((at, param));
        }
        ours.confirmations.extend(theirs.confirmations);
        ours.is_cast |= theirs.is_cast;
        ours.errors.extend(theirs.errors);
        ours.required.extend(theirs.required);
        ours.validations.extend(theirs.validations);
        ours.rules.extend(theirs.rules);
        ours.action = theirs.action.or(ours.action);
        ours.misuse = ours.misuse.or(theirs.misuse);
        ours.lock = theirs.lock.or_else(|| ours.lock.take());
        ours.repo = theirs.repo.or_else(|| ours.repo.take());
        ours.last = super::Last::Nothing;
        self.prepare.extend(other.prepare);
        Ok(self)
    }

    /// The struct with its changes, whether they are valid or not.
    ///
    /// # Errors
    /// If a field's type does not load what it dumps.
    pub fn apply_changes(mut self) -> Result<S> {
        for (at, value) in self.core.changes.iter() {
            put(&mut self.data, *at, value)?;
        }
        Ok(self.data)
    }

    /// The struct with its changes if they are valid; else the changeset, whose form then shows the errors.
    ///
    /// # Errors
    /// The outer one if a field's type does not load what it dumps.
    pub fn apply_action(mut self, action: Action) -> Result<Result<S, Self>> {
        self.core.action = Some(action);
        if self.is_valid() { self.apply_changes().map(Ok) } else { Ok(Err(self)) }
    }
}
