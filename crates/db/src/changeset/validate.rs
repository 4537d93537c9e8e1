//! Validations, with Ecto's messages. But for `validate_required` they look at changes only: what is in the
//! database already is not checked again. A blank (`None`, `""`) passes them; whether a field may be blank
//! is `validate_required`'s to say.

use std::borrow::Cow;

use zzz_core::Param;

use super::{Changeset, Core, FieldError, Validation};
use crate::schema::{FieldOf, FieldRef, Record};
use crate::{FieldType, Schema, Textual, Value, ValueFor};

/// Types with which a user agrees or not: their fields have `validate_acceptance`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither yes nor no",
    note = "`validate_acceptance` works on fields of type bool or Option<bool>; one that is not kept is `#[schema(virtual)]`"
)]
pub trait Consent: FieldType {}
impl Consent for bool {}
impl Consent for Option<bool> {}

impl<S: Schema> Changeset<S> {
    /// The listed fields must not be blank, in the changes or else in the struct: `None`, or a text of
    /// nothing but white space. A field that has an error already gets no second one.
    #[must_use]
    pub fn validate_required<const N: usize>(
        self,
        fields: impl FnOnce(&'static S::Columns<S>) -> [FieldRef<S>; N],
    ) -> Self {
        self.required(&fields(S::columns()), true)
    }

    /// As [`validate_required`](Self::validate_required), and a text of white space is not blank: Ecto's
    /// `trim: false`. For texts whose [cast](super::CastOptions::empty_values) keeps white space.
    #[must_use]
    pub fn validate_required_untrimmed<const N: usize>(
        self,
        fields: impl FnOnce(&'static S::Columns<S>) -> [FieldRef<S>; N],
    ) -> Self {
        self.required(&fields(S::columns()), false)
    }

    fn required(mut self, fields: &[FieldRef<S>], trim: bool) -> Self {
        self.core.step();
        for field in fields {
            validate_required(&mut self.core, &self.data, field.index, trim);
        }
        self
    }

    /// A text must look like this: "has invalid format". With a regular expression: `|text| regex.is_match(text)`.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "users")]
    /// # struct User { id: i64, email: String }
    /// # use zzz_db::Changeset;
    /// # fn with(changeset: Changeset<User>) -> Changeset<User> {
    /// changeset.validate_format(User::email, |email| email.contains('@')).message("must have an @")
    /// # }
    /// ```
    #[must_use]
    pub fn validate_format<F>(mut self, field: F, fits: impl FnOnce(&str) -> bool) -> Self
    where
        F: FieldOf<S>,
        F::Type: Textual,
    {
        let validation = Validation::Format { pattern: None };
        format(&mut self.core, &self.data, field.field().index, validation, fits);
        self
    }

    /// As [`validate_format`](Self::validate_format), with the regular expression by which browsers check the
    /// whole text: HTML's attribute `pattern`. On the server the function decides.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "users")]
    /// # struct User { id: i64, name: String }
    /// use zzz_db::Changeset;
    ///
    /// let changeset = Changeset::new(User::default())
    ///     .put_change(User::name, "Ann")
    ///     .validate_pattern(User::name, "[a-z]+", |name| name.bytes().all(|byte| byte.is_ascii_lowercase()));
    /// assert_eq!(changeset.errors()[0].to_string(), "has invalid format");
    /// assert_eq!(changeset.form().field("name").unwrap().attribute("pattern"), Some("[a-z]+"));
    /// ```
    #[must_use]
    pub fn validate_pattern<F>(
        mut self,
        field: F,
        html: impl Into<Cow<'static, str>>,
        fits: impl FnOnce(&str) -> bool,
    ) -> Self
    where
        F: FieldOf<S>,
        F::Type: Textual,
    {
        let validation = Validation::Format { pattern: Some(html.into()) };
        format(&mut self.core, &self.data, field.field().index, validation, fits);
        self
    }

    /// The value must be one of these: "is invalid".
    #[must_use]
    pub fn validate_inclusion<F, V>(mut self, field: F, values: impl IntoIterator<Item = V>) -> Self
    where
        F: FieldOf<S>,
        V: ValueFor<F::Type>,
    {
        let values: Vec<Value> = values.into_iter().map(V::into_value).collect();
        let validation = Validation::Inclusion(values.clone());
        validate(&mut self.core, &self.data, field.field().index, validation, &mut |value| {
            (!values.contains(value))
                .then(|| FieldError::of("inclusion", "is invalid").with("enum", listed(&values)))
        });
        self
    }

    /// The value must be none of these: "is reserved".
    #[must_use]
    pub fn validate_exclusion<F, V>(mut self, field: F, values: impl IntoIterator<Item = V>) -> Self
    where
        F: FieldOf<S>,
        V: ValueFor<F::Type>,
    {
        let values: Vec<Value> = values.into_iter().map(V::into_value).collect();
        let validation = Validation::Exclusion(values.clone());
        validate(&mut self.core, &self.data, field.field().index, validation, &mut |value| {
            values
                .contains(value)
                .then(|| FieldError::of("exclusion", "is reserved").with("enum", listed(&values)))
        });
        self
    }

    /// What was typed a second time, as `{field}_confirmation`, must be the same: "does not match
    /// confirmation", an error of `{field}_confirmation`. Where nothing of that name was sent, nothing is
    /// compared; [`validate_confirmation_required`](Self::validate_confirmation_required) wants it.
    ///
    /// The field itself has to be cast; the other needs no field of the struct.
    #[must_use]
    pub fn validate_confirmation<F: FieldOf<S>>(mut self, field: F) -> Self {
        validate_confirmation(&mut self.core, &self.data, field.field().index, false);
        self
    }

    /// As [`validate_confirmation`](Self::validate_confirmation), and if the field was sent, so must the other
    /// be: else it "can't be blank". (Ecto's `required: true`.)
    #[must_use]
    pub fn validate_confirmation_required<F: FieldOf<S>>(mut self, field: F) -> Self {
        validate_confirmation(&mut self.core, &self.data, field.field().index, true);
        self
    }

    /// Once something was cast, the field must be true: "must be accepted". For terms of service and their
    /// kin; the field has to be cast, and is often virtual.
    #[must_use]
    pub fn validate_acceptance<F>(mut self, field: F) -> Self
    where
        F: FieldOf<S>,
        F::Type: Consent,
    {
        let at = field.field().index;
        self.core.step();
        self.core.validations.push((at, Validation::Acceptance));
        let field = &S::META.fields[at];
        let refused = self.core.value(&self.data, at) != Value::Bool(true);
        if self.core.is_cast && refused && !self.core.has_error(field) {
            self.core.error(field, FieldError::of("acceptance", "must be accepted"));
        }
        self
    }

    /// A check of your own on a field that changes: `Err("message")` adds an error.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, title: String }
    /// # use zzz_db::Changeset;
    /// # fn with(changeset: Changeset<Post>) -> Changeset<Post> {
    /// changeset.validate_change(Post::title, |title| match title.contains("FREE!!!") {
    ///     true => Err("looks like an advertisement"),
    ///     false => Ok(()),
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn validate_change<F, E>(mut self, field: F, check: impl FnOnce(&F::Type) -> Result<(), E>) -> Self
    where
        F: FieldOf<S>,
        E: Into<FieldError>,
    {
        let mut check = Some(check);
        validate(&mut self.core, &self.data, field.field().index, Validation::Custom, &mut |value| {
            let value = F::Type::load(value.as_ref()).ok()?;
            check.take()?(&value).err().map(Into::into)
        });
        self
    }
}

fn format(
    core: &mut Core,
    data: &dyn Record,
    at: usize,
    validation: Validation,
    fits: impl FnOnce(&str) -> bool,
) {
    let mut fits = Some(fits);
    validate(core, data, at, validation, &mut |value| {
        let Value::Text(text) = value else { return None };
        let wrong = fits.take().is_some_and(|fits| !fits(text));
        wrong.then(|| FieldError::of("format", "has invalid format"))
    });
}

/// Values as the param of an error.
fn listed(values: &[Value]) -> Param {
    Param::List(values.iter().map(shown).collect())
}

fn shown(value: &Value) -> Param {
    match value {
        Value::Bool(value) => Param::Bool(*value),
        Value::Int(number) => Param::Int(*number),
        Value::Float(number) => Param::Float(*number),
        other => Param::Text(other.to_text()),
    }
}

pub(super) fn is_blank(value: &Value, trim: bool) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) if trim => text.trim_start().is_empty(),
        Value::Text(text) => text.is_empty(),
        _ => false,
    }
}

