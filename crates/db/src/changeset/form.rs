//! [`Form`]: a changeset as a template shows it.

use std::borrow::Cow;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use zzz_core::Param;

use super::{Core, FieldError};
use crate::schema::Record;

/// What a template needs to show a form: for each field what to fill in and what is wrong with it.
///
/// It serializes as `{"title": {"name": "title", "value": "...", "errors": ["..."], "required": true,
/// "attributes": {"minlength": "2", "maxlength": "100"}}, ...}`, so that a template writes `form.title.value` and
/// loops over `form.title.errors`. The value is what the user typed, if they did, else the struct's; a redacted
/// field is never filled in. Errors are there once the changeset was used: a form that was not sent yet shows
/// none.
///
/// What has an error and is no field (`title_confirmation`, a relation) is there too.
#[derive(Debug, Clone)]
pub struct Form {
    fields: Vec<FormField>,
}

/// A field of a [`Form`].
#[derive(Debug, Clone)]
pub struct FormField {
    name: Cow<'static, str>,
    value: String,
    values: Vec<String>,
    errors: Vec<String>,
    required: bool,
    attributes: Vec<(&'static str, String)>,
}

impl Form {
    pub(super) fn new(data: &dyn Record, core: &Core, translate: &dyn Fn(&FieldError) -> String) -> Self {
        let errors = |name: &str| match core.action {
            Some(_) => core.errors.iter().filter(|error| error.field() == name).map(translate).collect(),
            None => Vec::new(),
        };
        let fields = data.meta().fields.iter().enumerate();
        let mut fields: Vec<FormField> = fields
            .map(|(at, field)| {
                let (value, values) = match field.is_redacted {
                    true => Default::default(),
                    false => shown(data, core, at),
                };
                FormField {
                    name: field.name.into(),
                    value,
                    values,
                    errors: errors(field.name),
                    required: core.required.contains(&at),
                    attributes: attributes(core, at),
                }
            })
            .collect();
        for error in core.errors.iter().filter(|_| core.action.is_some()) {
            if !fields.iter().any(|field| field.name == error.field()) {
                fields.push(FormField {
                    name: error.field().to_owned().into(),
                    value: String::new(),
                    values: Vec::new(),
                    errors: errors(error.field()),
                    required: false,
                    attributes: Vec::new(),
                });
            }
        }
        Self { fields }
    }

    /// A field by its name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FormField> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Every field, in the order of the struct.
    #[must_use]
    pub fn fields(&self) -> &[FormField] {
        &self.fields
    }
}

/// Of several validations that give the same attribute, the narrower one counts.
fn attributes(core: &Core, at: usize) -> Vec<(&'static str, String)> {
    let mut attributes: Vec<(&'static str, String)> = Vec::new();
    let validations = core.validations.iter().filter(|(of, _)| *of == at);
    for (name, value) in validations.flat_map(|(_, validation)| validation.attributes()) {
        match attributes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => {
                let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
                let narrower = match name {
                    "maxlength" | "max" => number(&value) < number(known),
                    "minlength" | "min" => number(&value) > number(known),
                    _ => true,
                };
                if narrower {
                    *known = value;
                }
            }
            None => attributes.push((name, value)),
        }
    }
    attributes
}

impl FormField {
    /// The field's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text to fill in.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The items of a list that was typed: what several inputs of the name `tags[]` are filled with.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
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

    /// The attributes of an HTML input that let a browser check what the changeset checks: `minlength`,
    /// `maxlength`, `min`, `max`, `pattern`. Browsers count UTF-16 units, so they may refuse a text of emojis
    /// that the server would take.
    #[must_use]
    pub fn attributes(&self) -> &[(&'static str, String)] {
        &self.attributes
    }

    /// An attribute by its name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }
}

/// The text of a field, and the items of a list.
fn shown(data: &dyn Record, core: &Core, at: usize) -> (String, Vec<String>) {
    let Some((_, given)) = core.params.iter().find(|(known, _)| *known == at) else {
        return (core.value(data, at).to_text(), Vec::new());
    };
    match given {
        Param::List(items) => (String::new(), items.iter().filter_map(text).collect()),
        given => (text(given).unwrap_or_default(), Vec::new()),
    }
}

fn text(param: &Param) -> Option<String> {
    match param {
        Param::Text(text) => Some(text.clone()),
        Param::Int(number) => Some(number.to_string()),
        Param::Float(number) => Some(number.to_string()),
        Param::Bool(value) => Some(value.to_string()),
        Param::Null | Param::List(_) | Param::Map(_) => None,
    }
}

impl Serialize for Form {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields.iter().map(|field| (&*field.name, field)))
    }
}

/// Pairs as a map.
struct Pairs<'a>(&'a [(&'static str, String)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Serialize for FormField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("value", &self.value)?;
        map.serialize_entry("values", &self.values)?;
        map.serialize_entry("errors", &self.errors)?;
        map.serialize_entry("required", &self.required)?;
        map.serialize_entry("attributes", &Pairs(&self.attributes))?;
        map.end()
    }
}
