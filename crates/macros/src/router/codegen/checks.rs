//! That the handlers fit the paths of their routes, and that `resources` have the functions that they need.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;

use super::super::pattern;
use super::super::plain::{literal, push_number};
use super::super::plan::{Plan, Planned, Step};
use super::super::syntax::{HandlerRef, Item, Resources, Table};
use super::super::table::Patterns;
use super::lists::Groups;

/// How many checks are one expression: the compiler goes down into each.
const DEPTH: usize = 16;

/// The checks, of which each is a call where the user's tokens stand.
pub(super) fn checks(
    private: &TokenStream,
    shapes: &TokenStream,
    written: &Table,
    plan: &Plan,
    patterns: &Patterns<'_>,
    groups: &mut Groups,
) -> TokenStream {
    let mut checks = Checks { groups, rows: String::new(), words: String::new(), places: Vec::new() };
    for Resources { actions, handlers, .. } in all_resources(&written.items) {
        if !actions.is_empty() {
            checks.add('m', handlers, 0, [handlers.name(), &actions.join(" ")]);
        }
    }
    for (full, routes) in patterns {
        let params = routes[0].segments.iter().filter(|segment| segment.param().is_some()).count();
        let mut what = 'p';
        for handler in handlers(routes) {
            checks.fit(what, (full, params), handler, handler.name());
            what = 'h';
        }
    }
    plan.root.each(&mut |step| {
        let Step::Fallback { full, handler, .. } = step else { return };
        let params =
            pattern::parse(full).map(|segments| pattern::params(&segments).len()).unwrap_or_default();
        checks.fit('p', (if full.is_empty() { "/" } else { full }, params), handler, "the fallback");
    });
    let Checks { rows, words, places, .. } = checks;
    let (rows, words) = (literal(&rows), literal(&words));
    let mut code = quote!(let checks = #private::Checks::new(#shapes, #rows, #words););
    for places in places.chunks(DEPTH) {
        let mut checks = quote!(checks);
        for (first, last) in places {
            let mut argument = Group::new(Delimiter::Parenthesis, checks);
            argument.set_span(*last);
            checks =
                [TokenTree::from(Ident::new("__zzz_check", *first)), argument.into()].into_iter().collect();
        }
        code.extend(quote!(let checks = #checks;));
    }
    quote!(const _: () = { #code checks.done() };)
}

/// What is checked, as `zzz_core::http::verified::Checks` reads it.
struct Checks<'a> {
    groups: &'a mut Groups,
    rows: String,
    words: String,
    places: Vec<(Span, Span)>,
}

impl Checks<'_> {
    fn fit(&mut self, what: char, (full, params): (&str, usize), handler: &HandlerRef, name: &str) {
        let is_rest = full.contains("/*");
        let what = if is_rest { what.to_ascii_uppercase() } else { what };
        self.add(what, handler, params, [full, name]);
    }

    fn add(&mut self, what: char, handler: &HandlerRef, params: usize, words: [&str; 2]) {
        let (group, begin) = (self.groups.number(&handler.list), self.words.len());
        let HandlerRef { list, at, span, end, .. } = handler;
        if list.owner.is_fragment {
            self.words.push_str(&span.unwrap().file());
            self.words.push_str(", ");
        }
        self.words.push_str("line ");
        push_number(&mut self.words, span.unwrap().line());
        for word in words {
            self.words.push('\t');
            self.words.push_str(word);
        }
        self.rows.push(what);
        for number in [group, list.number, *at, params, self.words.len() - begin] {
            push_number(&mut self.rows, number);
            self.rows.push(' ');
        }
        self.places.push((*span, *end));
    }
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
pub(super) fn handlers<'a>(routes: &[&'a Planned]) -> Vec<&'a HandlerRef> {
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
