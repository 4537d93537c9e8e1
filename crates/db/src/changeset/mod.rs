//! [`Changeset`]: changes to a struct from outside, cast, validated, and ready to be written.
//!
//! | file | holds |
//! |---|---|
//! | `mod` | [`Changeset`], and what it keeps |
//! | `change` | changes from the program: put, force, update, merge, apply |
//! | `cast` | changes from a user |
//! | `validate`, `length`, `number`, `lists` | validations |
//! | `unique` | the look into the database before writing |
//! | `constraint` | constraints, declared |
//! | `explain`, `foreign_key` | from what a database refused to an error of a field |
//! | `adjust` | messages, fields and names of one's own |
//! | `prepare` | what happens in the transaction of the write |
//! | `reflect` | what was validated, for forms and documentation |
//! | `error`, `form` | what is shown |

mod adjust;
mod cast;
mod change;
mod constraint;
mod error;
mod explain;
mod foreign_key;
mod form;
mod length;
mod lists;
mod number;
mod prepare;
mod reflect;
mod unique;
mod validate;

use std::fmt;
use std::sync::Arc;

use zzz_core::{FieldErrors, Param};

pub use cast::CastOptions;
pub use change::FieldValue;
pub(crate) use constraint::Rule;
pub use constraint::{Name, Referring};
pub use error::FieldError;
pub(crate) use explain::explain;
pub use form::{Form, FormField};
pub use length::{Length, Measured, Unit};
pub use lists::Listed;
pub use number::{Compare, Comparison, Number, NumberBounds};
pub(crate) use prepare::Prepare;
pub use reflect::Validation;
pub use validate::Consent;

use crate::repo::put;
use crate::schema::{Field, Meta, Record};
use crate::{Repo, Result, Schema, Value};

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
/// [`foreign_key`](Self::foreign_key), [`no_assoc`](Self::no_assoc) and the others.
///
/// After a cast, a validation or a constraint stand what it shall do otherwise: [`message`](Self::message),
/// [`error_key`](Self::error_key), [`named`](Self::named).
pub struct Changeset<S> {
    data: S,
    /// Boxed, as a changeset is often the error of a `Result`.
    core: Box<Core>,
    /// What is to be done in the transaction of the write, before it.
    prepare: Vec<Prepare<S>>,
}

/// Everything of a changeset but the struct, its type forgotten.
#[derive(Default)]
pub(crate) struct Core {
    pub(crate) changes: Changes,
    pub(crate) errors: Vec<FieldError>,
    /// What was given for each field that was cast, as it was given.
    pub(crate) params: Vec<(usize, Param)>,
    /// What was given under a name that ends in `_confirmation`.
    pub(crate) confirmations: Vec<(String, Param)>,
    /// Whether anything was cast at all.
    pub(crate) is_cast: bool,
    pub(crate) required: Vec<usize>,
    pub(crate) validations: Vec<(usize, Validation)>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) action: Option<Action>,
    /// What `message`, `error_key` and `named` are about.
    pub(crate) last: Last,
    /// A place of theirs where they can mean nothing.
    pub(crate) misuse: Option<&'static str>,
    /// The field that counts changes, and the number after the one that the row must have.
    pub(crate) lock: Option<(usize, Value)>,
    pub(crate) repo: Option<ChangedRepo>,
}

/// Gives the handle that a changeset is written through.
pub(crate) type ChangedRepo = Arc<dyn Fn(&Repo) -> Repo + Send + Sync>;

/// The step before this one.
#[derive(Default, Clone, Copy)]
pub(crate) enum Last {
    /// None that could be adjusted.
    #[default]
    Nothing,
    /// A cast or validation, whose errors begin there.
    Errors(usize),
    /// A constraint, the last of the rules.
    Rule,
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

    pub(crate) fn has_error(&self, field: &Field) -> bool {
        self.errors.iter().any(|error| error.field() == field.name)
    }

    /// A cast or validation begins: what follows it adjusts its errors.
    pub(crate) fn step(&mut self) {
        self.last = Last::Errors(self.errors.len());
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
    #[doc(alias = "change")]
    pub fn new(data: S) -> Self {
        Self { data, core: Box::default(), prepare: Vec::new() }
    }

    pub(crate) fn into_parts(self) -> (S, Box<Core>, Vec<Prepare<S>>) {
        (self.data, self.core, self.prepare)
    }

    pub(crate) fn from_parts(data: S, core: Box<Core>) -> Self {
        Self { data, core, prepare: Vec::new() }
    }

    /// The handle that this is written through.
    pub(crate) fn repo(&self, repo: &Repo) -> Option<Repo> {
        self.core.repo.as_ref().map(|change| change(repo))
    }

    /// The written struct, or the changeset with what kept it from being written.
    pub(crate) fn saved(self, saved: bool) -> Result<S, Self> {
        if saved { Ok(self.data) } else { Err(self) }
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

    /// What is wrong, as messages per field, for an answer of status 422:
    /// `Error::unprocessable(changeset.field_errors())` of zzz-core.
    #[must_use]
    pub fn field_errors(&self) -> FieldErrors {
        self.traverse_errors(ToString::to_string)
    }

    /// What is wrong, as messages per field, each written by a function: the place of a translation.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, title: String }
    /// use zzz_db::{Changeset, FieldError, fields};
    ///
    /// fn german(error: &FieldError) -> String {
    ///     match error.key() {
    ///         "required" => "muss ausgefüllt werden".into(),
    ///         "length.min" => error.fill("mindestens %{count} Zeichen"),
    ///         _ => error.to_string(),
    ///     }
    /// }
    ///
    /// let changeset = Changeset::new(Post::default()).validate_required(fields![title]);
    /// assert_eq!(changeset.traverse_errors(german).get("title"), ["muss ausgefüllt werden"]);
    /// ```
    #[must_use]
    pub fn traverse_errors(&self, mut translate: impl FnMut(&FieldError) -> String) -> FieldErrors {
        let mut errors = FieldErrors::default();
        for error in &self.core.errors {
            errors.add(error.field().to_owned(), translate(error));
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

    /// What a template needs to show a form of this changeset.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form_with(ToString::to_string)
    }

    /// As [`form`](Self::form), each message written by a function: the place of a translation.
    #[must_use]
    pub fn form_with(&self, translate: impl Fn(&FieldError) -> String) -> Form {
        Form::new(&self.data, &self.core, &translate)
    }
}

impl<S: Schema> fmt::Debug for Changeset<S> {
    /// Shows the changes, those of redacted fields as `**redacted**`, and the errors.
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
                true => map.value(&format_args!("**redacted**")),
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