fn validate_required(core: &mut Core, data: &dyn Record, at: usize, trim: bool) {
    let field = &data.meta().fields[at];
    core.required.push(at);
    if !core.has_error(field) && is_blank(&core.value(data, at), trim) {
        core.changes.remove(at);
        core.error(field, FieldError::of("required", "can't be blank"));
    }
}

fn validate_confirmation(core: &mut Core, data: &dyn Record, at: usize, required: bool) {
    core.step();
    core.validations.push((at, Validation::Confirmation));
    let name = data.meta().fields[at].name;
    let Some((_, given)) = core.params.iter().find(|(known, _)| *known == at) else { return };
    let other = format!("{name}_confirmation");
    let error = match core.confirmations.iter().find(|(known, _)| *known == other) {
        Some((_, confirmation)) if confirmation == given => return,
        Some(_) => FieldError::of("confirmation", "does not match confirmation"),
        None if required => FieldError::of("required", "can't be blank"),
        None => return,
    };
    core.errors.push(error.on(other));
}

/// Looks at a field if it changes to something that is not blank.
pub(super) fn validate(
    core: &mut Core,
    data: &dyn Record,
    at: usize,
    validation: Validation,
    check: &mut dyn FnMut(&Value) -> Option<FieldError>,
) {
    core.step();
    core.validations.push((at, validation));
    let error = match core.changes.get(at) {
        Some(value) if !is_blank(value, true) => check(value),
        _ => None,
    };
    if let Some(error) = error {
        core.error(&data.meta().fields[at], error);
    }
}
