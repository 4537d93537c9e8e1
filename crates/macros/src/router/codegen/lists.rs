//! The handlers: for each group of them a constant that says what they take from the path, and a function that makes them.
//!
//! The compiler looks at a group as one thing, which costs much less than a constant for each handler, and at no more than a
//! group again when a handler changes. What they take is asked apart from what they are; `zzz_core::http::inspect` says why.

use std::collections::HashMap;

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::Path;

use super::super::syntax::{HandlerList, List, Table, ends};

/// The constants and functions of everything that is written here.
pub(super) fn groups(private: &TokenStream, written: &Table) -> TokenStream {
    let mut code = TokenStream::new();
    for (number, lists) in written.groups.iter().enumerate() {
        let (shapes, handlers) = names(number);
        let all = lists.iter().map(|list| {
            let group = Group::new(Delimiter::Bracket, inspected(list, false));
            within(private, list, quote!(&#group ))
        });
        code.extend(quote!(pub const #shapes: &'static [&'static [#private::HandlerShape]] = &[#(#all),*];));
        let all = lists.iter().map(|list| {
            let group = Group::new(Delimiter::Bracket, inspected(list, true));
            within(private, list, quote!(group.list(&#group)))
        });
        code.extend(quote!(pub fn #handlers(group: &mut #private::HandlerGroup) { #(#all;)* }));
    }
    code
}

/// What the constant and the function of a group are called.
fn names(group: usize) -> (Ident, Ident) {
    (format_ident!("S{group}"), format_ident!("H{group}"))
}

/// The groups that a table has, by the numbers that they have there.
#[derive(Default)]
pub(in crate::router) struct Groups {
    numbers: HashMap<(String, usize), usize>,
    /// The constant and the function of each.
    shapes: Vec<TokenStream>,
    handlers: Vec<TokenStream>,
}

impl Groups {
    /// The number of the group in which a list is.
    pub(super) fn number(&mut self, list: &List) -> usize {
        let (shapes, handlers) = (&mut self.shapes, &mut self.handlers);
        *self.numbers.entry((list.owner.text.clone(), list.group)).or_insert_with(|| {
            let (owner, (constant, function)) = (&list.owner.tokens, names(list.group));
            shapes.push(quote!(#owner::#constant));
            handlers.push(quote!(#owner::#function));
            shapes.len() - 1
        })
    }

    /// An expression of type `zzz_core::http::verified::Shapes`.
    pub(super) fn shapes(&self) -> TokenStream {
        let shapes = &self.shapes;
        quote!(&[#(#shapes),*])
    }

    /// The functions that make the handlers.
    pub(super) fn handlers(&self) -> TokenStream {
        let handlers = &self.handlers;
        quote!(&[#(#handlers),*])
    }
}

/// Puts an expression of the handlers of a list where their names are known.
fn within(private: &TokenStream, list: &HandlerList, expression: TokenStream) -> TokenStream {
    let HandlerList::Actions(path, _) = list else { return expression };
    let imports = imports(path);
    // The inner names go before the outer ones, which stand for what the module does not have.
    quote!({ use #private::missing::*; { #imports #expression } })
}

/// `__zzz_handler(posts::index).shape, __zzz_handler(posts::show).shape,`, or with `.route()`.
fn inspected(list: &HandlerList, is_route: bool) -> TokenStream {
    let mut code = Vec::new();
    match list {
        HandlerList::Neighbours(_, paths) => {
            for path in paths {
                let (first, last) = ends(path);
                one(&mut code, path.to_token_stream(), is_route, first, last);
            }
        }
        HandlerList::Actions(path, actions) => {
            let last = ends(path).1;
            for action in actions {
                one(&mut code, TokenTree::from(Ident::new(action, last)).into(), is_route, last, last);
            }
        }
    }
    code.into_iter().collect()
}

/// Even the function is the user's token, or the message would show the whole macro.
fn one(code: &mut Vec<TokenTree>, handler: TokenStream, is_route: bool, first: Span, last: Span) {
    let mut argument = Group::new(Delimiter::Parenthesis, handler);
    argument.set_span(first);
    code.push(Ident::new("__zzz_handler", first).into());
    code.push(argument.into());
    code.push(Punct::new('.', Spacing::Alone).into());
    code.push(Ident::new(if is_route { "route" } else { "shape" }, last).into());
    if is_route {
        code.push(Group::new(Delimiter::Parenthesis, TokenStream::new()).into());
    }
    code.push(Punct::new(',', Spacing::Alone).into());
}

/// The functions of a module.
///
/// A module that is not there is one mistake: the compiler names it, and takes what is made of its name for mistaken
/// too, so that nothing is said of functions that it lacks. A module has no value, so the value of that name is the one
/// around.
fn imports(path: &Path) -> TokenStream {
    let is_keyword = path
        .segments
        .last()
        .is_some_and(|last| matches!(last.ident.to_string().as_str(), "self" | "super" | "crate" | "Self"));
    if is_keyword {
        return quote!(use #path::*;);
    }
    let span = ends(path).1;
    let rename = quote_spanned!(span=> as __zzz_module);
    quote!(use #path #rename; let _ = __zzz_module; use __zzz_module::*;)
}
