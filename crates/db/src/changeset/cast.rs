//! `cast`: from what a user sent to typed changes.

use zzz_core::{Param, Params};

use super::{Changeset, Core, FieldError};
use crate::Schema;
use crate::schema::{FieldRef, Record};

/// How [`Changeset::cast_with`] casts otherwise.
///
/// ```
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "notes")]
/// # struct Note { id: i64, body: String }
/// use zzz_core::{Param, Params};
/// use zzz_db::changeset::CastOptions;
/// use zzz_db::{Changeset, fields};
///
/// let mut params = Params::new();
/// params.insert("body", Param::Text("  kept ".into()));
/// let note = Changeset::new(Note::default());
/// let note = note.cast_with(&params, fields![body], CastOptions::new().trim()).apply_changes()?;
/// assert_eq!(note.body, "kept");
/// # Ok::<(), zzz_db::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct CastOptions<'a> {
    is_empty: &'a dyn Fn(&Param) -> bool,
    force_changes: bool,
    trim: bool,
}

impl std::fmt::Debug for CastOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CastOptions")
            .field("force_changes", &self.force_changes)
            .field("trim", &self.trim)
            .finish_non_exhaustive()
    }
}

impl Default for CastOptions<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> CastOptions<'a> {
    /// As [`Changeset::cast`] does it.
    #[must_use]
    pub fn new() -> Self {
        Self { is_empty: &is_empty, force_changes: false, trim: false }
    }

    /// What counts as empty, instead of a text of nothing but white space: `&|_| false` is for nothing at
    /// all. JSON's `null` is the field's blank in any case.
    #[must_use]
    pub fn empty_values(mut self, is_empty: &'a dyn Fn(&Param) -> bool) -> Self {
        self.is_empty = is_empty;
        self
    }

    /// A value that the struct has already is a change too, and is written.
    #[must_use]
    pub fn force_changes(mut self) -> Self {
        self.force_changes = true;
        self
    }

    /// Takes white space from both ends of texts.
    #[must_use]
    pub fn trim(mut self) -> Self {
        self.trim = true;
        self
    }
}

impl<S: Schema> Changeset<S> {
    /// Takes the listed fields from what a user sent; anything else in `params` is ignored, and so is a field
    /// that [may not be written](crate::Schema#on-a-field).
    ///
    /// A value that is not of the field's type is the error "is invalid": a text that is no number, but also
    /// a number for a text in JSON, and a NUL character in a text. An empty text and one of white space only
    /// are the field's `#[schema(default = "...")]`, or without one its blank, as JSON's `null` is: `None`, or
    /// `""` for a `String`; a field whose type has no blank "can't be blank". In a list, empty texts are left
    /// out. (Ecto's default `empty_values`; a text is not trimmed otherwise.)
    ///
    /// May be called several times. A value the struct has already is no change.
    #[must_use]
    pub fn cast<const N: usize>(
        self,
        params: &Params,
        fields: impl FnOnce(&'static S::Columns<S>) -> [FieldRef<S>; N],
    ) -> Self {
        self.cast_with(params, fields, CastOptions::new())
    }

    /// As [`cast`](Self::cast), otherwise.
    #[must_use]
    pub fn cast_with<const N: usize>(
        mut self,
        params: &Params,
        fields: impl FnOnce(&'static S::Columns<S>) -> [FieldRef<S>; N],
        options: CastOptions<'_>,
    ) -> Self {
        let fields = fields(S::columns()).map(|field| field.index);
        cast(&mut self.core, &self.data, params, &fields, options);
        self
    }
}

fn cast(core: &mut Core, data: &dyn Record, params: &Params, fields: &[usize], options: CastOptions<'_>) {
    core.step();
    core.is_cast = true;
    for (name, param) in params.iter().filter(|(name, _)| name.ends_with("_confirmation")) {
        core.confirmations.retain(|(known, _)| known != name);
        core.confirmations.push((name.to_owned(), param.clone()));
    }
    for &at in fields {
        let field = &data.meta().fields[at];
        let Some(given) = params.get(field.name).filter(|_| field.writable.ever()) else { continue };
        core.params.retain(|(known, _)| *known != at);
        core.params.push((at, given.clone()));
        let prepared = prepared(given, options);
        let param = prepared.as_ref().unwrap_or(given);
        let is_null = matches!(param, Param::Null);
        if is_null || (options.is_empty)(param) {
            let default = field.default.filter(|_| !is_null).map(|default| default());
            match default.or_else(field.blank) {
                Some(blank) => set(core, data, at, blank, options),
                None => core.error(field, FieldError::of("required", "can't be blank")),
            }
            continue;
        }
        match (field.cast)(param) {
            Ok(value) => set(core, data, at, value, options),
            Err(_) => core.error(field, FieldError::of("cast", "is invalid")),
        }
    }
}

fn set(core: &mut Core, data: &dyn Record, at: usize, value: crate::Value, options: CastOptions<'_>) {
    match options.force_changes {
        true => core.changes.set(at, value),
        false => core.change(data, at, value),
    }
}

/// The value without what is left out before the cast; `None` if it is as it came.
fn prepared(param: &Param, options: CastOptions<'_>) -> Option<Param> {
    match param {
        Param::Text(text) if options.trim && text.trim().len() < text.len() => {
            Some(Param::Text(text.trim().to_owned()))
        }
        Param::List(items) => {
            let is_empty = |item: &Param| item.as_text().is_some() && (options.is_empty)(item);
            let any = items.iter().any(|item| is_empty(item) || prepared(item, options).is_some());
            any.then(|| {
                let kept = items.iter().filter(|item| !is_empty(item));
                Param::List(
                    kept.map(|item| prepared(item, options).unwrap_or_else(|| item.clone())).collect(),
                )
            })
        }
        _ => None,
    }
}

fn is_empty(param: &Param) -> bool {
    param.as_text().is_some_and(|text| text.trim_start().is_empty())
}
