//! That the handlers fit the paths of their routes, and that `resources` have the functions that they need.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::quote;

use super::super::pattern;
use super::super::plan::{Plan, Planned, Step};
use super::super::syntax::{HandlerRef, Item, Resources, Table};
use super::super::table::Patterns;

/// The checks, and the kinds of the parameters.
pub(super) fn checks(
    private: &TokenStream,
    hash: u64,
    written: &Table,
    plan: &Plan,
    patterns: &Patterns<'_>,
) -> TokenStream {
    let mut code = Vec::new();
    for resources in all_resources(&written.items) {
        let Resources { actions, handlers, .. } = resources;
        if actions.is_empty() {
            continue;
        }
        let (array, text) = (handlers.list.shapes(), handlers.name());
        let new = quote!(#private::Complete::new(#text, &[#(#actions),*]));
        let check = called(&new, "check", &quote!(&#array), handlers.ends());
        code.push(quote!(const _: () = #check;));
    }
    let mut kinds = Vec::new();
    for (full, routes) in patterns {
        let names = pattern::params(&routes[0].segments);
        let handlers = handlers(routes);
        code.push(fit(private, full, &names, handlers.iter().map(|handler| (*handler, handler.name()))));
        kinds.push(if names.is_empty() {
            quote!(&[],)
        } else {
            let shapes = handlers.iter().map(|handler| handler.shape());
            quote!(&#private::kinds(&[#(#names),*], &[#(&#shapes),*]),)
        });
    }
    plan.root.each(&mut |step| {
        let Step::Fallback { full, handler, .. } = step else { return };
        let names = pattern::parse(full).map(|segments| pattern::params(&segments)).unwrap_or_default();
        let full = if full.is_empty() { "/" } else { full };
        code.push(fit(private, full, &names, [(handler, "the fallback")].into_iter()));
    });
    let kinds: TokenStream = kinds.into_iter().collect();
    code.push(quote! {
        #[doc(hidden)]
        impl __Routes {
            // One constant for all, since each has its price while the app compiles.
            const KINDS: &'static [&'static [u64]] = &[#kinds];
        }
        #[doc(hidden)]
        impl #private::Kinds<__Routes> for #private::Of<#hash> {
            const KINDS: &'static [&'static [u64]] = __Routes::KINDS;
        }
    });
    code.into_iter().collect()
}

/// That the handlers of a path, with their names for messages, take what it has.
fn fit<'a>(
    private: &TokenStream,
    full: &str,
    names: &[String],
    handlers: impl Iterator<Item = (&'a HandlerRef, &'a str)>,
) -> TokenStream {
    let new = quote!(#private::Fit::new(#full, &[#(#names),*]));
    let fits = handlers.fold(new, |fit, (handler, name)| {
        let shape = handler.shape();
        called(&fit, "handler", &quote!(&#shape, #name), handler.ends())
    });
    quote!(const _: () = #fits.done();)
}

/// A call of a method of `on` that stands, for the compiler's messages, where the user's tokens stand: from its first
/// token to its last.
pub(in crate::router) fn called(
    on: &TokenStream,
    method: &str,
    argument: &TokenStream,
    (first, last): (Span, Span),
) -> TokenStream {
    let (variable, method) = (Ident::new("__checked", first), Ident::new(method, first));
    let mut arguments = Group::new(Delimiter::Parenthesis, argument.clone());
    arguments.set_span(last);
    quote!({ let #variable = #on; #variable.#method #arguments })
}

/// The handlers of a pattern, each once.
fn handlers<'a>(routes: &[&'a Planned]) -> Vec<&'a HandlerRef> {
    let mut handlers: Vec<&HandlerRef> = Vec::new();
    for route in routes {
        if !handlers.iter().any(|known| known.text == route.handler.text) {
            handlers.push(&route.handler);
        }
    }
    handlers
}

fn all_resources(items: &[Item]) -> Vec<&Resources> {
    let mut found = Vec::new();
    for item in items {
        match item {
            Item::Resources(resources) => {
                found.push(resources);
                found.extend(all_resources(&resources.items));
            }
            Item::Scope(scope) => found.extend(all_resources(&scope.items)),
            _ => {}
        }
    }
    found
}
