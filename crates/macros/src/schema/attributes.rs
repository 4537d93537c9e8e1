//! Reads `#[schema(...)]` on the struct and on its fields.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned as _;
use syn::{DeriveInput, Error, LitStr, Result};

use crate::nearest::nearest;

const OF_TABLE: [&str; 3] = ["table", "timestamps", "crate"];
const OF_FIELD: [&str; 4] = ["primary_key", "source", "virtual", "redact"];

/// What `#[schema(...)]` on the struct says.
pub(super) struct TableOptions {
    pub(super) table: String,
    pub(super) timestamps: Option<Span>,
    pub(super) path: Option<TokenStream>,
}

impl TableOptions {
    pub(super) fn read(input: &DeriveInput) -> Result<Self> {
        let (mut table, mut timestamps, mut path) = (None, None, None);
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("schema")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("table") {
                    table = Some(text(&meta)?);
                } else if meta.path.is_ident("timestamps") {
                    timestamps = Some(meta.path.span());
                } else if meta.path.is_ident("crate") {
                    path = Some(meta.value()?.parse::<LitStr>()?.parse::<syn::Path>()?.to_token_stream());
                } else {
                    return Err(unknown(&meta, "a schema", &OF_TABLE, "a field", &OF_FIELD));
                }
                Ok(())
            })?;
        }
        let Some(table) = table else {
            return Err(Error::new(
                input.ident.span(),
                "a schema needs the name of its table: add #[schema(table = \"...\")]",
            ));
        };
        Ok(Self { table, timestamps, path })
    }
}

/// What `#[schema(...)]` on a field says.
#[derive(Default)]
pub(super) struct FieldOptions {
    pub(super) primary_key: bool,
    pub(super) source: Option<String>,
    pub(super) is_virtual: bool,
    pub(super) redact: bool,
}

impl FieldOptions {
    pub(super) fn read(field: &syn::Field) -> Result<Self> {
        let mut options = Self::default();
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("schema")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("primary_key") {
                    options.primary_key = true;
                } else if meta.path.is_ident("source") {
                    options.source = Some(text(&meta)?);
                } else if meta.path.is_ident("virtual") {
                    options.is_virtual = true;
                } else if meta.path.is_ident("redact") {
                    options.redact = true;
                } else {
                    return Err(unknown(&meta, "a field", &OF_FIELD, "a schema", &OF_TABLE));
                }
                Ok(())
            })?;
        }
        Ok(options)
    }
}

/// A name for the database; it is quoted everywhere, so only what no database takes is refused.
fn text(meta: &ParseNestedMeta<'_>) -> Result<String> {
    let literal: LitStr = meta.value()?.parse()?;
    let text = literal.value();
    if text.is_empty() || text.contains('\0') {
        return Err(Error::new(literal.span(), "a name can not be empty or hold a NUL character"));
    }
    Ok(text)
}

fn unknown(meta: &ParseNestedMeta<'_>, of: &str, known: &[&str], other: &str, known_there: &[&str]) -> Error {
    let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
    let hint = if known_there.contains(&&*word) {
        format!("it belongs on {other}")
    } else {
        match nearest(&word, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", known.join(", ")),
        }
    };
    Error::new(meta.path.span(), format!("{of} has no option `{word}`; {hint}"))
}
