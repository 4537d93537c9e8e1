//! [`Changeset`]: changes to a struct from outside, cast, validated, and ready to be written.

mod cast;
mod constraint;
mod error;
mod form;
mod validate;

use std::fmt;

use zzz_core::{FieldErrors, Param};

pub(crate) use constraint::{Rule, explain};
pub use error::FieldError;
pub use form::Form;
pub use validate::Number;

use crate::repo::put;
use crate::schema::{Field, FieldOf, Meta, Record};
use crate::{FieldType, Result, Schema, Value, ValueFor};

/// What a changeset was used for last; its form shows errors only after one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The row was to be inserted.
    Insert,
    /// The row was to be updated.
    Update,
    /// The row was to be deleted.
    Delete,
    /// The input was to be checked, without writing.
    Validate,
}

/// A struct with the changes that someone wants to make to it, and what is wrong with them.
///
/// ```
/// use zzz_core::{Param, Params};
/// use zzz_db::{Changeset, Schema, fields};
///
/// #[derive(Schema, Debug, Default)]
/// #[schema(table = "posts")]
/// struct Post {
///     id: i64,
///     title: String,
///     url: Option<String>,
/// }
///
/// fn changeset(post: Post, params: &Params) -> Changeset<Post> {
///     Changeset::new(post)
///         .cast(params, fields![title, url])
///         .validate_required(fields![title])
///         .validate_length(Post::title, 2..=100)
/// }
///
/// let mut params = Params::new();
/// params.insert("title", Param::Text("A".into()));
/// params.insert("id", Param::Text("7".into())); // not listed in cast: ignored
/// let refused = changeset(Post::default(), &params);
/// assert_eq!(refused.errors()[0].to_string(), "should be at least 2 character(s)");
///
/// params.insert("title", Param::Text("A title".into()));
/// let post = changeset(Post::default(), &params).apply_changes()?;
/// assert_eq!((post.id, &*post.title), (0, "A title"));
/// # Ok::<(), zzz_db::Error>(())
/// ```
///
/// Nothing is checked against the database until the changeset is written; what the database refuses then
/// becomes an error of a field where a constraint was declared: [`unique`](Self::unique),
/// [`foreign_key`](Self::foreign_key).
pub struct Changeset<S> {
    data: S,
    /// Boxed, as a changeset is often the error of a `Result`.
    core: Box<Core>,
}

/// Everything of a changeset but the struct, its type forgotten.
#[derive(Default)]
pub(crate) struct Core {
    pub(crate) changes: Changes,
    pub(crate) errors: Vec<FieldError>,
    /// What was given for each field that was cast, as it was given.
    pub(crate) params: Vec<(usize, Param)>,
    pub(crate) required: Vec<usize>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) action: Option<Action>,
}

/// New values of fields by their places.
#[derive(Debug, Default, Clone)]
pub(crate) struct Changes(Vec<(usize, Value)>);

impl Changes {
    pub(crate) fn get(&self, field: usize) -> Option<&Value> {
        self.0.iter().find(|(at, _)| *at == field).map(|(_, value)| value)
    }

    pub(crate) fn set(&mut self, field: usize, value: Value) {
        self.remove(field);
        self.0.push((field, value));
    }

