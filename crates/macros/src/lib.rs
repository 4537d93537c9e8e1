//! The procedural macros of zzz, one feature per family.
//!
//! Each is re-exported, and documented, by the crate whose traits it implements: `Schema` by `zzz-db`.

#[cfg(any(feature = "router", feature = "schema"))]
mod crate_path;
#[cfg(feature = "schema")]
mod db_enum;
#[cfg(feature = "folder")]
mod folder;
#[cfg(feature = "schema")]
mod from_row;
#[cfg(feature = "migrations")]
mod migrations;
#[cfg(any(feature = "router", feature = "schema"))]
mod nearest;
#[cfg(feature = "router")]
mod router;
#[cfg(feature = "schema")]
mod schema;

/// Implements `zzz_db::Schema`; see there.
#[cfg(feature = "schema")]
#[proc_macro_derive(Schema, attributes(schema))]
pub fn derive_schema(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    schema::derive(&input).unwrap_or_else(|error| error.into_compile_error()).into()
}

/// Implements `zzz_db::FromRow`; see there.
#[cfg(feature = "schema")]
#[proc_macro_derive(FromRow, attributes(row))]
pub fn derive_from_row(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    from_row::derive(&input).unwrap_or_else(|error| error.into_compile_error()).into()
}

/// Implements `zzz_db::FieldType` for an enumeration; see `zzz_db::DbEnum`.
#[cfg(feature = "schema")]
#[proc_macro_derive(DbEnum, attributes(db_enum))]
pub fn derive_db_enum(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    db_enum::derive(&input).unwrap_or_else(|error| error.into_compile_error()).into()
}

/// A folder of the app; see `zzz::folder!`.
#[cfg(feature = "folder")]
#[proc_macro]
pub fn folder(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    folder::expand(input)
}

/// The folder of an app's migrations; see `zzz_db::migrations!`.
#[cfg(feature = "migrations")]
#[proc_macro]
pub fn migrations(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    migrations::expand(input)
}

/// The routes of an app; see `zzz_router::router!`.
#[cfg(feature = "router")]
#[proc_macro]
pub fn router(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    router::router(input.into()).into()
}

/// Routes in a file of their own; see `zzz_router::routes!`.
#[cfg(feature = "router")]
#[proc_macro]
pub fn routes(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    router::routes(input.into()).into()
}

/// A path that some route takes; see `zzz_router::router!`.
#[cfg(feature = "router")]
#[proc_macro]
pub fn path(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    router::path(input.into()).into()
}

/// Implements `zzz_core::http::PathParam` for a newtype: a path parameter of a type of your own.
///
/// The type of its field reads the text. In `path!` a parameter of this type takes values of this type alone, so that
/// the id of a post can not stand where that of a comment belongs.
///
/// `#[param(crate = "...")]` says where `zzz_router` is; by default as the package's Cargo.toml says.
#[cfg(feature = "router")]
#[proc_macro_derive(PathParam, attributes(param))]
pub fn derive_path_param(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    router::derive::path_param(&input).unwrap_or_else(|error| error.into_compile_error()).into()
}

/// Implements `zzz_core::http::PathParams` for a struct: a handler's path parameters by their names.
///
/// It may leave parameters of the route out. `#[param(name = "...")]` on a field says the parameter's name where it
/// is not the field's.
#[cfg(feature = "router")]
#[proc_macro_derive(PathParams, attributes(param))]
pub fn derive_path_params(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    router::derive::path_params(&input).unwrap_or_else(|error| error.into_compile_error()).into()
}
