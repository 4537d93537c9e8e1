//! Validations, with Ecto's messages. But for `validate_required` they look at changes only: what is in the
//! database already is not checked again. A blank (`None`, `""`) passes them; whether a field may be blank
//! is `validate_required`'s to say.

use std::ops::{Bound, RangeBounds};

use super::{Changeset, Core, FieldError};
use crate::schema::{FieldOf, FieldRef, Record};
use crate::{FieldType, Numeric, Schema, Textual, Value, ValueFor};

/// A bound of [`Changeset::validate_number`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
}

impl From<i32> for Number {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}
impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<u32> for Number {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}
impl From<f64> for Number {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
        }
    }
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Int(number) => Some(Self::Int(*number)),
            Value::Float(number) => Some(Self::Float(*number)),
            _ => None,
        }
    }

    fn compare(self, other: Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(&b)),
            (a, b) => a.as_f64().partial_cmp(&b.as_f64()),
        }
    }

    fn as_f64(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Float(number) => number,
        }
    }
}

impl<S: Schema> Changeset<S> {
    /// The listed fields must not be blank, in the changes or else in the struct: `None`, or a text of
    /// nothing but white space. A field that has an error already gets no second one.
    #[must_use]
    pub fn validate_required<const N: usize>(
        mut self,
        fields: impl FnOnce(&'static S::Columns) -> [FieldRef<S>; N],
    ) -> Self {
        let fields = fields(S::columns()).map(|field| field.index);
        validate_required(&mut self.core, &self.data, &fields);
        self
    }

    /// How many characters a text has: `2..=100`, `..=2000`, `3..`. Characters are Unicode scalar values
    /// (Ecto counts grapheme clusters: there, an emoji of several scalars is one).
    #[must_use]
    pub fn validate_length<F>(mut self, field: F, characters: impl RangeBounds<usize>) -> Self
    where
        F: FieldOf<S>,
        F::Type: Textual,
    {
        let min = match characters.start_bound() {
            Bound::Included(min) => *min,
            Bound::Excluded(min) => min.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let max = match characters.end_bound() {
            Bound::Included(max) => Some(*max),
            Bound::Excluded(max) => Some(max.saturating_sub(1)),
            Bound::Unbounded => None,
        };
        validate(&mut self.core, &self.data, field.field().index, &mut |value| length(value, min, max));
        self
    }

    /// A text must look like this: "has invalid format".
    #[must_use]
    pub fn validate_format<F>(mut self, field: F, looks_right: impl FnOnce(&str) -> bool) -> Self
    where
        F: FieldOf<S>,
        F::Type: Textual,
    {
        let mut looks_right = Some(looks_right);
        validate(&mut self.core, &self.data, field.field().index, &mut |value| {
            let Value::Text(text) = value else { return None };
            let wrong = looks_right.take().is_some_and(|looks_right| !looks_right(text));
            wrong.then(|| FieldError::new("has invalid format").of("format"))
        });
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
        validate(&mut self.core, &self.data, field.field().index, &mut |value| {
            (!values.contains(value)).then(|| FieldError::new("is invalid").of("inclusion"))
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
        validate(&mut self.core, &self.data, field.field().index, &mut |value| {
            values.contains(value).then(|| FieldError::new("is reserved").of("exclusion"))
        });
        self
    }

    /// A number must lie in this range: `1..=5`, `0..`, `..100`, `0.5..1.0`.
    #[must_use]
    pub fn validate_number<F, N>(mut self, field: F, range: impl RangeBounds<N>) -> Self
    where
        F: FieldOf<S>,
        F::Type: Numeric,
        N: Into<Number> + Copy,
    {
        let convert = |bound: Bound<&N>| bound.map(|number| (*number).into());
        let (start, end) = (convert(range.start_bound()), convert(range.end_bound()));
        validate(&mut self.core, &self.data, field.field().index, &mut |value| number(value, start, end));
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
        validate(&mut self.core, &self.data, field.field().index, &mut |value| {
            let value = F::Type::load(value.as_ref()).ok()?;
            check.take()?(&value).err().map(Into::into)
        });
        self
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.trim_start().is_empty(),
        _ => false,
    }
}

fn validate_required(core: &mut Core, data: &dyn Record, fields: &[usize]) {
    for &at in fields {
        let field = &data.meta().fields[at];
        core.required.push(at);
        let has_error = core.errors.iter().any(|error| error.field() == field.name);
        if !has_error && is_blank(&core.value(data, at)) {
            core.changes.remove(at);
            core.error(field, FieldError::new("can't be blank").of("required"));
        }
    }
}

/// Looks at a field if it changes to something that is not blank.
fn validate(
    core: &mut Core,
    data: &dyn Record,
    at: usize,
    check: &mut dyn FnMut(&Value) -> Option<FieldError>,
) {
    let error = match core.changes.get(at) {
        Some(value) if !is_blank(value) => check(value),
        _ => None,
    };
    if let Some(error) = error {
        core.error(&data.meta().fields[at], error);
    }
}

fn length(value: &Value, min: usize, max: Option<usize>) -> Option<FieldError> {
    let Value::Text(text) = value else { return None };
    let count = text.chars().count();
    let error = |message: &'static str, bound: usize| {
        Some(FieldError::new(message).of("length").with("count", bound))
    };
    match max {
        Some(max) if max == min && count != max => error("should be %{count} character(s)", max),
        Some(max) if count > max => error("should be at most %{count} character(s)", max),
        _ if count < min => error("should be at least %{count} character(s)", min),
        _ => None,
    }
}

fn number(value: &Value, start: Bound<Number>, end: Bound<Number>) -> Option<FieldError> {
    let number = Number::of(value)?;
    let error = |message: &'static str, bound: Number| {
        Some(FieldError::new(message).of("number").with("number", bound))
    };
    match start {
        Bound::Included(min) if number.compare(min)?.is_lt() => {
            return error("must be greater than or equal to %{number}", min);
        }
        Bound::Excluded(min) if number.compare(min)?.is_le() => {
            return error("must be greater than %{number}", min);
        }
        _ => {}
    }
    match end {
        Bound::Included(max) if number.compare(max)?.is_gt() => {
            error("must be less than or equal to %{number}", max)
        }
        Bound::Excluded(max) if number.compare(max)?.is_ge() => error("must be less than %{number}", max),
        _ => None,
    }
}
