//! `#[derive(DbEnum)]`: an enumeration as the type of a field, kept as text or as a number.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Fields, LitStr, Result};

use crate::schema::snake;

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let message = "an enumeration has variants without fields, each of which is a value of the column";
    let Data::Enum(data) = &input.data else { return Err(Error::new(input.ident.span(), message)) };
    let path = crate::crate_path::find("zzz-db", "db");
    let mut integer = false;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("db_enum")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("integer") {
                return Err(Error::new(meta.path.span(), "known is #[db_enum(integer)]"));
            }
            integer = true;
            Ok(())
        })?;
    }
    let (mut idents, mut names): (Vec<&syn::Ident>, Vec<String>) = (Vec::new(), Vec::new());
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new(variant.ident.span(), message));
        }
        let mut name = snake(&variant.ident.unraw().to_string());
        for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("db_enum")) {
            attribute.parse_nested_meta(|meta| {
                if !meta.path.is_ident("name") {
                    return Err(Error::new(meta.path.span(), "known is #[db_enum(name = \"...\")]"));
                }
                name = meta.value()?.parse::<LitStr>()?.value();
                Ok(())
            })?;
        }
        if names.contains(&name) {
            return Err(Error::new(variant.ident.span(), format!("two variants have the name `{name}`")));
        }
        idents.push(&variant.ident);
        names.push(name);
    }
    if names.is_empty() {
        return Err(Error::new(input.ident.span(), "an enumeration needs a variant"));
    }
    let ident = &input.ident;
    let expects = format!("one of {}", names.join(", "));
    let dump = match integer {
        true => quote!(#path::Value::Int(match self { #(Self::#idents => Self::#idents as i64),* })),
        false => quote!(#path::Value::Text(match self { #(Self::#idents => #names),* }.into())),
    };
    let load = match integer {
        true => quote! {
            #path::ValueRef::Int(number) => {
                #(if number == Self::#idents as i64 {
                    return ::core::result::Result::Ok(Self::#idents);
                })*
            }
        },
        false => quote! {
            #path::ValueRef::Text(text) => match text {
                #(#names => return ::core::result::Result::Ok(Self::#idents),)*
                _ => {}
            }
        },
    };
    Ok(quote! {
        #[automatically_derived]
        impl #path::value::Element for #ident {}

        #[automatically_derived]
        impl #path::FieldType for #ident {
            const EXPECTS: &'static str = #expects;
            type NotNull = Self;

            fn load(value: #path::ValueRef<'_>) -> ::core::result::Result<Self, #path::Mismatch> {
                match value {
                    #load
                    _ => {}
                }
                ::core::result::Result::Err(#path::Mismatch::new(Self::EXPECTS, value))
            }

            fn dump(&self) -> #path::Value {
                #dump
            }

            fn cast(param: &#path::value::Param) -> ::core::result::Result<Self, #path::CastError> {
                match param.as_text() {
                    #(::core::option::Option::Some(#names) => ::core::result::Result::Ok(Self::#idents),)*
                    _ => ::core::result::Result::Err(#path::CastError),
                }
            }
        }
    })
}
