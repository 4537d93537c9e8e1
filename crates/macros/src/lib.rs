//! The procedural macros of zzz, one feature per family.
//!
//! Each is re-exported, and documented, by the crate whose traits it implements: `Schema` by `zzz-db`.

#[cfg(feature = "schema")]
mod crate_path;
#[cfg(feature = "folder")]
mod folder;
#[cfg(feature = "schema")]
mod nearest;
#[cfg(feature = "schema")]
mod schema;

/// Implements `zzz_db::Schema`; see there.
#[cfg(feature = "schema")]
#[proc_macro_derive(Schema, attributes(schema))]
pub fn derive_schema(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    schema::derive(&input).unwrap_or_else(|error| error.into_compile_error()).into()
}

/// A folder of the app; see `zzz::folder!`.
#[cfg(feature = "folder")]
#[proc_macro]
pub fn folder(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    folder::expand(input)
}
