//! The handlers as constants: a list for each module, with what its handlers take from the path, and one with the
//! handlers themselves.
//!
//! The compiler looks at each list as one thing, which costs much less than a constant for each handler, and at no more
//! than a module's handlers again when one of them changes.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::Path;

use super::super::syntax::{Module, Neighbours, Table, names};

/// The type of what a list holds, and the method that makes it.
const KINDS: [(&str, &str); 2] = [("RouteHandler", "route"), ("HandlerShape", "shape")];

/// The constants of everything that is written here.
pub(super) fn constants(private: &TokenStream, written: &Table) -> TokenStream {
    let mut code = Vec::new();
    for (number, list) in written.handlers.iter().enumerate() {
        code.push(neighbours(private, number, list));
    }
    for (number, module) in written.modules.iter().enumerate() {
        code.push(actions(private, number, module));
    }
    code.into_iter().collect()
}

fn neighbours(private: &TokenStream, number: usize, list: &Neighbours) -> TokenStream {
    let count = list.paths.len();
    let paths: Vec<Vec<TokenTree>> =
        list.paths.iter().map(|path| path.to_token_stream().into_iter().collect()).collect();
    let constants = names(false, number).into_iter().zip(KINDS).map(|(name, (ty, method))| {
        let ty = Ident::new(ty, Span::call_site());
        let handlers = paths.iter().flat_map(|path| {
            let span = |token: Option<&TokenTree>| token.map_or_else(Span::call_site, TokenTree::span);
            inspected(path, method, span(path.first()), span(path.last()))
        });
        let handlers: TokenStream = handlers.collect();
        quote!(pub const #name: [#private::#ty; #count] = [#handlers];)
    });
    constants.collect()
}

fn actions(private: &TokenStream, number: usize, module: &Module) -> TokenStream {
    let (count, last) = (module.actions.len(), ends(&module.path).1);
    let imports = imports(&module.path);
    let constants = names(true, number).into_iter().zip(KINDS).map(|(name, (ty, method))| {
        let ty = Ident::new(ty, Span::call_site());
        let handlers = module
            .actions
            .iter()
            .flat_map(|action| inspected(&[Ident::new(action, last).into()], method, last, last));
        let handlers: TokenStream = handlers.collect();
        // The inner names go before the outer ones, which stand for what the module does not have.
        quote! {
            pub const #name: [#private::#ty; #count] = {
                use #private::missing::*;
                { #imports [#handlers] }
            };
        }
    });
    constants.collect()
}

/// `__zzz_handler(&posts::index).route(),`
///
/// Even the function is the user's token, or the message would show the whole macro.
fn inspected(handler: &[TokenTree], method: &str, first: Span, last: Span) -> [TokenTree; 6] {
    let punct = |character, span| {
        let mut punct = Punct::new(character, Spacing::Alone);
        punct.set_span(span);
        TokenTree::from(punct)
    };
    let mut argument = vec![punct('&', first)];
    argument.extend(handler.iter().cloned());
    let group = |tokens: Vec<TokenTree>, span| {
        let mut group = Group::new(Delimiter::Parenthesis, tokens.into_iter().collect());
        group.set_span(span);
        TokenTree::from(group)
    };
    [
        Ident::new("__zzz_handler", first).into(),
        group(argument, first),
        punct('.', Span::call_site()),
        Ident::new(method, last).into(),
        group(Vec::new(), Span::call_site()),
        punct(',', Span::call_site()),
    ]
}

/// The first and the last token of a path: what lies between is underlined.
fn ends(path: &Path) -> (Span, Span) {
    let tokens: Vec<TokenTree> = path.to_token_stream().into_iter().collect();
    let span = |token: Option<&TokenTree>| token.map_or_else(Span::call_site, TokenTree::span);
    (span(tokens.first()), span(tokens.last()))
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
