//! What was validated, for the attributes of a form's inputs and for documentation.

use std::borrow::Cow;

use super::{Changeset, Comparison, Number, Unit};
use crate::{ConstraintKind, Schema, Value};

/// A validation that a changeset has made of a field, whether it held or not.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
pub enum Validation {
    /// `validate_length`; `min` and `max` are both allowed.
    Length {
        /// What is counted.
        unit: Unit,
        /// The shortest that is allowed.
        min: Option<usize>,
        /// The longest that is allowed.
        max: Option<usize>,
    },
    /// `validate_format`, with HTML's pattern if there is one.
    Format {
        /// The regular expression for the whole text.
        pattern: Option<Cow<'static, str>>,
    },
    /// `validate_inclusion`
    Inclusion(Vec<Value>),
    /// `validate_exclusion`
    Exclusion(Vec<Value>),
    /// `validate_subset`, with the values as a JSON list.
    Subset(Value),
    /// `validate_number`
    Number(Vec<(Comparison, Number)>),
    /// `validate_confirmation`
    Confirmation,
    /// `validate_acceptance`
    Acceptance,
    /// `validate_change`
    Custom,
    /// `unsafe_validate_unique`
    UnsafeUnique,
}

impl Validation {
    /// The attributes of an HTML input that ask the browser for the same.
    pub(super) fn attributes(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Length { unit: Unit::Items | Unit::Bytes, .. } => Vec::new(),
            Self::Length { min, max, .. } => {
                // A text of no characters is one that was left out: `required` says that.
                let min = min.filter(|min| *min > 0).map(|min| ("minlength", min.to_string()));
                min.into_iter().chain(max.map(|max| ("maxlength", max.to_string()))).collect()
            }
            Self::Format { pattern } => {
                pattern.iter().map(|pattern| ("pattern", pattern.clone().into_owned())).collect()
            }
            Self::Number(bounds) => {
                let attribute = |(comparison, number): &(Comparison, Number)| match comparison {
                    Comparison::GreaterThanOrEqualTo => Some(("min", number.to_string())),
                    Comparison::LessThanOrEqualTo => Some(("max", number.to_string())),
                    _ => None,
                };
                bounds.iter().filter_map(attribute).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl<S: Schema> Changeset<S> {
    /// What was validated, by the names of the fields, in order.
    pub fn validations(&self) -> impl Iterator<Item = (&'static str, &Validation)> {
        self.core.validations.iter().map(|(at, validation)| (S::META.fields[*at].name, validation))
    }

    /// The names of the fields that [`validate_required`](Self::validate_required) asks for.
    pub fn required_fields(&self) -> impl Iterator<Item = &'static str> {
        self.core.required.iter().map(|at| S::META.fields[*at].name)
    }

    /// The constraints that were declared: their kinds, and the names of the fields that get their errors.
    pub fn constraints(&self) -> impl Iterator<Item = (ConstraintKind, &'static str)> {
        self.core.rules.iter().map(|rule| (rule.kind, rule.on))
    }
}
