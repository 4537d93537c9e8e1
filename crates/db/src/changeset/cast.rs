//! `cast`: from what a user sent to typed changes.

use zzz_core::{Param, Params};

use super::{Changeset, Core, FieldError};
use crate::Schema;
use crate::schema::{FieldRef, Record};

impl<S: Schema> Changeset<S> {
    /// Takes the listed fields from what a user sent; anything else in `params` is ignored.
    ///
    /// A value that is not of the field's type is the error "is invalid": a text that is no number, but also
    /// a number for a text in JSON, and a NUL character in a text. An empty text, one of white space only and
    /// JSON's `null` are the field's blank: `None`, or `""` for a `String`; a field whose type has no blank
    /// "can't be blank". (Ecto's default `empty_values`; a text is not trimmed otherwise.)
    ///
    /// May be called several times. A value the struct has already is no change.
    #[must_use]
    pub fn cast<const N: usize>(
        mut self,
        params: &Params,
        fields: impl FnOnce(&'static S::Columns) -> [FieldRef<S>; N],
    ) -> Self {
        let fields = fields(S::columns()).map(|field| field.index);
        cast(&mut self.core, &self.data, params, &fields);
        self
    }
}

fn cast(core: &mut Core, data: &dyn Record, params: &Params, fields: &[usize]) {
    for &at in fields {
        let field = &data.meta().fields[at];
        let Some(param) = params.get(field.name) else { continue };
        core.params.retain(|(known, _)| *known != at);
        core.params.push((at, param.clone()));
        if is_empty(param) {
            match (field.blank)() {
                Some(blank) => core.change(data, at, blank),
                None => core.error(field, FieldError::new("can't be blank").of("required")),
            }
            continue;
        }
        match (field.cast)(param) {
            Ok(value) => core.change(data, at, value),
            Err(_) => core.error(field, FieldError::new("is invalid").of("cast")),
        }
    }
}

fn is_empty(param: &Param) -> bool {
    match param {
        Param::Null => true,
        Param::Text(text) => text.trim_start().is_empty(),
        _ => false,
    }
}
