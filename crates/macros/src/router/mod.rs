//! `router!`, `routes!`, `path!` and `url!`.
//!
//! ```text
//! tokens -> syntax (what is written) -> plan (every route with its whole path) -> checks, then codegen
//!             ^ options, names                ^ resources, pattern                       | table
//!                                                                                        v
//!                                                                      path! reads the table as a text
//! ```
//!
//! A mistake does not end the work: what it is about is left out, everything else is made, so that one mistake is
//! one error and not also one at every `path!`.

mod assets;
mod checks;
mod codegen;
pub(crate) mod derive;
mod fragment;
mod host;
mod literals;
mod names;
mod options;
mod path;
mod path_literal;
mod pattern;
mod plain;
mod plan;
mod resources;
mod syntax;
mod table;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser as _};
use syn::{Error, Result};

/// What is wrong, all of it.
#[derive(Default)]
pub(crate) struct Mistakes(Vec<Error>);

impl Mistakes {
    fn add(&mut self, span: Span, message: impl std::fmt::Display) {
        self.0.push(Error::new(span, message));
    }

    fn push(&mut self, error: Error) {
        self.0.push(error);
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl ToTokens for Mistakes {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.0.iter().map(Error::to_compile_error));
    }
}

/// `router!`: `{ path of zzz-router } [fragments that are known so far] tokens`.
pub(crate) fn router(input: TokenStream) -> TokenStream {
    let text = input.to_string();
    let parser = |input: ParseStream<'_>| -> Result<TokenStream> {
        let krate = fragment::group(input)?;
        let known = fragment::known(input)?;
        let (tokens, place) = (input.fork(), (!input.is_empty()).then(|| input.span()));
        let mut mistakes = Mistakes::default();
        let mut reader = syntax::Reader::of_router(&known, &mut mistakes);
        let table = reader.table(input);
        if let Some(missing) = reader.missing {
            // What it says stands in another file; it comes back here with that.
            return Ok(fragment::ask(&krate, &known, &missing, &tokens.parse()?));
        }
        let hash = table::hash(place, &text);
        let plan = plan::Plan::of(&table, &mut mistakes);
        checks::check(&table, &plan, &mut mistakes);
        let code = codegen::router(&krate, &table, &plan, hash, !mistakes.is_empty());
        Ok(quote!(#mistakes #code))
    };
    parser.parse2(input).unwrap_or_else(|error| error.to_compile_error())
}

/// `routes!`: `{ path of zzz-router } tokens`.
pub(crate) fn routes(input: TokenStream) -> TokenStream {
    let parser = |input: ParseStream<'_>| -> Result<TokenStream> {
        let krate = fragment::group(input)?;
        let tokens: TokenStream = input.parse()?;
        let mut mistakes = Mistakes::default();
        let mut reader = syntax::Reader::of_fragment(&mut mistakes);
        let table = reader.table_of(tokens.clone());
        let code = codegen::fragment(&krate, &table);
        let macros = fragment::leave(&tokens);
        // `router!` reads the same tokens and says what is wrong with them.
        Ok(quote!(#code #macros))
    };
    parser.parse2(input).unwrap_or_else(|error| error.to_compile_error())
}

/// `path!`: `{ path of zzz-router } "table" tokens`.
pub(crate) fn path(input: TokenStream) -> TokenStream {
    path::expand.parse2(input).unwrap_or_else(|error| path::failed(&error))
}
