//! The handlers: for each group of them a constant that says what they take from the path, and a function that makes them.
//!
//! The compiler looks at a group as one thing, which costs much less than a constant for each handler, and at no more than a
//! group again when a handler changes. What they take is asked apart from what they are; `zzz_core::http::inspect` says why.

use std::rc::Rc;

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote};
use syn::Path;

use super::super::syntax::{HandlerList, List, Table, ends};

/// The constants and functions of everything that is written here.
///
/// They are made token by token: `quote!` is convenient, and in a macro, which is not optimized, it takes twice as long.
pub(super) fn groups(private: &TokenStream, written: &Table) -> TokenStream {
    let scopes = Scopes {
        missing: quote!(use #private::missing::*;).into_iter().collect(),
        import: quote!(let _ = __zzz_module; use __zzz_module::*;).into_iter().collect(),
    };
    let group_list: Vec<TokenTree> = quote!(group.list).into_iter().collect();
    let mut code = TokenStream::new();
    for (number, lists) in written.groups.iter().enumerate() {
        let (mut all_shapes, mut all_handlers) = (Vec::new(), Vec::new());
        for list in lists {
            let [shapes, routes] = inspected(list).map(|list| [punct('&'), group(Delimiter::Bracket, list)]);
            let mut call = group_list.clone();
            call.push(group(Delimiter::Parenthesis, routes.into()));
            scopes.put(list, [(&mut all_shapes, shapes.into()), (&mut all_handlers, call)]);
            all_shapes.push(punct(','));
            all_handlers.push(punct(';'));
        }
        let (shapes, handlers) = names(number);
        let (all_shapes, all_handlers) =
            (group(Delimiter::Bracket, all_shapes), group(Delimiter::Brace, all_handlers));
        code.extend(quote! {
            pub const #shapes: &'static [&'static [#private::HandlerShape]] = &#all_shapes;
            pub fn #handlers(group: &mut #private::HandlerGroup) #all_handlers
        });
    }
    code
}

fn punct(punct: char) -> TokenTree {
    Punct::new(punct, Spacing::Alone).into()
}

fn group(delimiter: Delimiter, tokens: Vec<TokenTree>) -> TokenTree {
    Group::new(delimiter, TokenStream::from_iter(tokens)).into()
}

/// What the constant and the function of a group are called.
fn names(group: usize) -> (Ident, Ident) {
    (format_ident!("S{group}"), format_ident!("H{group}"))
}

/// The groups that a table has, by the numbers that they have there.
#[derive(Default)]
pub(in crate::router) struct Groups {
    known: Vec<List>,
    /// The constant and the function of each.
    shapes: Vec<TokenStream>,
    handlers: Vec<TokenStream>,
}

impl Groups {
    /// The number of the group in which a list is.
    pub(super) fn number(&mut self, list: &List) -> usize {
        let is_it = |known: &List| {
            known.group == list.group
                && (Rc::ptr_eq(&known.owner, &list.owner) || known.owner.text == list.owner.text)
        };
        if let Some(number) = self.known.iter().position(is_it) {
            return number;
        }
        let (owner, (constant, function)) = (&list.owner.tokens, names(list.group));
        self.shapes.push(quote!(#owner::#constant));
        self.handlers.push(quote!(#owner::#function));
        self.known.push(list.clone());
        self.known.len() - 1
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

/// What makes the names of handlers known.
struct Scopes {
    /// What stands for the actions that a module does not have.
    missing: Vec<TokenTree>,
    /// Everything in the module that `__zzz_module` is.
    import: Vec<TokenTree>,
}

impl Scopes {
    /// Puts expressions of the handlers of a list where their names are known, each behind what is there already.
    fn put<const N: usize>(&self, list: &HandlerList, places: [(&mut Vec<TokenTree>, Vec<TokenTree>); N]) {
        let HandlerList::Actions(path, _) = list else {
            for (place, expression) in places {
                place.extend(expression);
            }
            return;
        };
        let imports = self.imports(path);
        for (place, expression) in places {
            // The inner names go before the outer ones, which stand for what the module does not have.
            let (mut outer, mut inner) = (self.missing.clone(), imports.clone());
            inner.extend(expression);
            outer.push(group(Delimiter::Brace, inner));
            place.push(group(Delimiter::Brace, outer));
        }
    }

    /// The functions of a module.
    ///
    /// A module that is not there is one mistake: the compiler names it, and takes what is made of its name for mistaken
    /// too, so that nothing is said of functions that it lacks. A module has no value, so the value of that name is the one
    /// around.
    fn imports(&self, path: &Path) -> Vec<TokenTree> {
        let is_keyword = path.segments.last().is_some_and(|last| {
            matches!(last.ident.to_string().as_str(), "self" | "super" | "crate" | "Self")
        });
        if is_keyword {
            return quote!(use #path::*;).into_iter().collect();
        }
        let span = ends(path).1;
        let mut tokens = vec![Ident::new("use", Span::call_site()).into()];
        tokens.extend(path.to_token_stream());
        tokens.push(Ident::new("as", span).into());
        tokens.push(Ident::new("__zzz_module", span).into());
        tokens.push(punct(';'));
        tokens.extend(self.import.iter().cloned());
        tokens
    }
}

/// `__zzz_handler(posts::index).shape, __zzz_handler(posts::show).shape,`, and the same with `.route()`.
fn inspected(list: &HandlerList) -> [Vec<TokenTree>; 2] {
    let mut code = [Vec::new(), Vec::new()];
    let nothing = group(Delimiter::Parenthesis, Vec::new());
    match list {
        HandlerList::Neighbours(_, paths) => {
            for path in paths {
                one(&mut code, path.to_token_stream(), &nothing, ends(path));
            }
        }
        HandlerList::Actions(path, actions) => {
            let last = ends(path).1;
            for action in actions {
                let action = TokenTree::from(Ident::new(action, last));
                one(&mut code, action.into(), &nothing, (last, last));
            }
        }
    }
    code
}

/// Even the function is the user's token, or the message would show the whole macro.
fn one(
    [shapes, routes]: &mut [Vec<TokenTree>; 2],
    handler: TokenStream,
    nothing: &TokenTree,
    (first, last): (Span, Span),
) {
    let mut argument = Group::new(Delimiter::Parenthesis, handler);
    argument.set_span(first);
    let function = Ident::new("__zzz_handler", first);
    shapes.push(function.clone().into());
    shapes.push(argument.clone().into());
    shapes.push(punct('.'));
    shapes.push(Ident::new("shape", last).into());
    shapes.push(punct(','));
    routes.push(function.into());
    routes.push(argument.into());
    routes.push(punct('.'));
    routes.push(Ident::new("route", last).into());
    routes.push(nothing.clone());
    routes.push(punct(','));
}
