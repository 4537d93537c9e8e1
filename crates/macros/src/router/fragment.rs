//! Fragments: routes in another file, which `router!` includes.
//!
//! A macro sees its own tokens alone. So `routes!` leaves a macro behind that hands its tokens on, and `router!`, when
//! it meets an `include` whose fragment it does not know, expands to a call of that macro with all that it was given
//! itself. The fragment's macro calls `router!` again, with its own tokens added, until all are known. Spans stay what
//! they were, so that a mistake is shown in the fragment's file.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Path, PathSegment, Result, Token, braced, bracketed};

/// A fragment that is known.
pub(super) struct Fragment {
    /// Its path as a text.
    pub(super) key: String,
    path: Path,
    pub(super) tokens: TokenStream,
}

impl Fragment {
    /// What holds the constants of its handlers, beside its macro.
    pub(super) fn owner(&self) -> TokenStream {
        let module = self.module();
        quote!(#module __Fragment)
    }

    /// The path of its module, with `::` at the end.
    fn module(&self) -> TokenStream {
        let leading = self.path.leading_colon;
        let segments = self.path.segments.iter().take(self.path.segments.len() - 1);
        quote!(#leading #(#segments ::)*)
    }

    /// A path that is written in this fragment, as seen from the router.
    pub(super) fn resolve(&self, path: &Path) -> Path {
        let first = path.segments.first().map(|segment| segment.ident.to_string()).unwrap_or_default();
        if path.leading_colon.is_some() || first == "crate" || first == "$crate" {
            return path.clone();
        }
        let mut segments: Vec<PathSegment> = self.path.segments.iter().cloned().collect();
        segments.pop();
        for segment in &path.segments {
            let is_up = |segment: &PathSegment| segment.ident == "super" || segment.ident == "crate";
            match segment.ident.to_string().as_str() {
                "self" => {}
                "super" if segments.last().is_some_and(|last| !is_up(last)) => {
                    segments.pop();
                }
                _ => segments.push(segment.clone()),
            }
        }
        let segments: Punctuated<PathSegment, Token![::]> = segments.into_iter().collect();
        Path { leading_colon: self.path.leading_colon, segments }
    }
}

/// The tokens in braces.
pub(super) fn group(input: ParseStream<'_>) -> Result<TokenStream> {
    let content;
    braced!(content in input);
    content.parse()
}

/// `[{path} {tokens} {path} {tokens}]`
pub(super) fn known(input: ParseStream<'_>) -> Result<Vec<Fragment>> {
    let content;
    bracketed!(content in input);
    let mut fragments = Vec::new();
    while !content.is_empty() {
        let inner;
        braced!(inner in content);
        let path: Path = inner.parse()?;
        let tokens = group(&content)?;
        fragments.push(Fragment { key: path.to_token_stream().to_string(), path, tokens });
    }
    Ok(fragments)
}

/// The call of a fragment's macro.
pub(super) fn ask(
    krate: &TokenStream,
    known: &[Fragment],
    missing: &Path,
    tokens: &TokenStream,
) -> TokenStream {
    let known = known.iter().map(|Fragment { path, tokens, .. }| quote!({ #path } { #tokens }));
    quote! {
        #missing! { { #krate } [ #(#known)* ] { #missing } { #tokens } }
    }
}

/// The macro that hands a fragment's tokens on.
pub(super) fn leave(tokens: &TokenStream) -> TokenStream {
    // A `$` of the user's would be read as one of the macro's.
    let tokens = TokenTree::Group(Group::new(Delimiter::Brace, tokens.clone()));
    quote! {
        #[doc(hidden)]
        #[allow(unused_macros)]
        macro_rules! __zzz_routes {
            ({ $krate:tt } [ $($known:tt)* ] { $($path:tt)* } { $($table:tt)* }) => {
                $krate::__private::router! { { $krate } [ $($known)* { $($path)* } #tokens ] $($table)* }
            };
        }
        #[doc(hidden)]
        pub(crate) use __zzz_routes as routes;
    }
}
