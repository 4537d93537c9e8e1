//! `#[derive(FromRow)]`: a struct from a row of raw SQL, by the names of the columns.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Fields, LitStr, Result};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let message = "rows are read into a struct with named fields, by the names of the columns";
    let Data::Struct(data) = &input.data else { return Err(Error::new(input.ident.span(), message)) };
    let Fields::Named(named) = &data.fields else { return Err(Error::new(input.ident.span(), message)) };
    let path = crate::crate_path::find("zzz-db", "db");
    let mut loads = Vec::new();
    for field in &named.named {
        let Some(ident) = &field.ident else { continue };
        let mut column = ident.unraw().to_string();
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("row")) {
            attribute.parse_nested_meta(|meta| {
                if !meta.path.is_ident("column") {
                    return Err(Error::new(meta.path.span(), "known is #[row(column = \"...\")]"));
                }
                column = meta.value()?.parse::<LitStr>()?.value();
                Ok(())
            })?;
        }
        let ty = &field.ty;
        loads.push(quote!(#ident: #path::row::get_by_name::<#ty>(row, #column)?));
    }
    let ident = &input.ident;
    let (generics, types, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics #path::FromRow for #ident #types #bounds {
            fn from_row(row: &dyn #path::Row) -> #path::Result<Self> {
                ::core::result::Result::Ok(Self { #(#loads),* })
            }
        }
    })
}