    pub(crate) fn remove(&mut self, field: usize) {
        self.0.retain(|(at, _)| *at != field);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(usize, Value)> {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes the changes to the struct.
    pub(crate) fn apply(&self, data: &mut dyn Record) -> Result<()> {
        self.0.iter().try_for_each(|(at, value)| put(data, *at, value))
    }

    /// Makes those of fields without a column.
    pub(crate) fn apply_virtual(&self, data: &mut dyn Record) -> Result<()> {
        let is_virtual = |at: usize| data.meta().fields[at].is_virtual;
        let found: Vec<&(usize, Value)> = self.0.iter().filter(|(at, _)| is_virtual(*at)).collect();
        found.into_iter().try_for_each(|(at, value)| put(data, *at, value))
    }
}

impl FromIterator<(usize, Value)> for Changes {
    fn from_iter<I: IntoIterator<Item = (usize, Value)>>(changes: I) -> Self {
        Self(changes.into_iter().collect())
    }
}

impl Core {
    pub(crate) fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    /// The value that the field would have.
    pub(crate) fn value(&self, data: &dyn Record, field: usize) -> Value {
        self.changes.get(field).cloned().unwrap_or_else(|| data.dump(field))
    }

    /// A change to the value that the field has is none.
    pub(crate) fn change(&mut self, data: &dyn Record, field: usize, value: Value) {
        if data.dump(field) == value {
            self.changes.remove(field);
        } else {
            self.changes.set(field, value);
        }
    }

    pub(crate) fn error(&mut self, field: &'static Field, error: FieldError) {
        self.errors.push(error.on(field.name));
    }
}

impl<S: Schema> From<S> for Changeset<S> {
    fn from(data: S) -> Self {
        Self::new(data)
    }
}

impl<S: Schema> Changeset<S> {
    /// No changes to this struct: a new one to be inserted, or one from the database to be updated.
    #[must_use]
    pub fn new(data: S) -> Self {
        Self { data, core: Box::default() }
    }

    pub(crate) fn into_parts(self) -> (S, Box<Core>) {
        (self.data, self.core)
    }

    pub(crate) fn from_parts(data: S, core: Box<Core>) -> Self {
        Self { data, core }
    }

    /// The written struct, or the changeset with what kept it from being written.
    pub(crate) fn saved(self, saved: bool) -> Result<S, Self> {
        if saved { Ok(self.data) } else { Err(self) }
    }

    /// Sets a field from the program, without a cast; the value it has already is no change.
    #[must_use]
    pub fn put_change<F: FieldOf<S>>(mut self, field: F, value: impl ValueFor<F::Type>) -> Self {
        self.core.change(&self.data, field.field().index, value.into_value());
        self
    }

    /// Takes a change back.
    #[must_use]
    pub fn delete_change<F: FieldOf<S>>(mut self, field: F) -> Self {
        self.core.changes.remove(field.field().index);
        self
    }

    /// The new value of a field; `None` if it does not change.
    #[must_use]
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

    /// Whether a field changes.
    #[must_use]
    pub fn changed<F: FieldOf<S>>(&self, field: F) -> bool {
        self.core.changes.get(field.field().index).is_some()
    }

    /// The names of the fields that change, with their new values.
    pub fn changes(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.core.changes.iter().map(|(at, value)| (S::META.fields[*at].name, value))
    }

    /// The struct as it was.
    #[must_use]
    pub fn data(&self) -> &S {
        &self.data
    }

    /// Adds an error to a field.
    #[must_use]
    pub fn add_error<F: FieldOf<S>>(mut self, field: F, error: impl Into<FieldError>) -> Self {
        self.core.error(&S::META.fields[field.field().index], error.into());
        self
    }

    /// Whether there is no error.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.core.is_valid()
    }

    /// What is wrong, in the order in which it was found.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.core.errors
    }

    /// What is wrong, as messages per field, for an answer of status 422.
    #[must_use]
    pub fn field_errors(&self) -> FieldErrors {
        let mut errors = FieldErrors::default();
        for error in &self.core.errors {
            errors.add(error.field(), error.to_string());
        }
        errors
    }

    /// What the changeset was used for last.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        self.core.action
    }

    /// Makes the form of this changeset show its errors, as writing does.
    #[must_use]
    pub fn with_action(mut self, action: Action) -> Self {
        self.core.action = Some(action);
        self
    }

    /// The struct with its changes, whether they are valid or not.
    ///
    /// # Errors
    /// If a field's type does not load what it dumps.
    pub fn apply_changes(mut self) -> Result<S> {
        self.core.changes.apply(&mut self.data)?;
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

    /// What a template needs to show a form of this changeset.
    #[must_use]
    pub fn form(&self) -> Form {
        Form::new(&self.data, &self.core)
    }
}

impl<S: Schema> fmt::Debug for Changeset<S> {
    /// Shows the changes, those of redacted fields hidden, and the errors.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changeset")
            .field("schema", &S::META.name)
            .field("action", &self.core.action)
            .field("changes", &ShownChanges(S::META, &self.core.changes))
            .field("errors", &self.core.errors)
            .finish()
    }
}

struct ShownChanges<'a>(&'static Meta, &'a Changes);

impl fmt::Debug for ShownChanges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (at, value) in self.1.iter() {
            let field = &self.0.fields[*at];
            map.key(&field.name);
            match field.is_redacted {
                true => map.value(&format_args!("[redacted]")),
                false => map.value(value),
            };
        }
        map.finish()
    }
}

impl<S: Schema> serde::Serialize for Changeset<S> {
    /// As its [`form`](Changeset::form), so that a changeset can be given to a template.
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.form().serialize(serializer)
    }
}
