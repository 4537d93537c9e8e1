//! Reads `#[schema(...)]` on the struct and on its fields.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned as _;
use syn::{DeriveInput, Error, LitBool, LitStr, Result, Token};

use super::relation::RelationOptions;
use crate::nearest::nearest;

const OF_TABLE: [&str; 6] = ["table", "prefix", "primary_key", "timestamps", "debug", "crate"];
const OF_FIELD: [&str; 13] = [
    "primary_key",
    "source",
    "default",
    "virtual",
    "redact",
    "writable",
    "autogenerate",
    "read_after_writes",
    "lock_version",
    "belongs_to",
    "has_one",
    "has_many",
    "many_to_many",
];

/// What `#[schema(...)]` on the struct says.
pub(super) struct TableOptions {
    pub(super) table: String,
    pub(super) prefix: Option<String>,
    pub(super) timestamps: Option<TimestampOptions>,
    /// `primary_key = false`
    pub(super) no_key: bool,
    /// `debug`: the derive writes `impl Debug`.
    pub(super) debug: bool,
    pub(super) path: Option<TokenStream>,
}

/// The names of the fields that the repo sets.
pub(super) struct TimestampOptions {
    pub(super) span: Span,
    pub(super) inserted: Option<String>,
    pub(super) updated: Option<String>,
    /// Without fractions of a second.
    pub(super) seconds: bool,
}

impl TableOptions {
    pub(super) fn read(input: &DeriveInput) -> Result<Self> {
        let (mut table, mut prefix, mut timestamps, mut path, mut no_key) = (None, None, None, None, false);
        let mut debug = false;
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("schema")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("table") {
                    table = Some(text(&meta)?);
                } else if meta.path.is_ident("prefix") {
                    prefix = Some(text(&meta)?);
                } else if meta.path.is_ident("primary_key") && meta.input.peek(Token![=]) {
                    let value: LitBool = meta.value()?.parse()?;
                    if value.value {
                        return Err(Error::new(
                            value.span(),
                            "a schema has a primary key by itself: the field `id`, or those marked with \
                             #[schema(primary_key)]; `primary_key = false` says that there is none",
                        ));
                    }
                    no_key = true;
                } else if meta.path.is_ident("timestamps") {
                    timestamps = Some(self::timestamps(&meta)?);
                } else if meta.path.is_ident("debug") {
                    debug = true;
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
        Ok(Self { table, prefix, timestamps, no_key, debug, path })
    }
}

fn timestamps(meta: &ParseNestedMeta<'_>) -> Result<TimestampOptions> {
    let mut options = TimestampOptions {
        span: meta.path.span(),
        inserted: Some("inserted_at".into()),
        updated: Some("updated_at".into()),
        seconds: false,
    };
    if meta.input.peek(syn::token::Paren) {
        meta.parse_nested_meta(|inner| {
            let name = || -> Result<Option<String>> {
                let value = inner.value()?;
                if value.peek(LitBool) {
                    let flag: LitBool = value.parse()?;
                    return match flag.value {
                        false => Ok(None),
                        true => {
                            Err(Error::new(flag.span(), "give the name of the field, or `false` for none"))
                        }
                    };
                }
                value.parse::<LitStr>().map(|name| Some(name.value()))
            };
            if inner.path.is_ident("inserted_at") {
                options.inserted = name()?;
            } else if inner.path.is_ident("updated_at") {
                options.updated = name()?;
            } else if inner.path.is_ident("precision") {
                let precision: LitStr = inner.value()?.parse()?;
                options.seconds = match &*precision.value() {
                    "seconds" => true,
                    "microseconds" => false,
                    _ => {
                        return Err(Error::new(
                            precision.span(),
                            "a timestamp is in \"seconds\" or \"microseconds\"",
                        ));
                    }
                };
            } else {
                return Err(unknown(
                    &inner,
                    "`timestamps`",
                    &["inserted_at", "updated_at", "precision"],
                    "a field",
                    &OF_FIELD,
                ));
            }
            Ok(())
        })?;
    }
    Ok(options)
}

/// What `#[schema(...)]` on a field says.
#[derive(Default)]
pub(super) struct FieldOptions {
    pub(super) primary_key: bool,
    pub(super) source: Option<String>,
    pub(super) default: Option<TokenStream>,
    pub(super) is_virtual: bool,
    pub(super) redact: bool,
    pub(super) writable: Option<Writing>,
    pub(super) autogenerate: Option<Autogenerate>,
    pub(super) read_after_writes: bool,
    pub(super) lock_version: bool,
    pub(super) relation: Option<RelationOptions>,
}

/// When a field may be written, where that is not always.
#[derive(Clone, Copy)]
pub(super) enum Writing {
    Insert,
    Never,
}

fn writable(meta: &ParseNestedMeta<'_>) -> Result<Option<Writing>> {
    let literal: LitStr = meta.value()?.parse()?;
    match &*literal.value() {
        "always" => Ok(None),
        "insert" => Ok(Some(Writing::Insert)),
        "never" => Ok(Some(Writing::Never)),
        other => Err(Error::new(
            literal.span(),
            format!("a field is writable \"always\", in an \"insert\" or \"never\", not `{other}`"),
        )),
    }
}

/// What makes a field's values.
pub(super) enum Autogenerate {
    Type,
    Function(TokenStream),
}

impl FieldOptions {
    pub(super) fn read(field: &syn::Field) -> Result<Self> {
        let mut options = Self::default();
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("schema")) {
            attribute.parse_nested_meta(|meta| {
                let path = &meta.path;
                if path.is_ident("primary_key") {
                    options.primary_key = true;
                } else if path.is_ident("source") {
                    options.source = Some(text(&meta)?);
                } else if path.is_ident("default") {
                    options.default = Some(meta.value()?.parse::<LitStr>()?.parse::<TokenStream>()?);
                } else if path.is_ident("virtual") {
                    options.is_virtual = true;
                } else if path.is_ident("redact") {
                    options.redact = true;
                } else if path.is_ident("writable") {
                    options.writable = writable(&meta)?;
                } else if path.is_ident("autogenerate") {
                    options.autogenerate = Some(if meta.input.peek(Token![=]) {
                        let function = meta.value()?.parse::<LitStr>()?;
                        let path = function.parse::<syn::Path>()?;
                        Autogenerate::Function(path.to_token_stream())
                    } else {
                        Autogenerate::Type
                    });
                } else if path.is_ident("read_after_writes") {
                    options.read_after_writes = true;
                } else if path.is_ident("lock_version") {
                    options.lock_version = true;
                } else if let Some(relation) = RelationOptions::read(&meta)? {
                    if options.relation.is_some() {
                        return Err(Error::new(path.span(), "a field is one relation; this is a second one"));
                    }
                    options.relation = Some(relation);
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
pub(super) fn text(meta: &ParseNestedMeta<'_>) -> Result<String> {
    let literal: LitStr = meta.value()?.parse()?;
    let text = literal.value();
    if text.is_empty() || text.contains('\0') {
        return Err(Error::new(literal.span(), "a name can not be empty or hold a NUL character"));
    }
    Ok(text)
}

pub(super) fn unknown(
    meta: &ParseNestedMeta<'_>,
    of: &str,
    known: &[&str],
    other: &str,
    known_there: &[&str],
) -> Error {
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
