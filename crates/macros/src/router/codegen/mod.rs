//! What `router!` and `routes!` expand to.
//!
//! | module | holds |
//! |---|---|
//! | `lists` | the handlers |
//! | `checks` | that they fit the paths |
//! | `paths` | the functions of `paths` |
//! | `scopes` | the function `router` |
//!
//! Everything that the compiler looks at alone (an item, the constant in a type, a closure) has a price of its own, which
//! is paid again after each change in the app; so there are few, and each says much.

mod checks;
mod lists;
mod paths;
mod scopes;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

pub(super) use self::checks::called;
pub(super) use self::lists::Groups;
pub(super) use self::paths::places;
use super::plain::literal;
use super::plan::Plan;
use super::syntax::{Table, Wrap};
use super::table;

pub(super) fn router(
    krate: &TokenStream,
    written: &Table,
    plan: &Plan,
    hash: u64,
    is_lenient: bool,
) -> TokenStream {
    let private = &quote!(#krate::__private);
    let patterns = table::patterns(plan);
    let mut groups = lists::Groups::default();
    let handlers = lists::groups(private, written);
    let shapes = quote!(<#private::Of<#hash> as #private::Table<__Routes>>::SHAPES);
    let checks = checks::checks(private, &shapes, written, plan, &patterns, &mut groups);
    let text = table::encode(written, plan, &patterns, hash, is_lenient, &mut groups);
    let text = literal(&text);
    let paths = written.paths.then(|| paths::paths(private, hash, &patterns, &mut groups));
    let function = scopes::function(private, written, plan, &mut groups);
    let shapes = groups.shapes();
    let path_macro = format_ident!("__zzz_path_{:016x}", hash);
    let url_macro = format_ident!("__zzz_url_{:016x}", hash);
    quote! {
        /// What holds the handlers.
        #[doc(hidden)]
        #[allow(missing_debug_implementations, unreachable_pub)]
        pub struct __Routes;

        #[allow(unused_imports)]
        use #private::{check as __zzz_check, handler as __zzz_handler};

        #[doc(hidden)]
        #[allow(missing_docs, unreachable_pub, unused_imports, non_snake_case, clippy::all)]
        impl __Routes { #handlers }

        #[doc(hidden)]
        impl #private::Table<__Routes> for #private::Of<#hash> {
            const SHAPES: #private::Shapes = #shapes;
        }

        #checks
        #function

        #paths

        #[doc(hidden)]
        #[macro_export]
        macro_rules! #path_macro {
            ($($tokens:tt)*) => { #private::path! { { #krate } #text path $($tokens)* } };
        }
        #[doc(inline)]
        #[allow(unused_imports, unreachable_pub)]
        pub use #path_macro as path;

        #[doc(hidden)]
        #[macro_export]
        macro_rules! #url_macro {
            ($($tokens:tt)*) => { #private::path! { { #krate } #text url $($tokens)* } };
        }
        #[doc(inline)]
        #[allow(unused_imports, unreachable_pub)]
        pub use #url_macro as url;
    }
}

pub(super) fn fragment(krate: &TokenStream, written: &Table) -> TokenStream {
    let private = &quote!(#krate::__private);
    let handlers = lists::groups(private, written);
    let expressions = written.expressions.iter().enumerate().map(|(at, (wrap, tokens))| {
        let name = format_ident!("E{at}");
        match wrap {
            Wrap::Bytes => quote!(pub(crate) const #name: u64 = #tokens;),
            Wrap::Time => quote!(pub(crate) const #name: ::core::time::Duration = #tokens;),
            Wrap::Assign => {
                let bounds =
                    quote!(::core::clone::Clone + ::core::marker::Send + ::core::marker::Sync + 'static);
                quote!(pub(crate) fn #name() -> impl #bounds { #tokens })
            }
            Wrap::Forward => quote!(pub(crate) fn #name() -> impl #private::Forward { #tokens }),
            Wrap::Socket => quote!(pub(crate) fn #name() -> impl #private::Socket { #tokens }),
        }
    });
    quote! {
        #[doc(hidden)]
        #[allow(missing_debug_implementations, unreachable_pub)]
        pub(crate) struct __Fragment;

        #[allow(unused_imports)]
        use #private::handler as __zzz_handler;

        #[doc(hidden)]
        #[allow(missing_docs, unreachable_pub, unused_imports, non_snake_case, clippy::all)]
        impl __Fragment { #handlers #(#expressions)* }
    }
}
