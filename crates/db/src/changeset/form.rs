//! [`Form`]: a changeset as a template shows it.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use zzz_core::Param;

use super::Core;
use crate::schema::Record;

/// What a template needs to show a form: for each field what to fill in and what is wrong with it.
///
/// It serializes as `{"title": {"name": "title", "value": "...", "errors": ["..."], "required": true}, ...}`,
/// so that a template writes `form.title.value` and loops over `form.title.errors`. The value is what the
/// user typed, if they did, else the struct's; a redacted field is never filled in. Errors are there once the
/// changeset was used: a form that was not sent yet shows none.
#[derive(Debug, Clone)]
pub struct Form {
    fields: Vec<FormField>,
}

/// A field of a [`Form`].
#[derive(Debug, Clone)]
pub struct FormField {
    name: &'static str,
    value: String,
    errors: Vec<String>,
    required: bool,
}

impl Form {
    pub(super) fn new(data: &dyn Record, core: &Core) -> Self {
        let fields = data.meta().fields.iter().enumerate();
        let fields = fields.map(|(at, field)| FormField {
            name: field.name,
            value: if field.is_redacted { String::new() } else { shown(data, core, at) },
            errors: match core.action {
                Some(_) => core
                    .errors
                    .iter()
                    .filter(|error| error.field() == field.name)
                    .map(ToString::to_string)
                    .collect(),
                None => Vec::new(),
            },
            required: core.required.contains(&at),
        });
        Self { fields: fields.collect() }
    }

    /// A field by its name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FormField> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl FormField {
    /// The text to fill in.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What is wrong with it.
    #[must_use]
    pub fn errors(&self) -> &[String] {
        &self.errors
    }

    /// Whether `validate_required` asks for it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required
    }
}

fn shown(data: &dyn Record, core: &Core, at: usize) -> String {
    match core.params.iter().find(|(known, _)| *known == at) {
        Some((_, Param::Text(text))) => text.clone(),
        Some((_, Param::Int(number))) => number.to_string(),
        Some((_, Param::Float(number))) => number.to_string(),
        Some((_, Param::Bool(value))) => value.to_string(),
        Some((_, Param::Null | Param::List(_) | Param::Map(_))) => String::new(),
        None => core.value(data, at).to_text(),
    }
}

impl Serialize for Form {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields.iter().map(|field| (field.name, field)))
    }
}

impl Serialize for FormField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("name", self.name)?;
        map.serialize_entry("value", &self.value)?;
        map.serialize_entry("errors", &self.errors)?;
        map.serialize_entry("required", &self.required)?;
        map.end()
    }
}
