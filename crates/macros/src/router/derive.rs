//! `#[derive(PathParam)]` and `#[derive(PathParams)]`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, Error, Field, Fields, LitStr, Result};

use crate::nearest::nearest;

/// A newtype of a type that a path parameter may have.
pub(crate) fn path_param(input: &DeriveInput) -> Result<TokenStream> {
    let Options { krate, .. } = Options::read(&input.attrs, &["crate"])?;
    no_generics(input)?;
    let message = "a path parameter of your own is a newtype: `struct PostId(i64);`";
    let Data::Struct(data) = &input.data else { return Err(Error::new(input.ident.span(), message)) };
    let mut fields = data.fields.iter();
    let (Some(Field { ty: inner, ident, .. }), None) = (fields.next(), fields.next()) else {
        return Err(Error::new(input.ident.span(), message));
    };
    let (name, text) = (&input.ident, input.ident.unraw().to_string());
    let member = ident.as_ref().map_or_else(|| quote!(0), |ident| quote!(#ident));
    let private = quote!(#krate::__private);
    let kind = quote!(#private::kind::of(::core::module_path!(), #text));
    let inner_span = inner.span();
    let param = quote_spanned!(inner_span=> <#inner as #private::PathParam>);
    Ok(quote! {
        #[automatically_derived]
        impl #private::PathParam for #name {
            const EXPECTS: &'static str = #param::EXPECTS;
            const TYPE_NAME: &'static str = #text;
            const KIND: u64 = #kind;
            const TAKES_REST: bool = #param::TAKES_REST;
            fn parse(text: &str) -> ::core::option::Option<Self> {
                ::core::option::Option::map(#param::parse(text), |inner| Self { #member: inner })
            }
        }
        #[automatically_derived]
        impl #private::TypeOf<#name> for #private::Kind<{ #kind }> {
            type Number = i32;
        }
        #[automatically_derived]
        impl #private::PathValue<#name> for #name {
            fn write(&self, path: &mut #private::PathWriter) {
                #private::PathValue::<#inner>::write(&self.#member, path);
            }
        }
        #[automatically_derived]
        impl #private::PathValue<#private::Any> for #name {
            fn write(&self, path: &mut #private::PathWriter) {
                #private::PathValue::<#inner>::write(&self.#member, path);
            }
        }
    })
}

/// A struct whose fields are found by their names.
pub(crate) fn path_params(input: &DeriveInput) -> Result<TokenStream> {
    let Options { krate, .. } = Options::read(&input.attrs, &["crate"])?;
    no_generics(input)?;
    let message = "path parameters are a struct with a named field for each parameter that it takes";
    let Data::Struct(data) = &input.data else { return Err(Error::new(input.ident.span(), message)) };
    let Fields::Named(named) = &data.fields else {
        return Err(Error::new(
            input.ident.span(),
            format!("{message}; for parameters in their order use a tuple"),
        ));
    };
    let (struct_name, text) = (&input.ident, input.ident.unraw().to_string());
    let private = quote!(#krate::__private);
    let (mut shapes, mut reads) = (Vec::new(), Vec::new());
    for field in &named.named {
        let Some(ident) = &field.ident else { continue };
        let options = Options::read(&field.attrs, &["name"])?;
        let name = options.name.unwrap_or_else(|| ident.unraw().to_string());
        let ty = &field.ty;
        shapes.push(quote_spanned!(ty.span()=> #private::ParamShape::of::<#ty>(#name)));
        reads.push(quote!(#ident: #private::named_param(parts, #name)?));
    }
    Ok(quote! {
        #[automatically_derived]
        impl #private::PathParams for #struct_name {
            const SHAPE: #private::PathShape =
                #private::PathShape { name: #text, by_name: true, params: &[#(#shapes),*], optional: false };
            fn from_parts(parts: &#private::Parts) -> #private::Result<Self> {
                ::core::result::Result::Ok(Self { #(#reads),* })
            }
        }
    })
}

fn no_generics(input: &DeriveInput) -> Result<()> {
    if input.generics.params.is_empty() {
        return Ok(());
    }
    Err(Error::new(input.generics.span(), "what a path holds can not be generic: write a type for each"))
}

/// `#[param(...)]`
struct Options {
    krate: TokenStream,
    name: Option<String>,
}

impl Options {
    fn read(attributes: &[Attribute], known: &[&str]) -> Result<Self> {
        let (mut krate, mut name) = (None, None);
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("param")) {
            attribute.parse_nested_meta(|meta| {
                let option = meta.path.to_token_stream().to_string();
                if !known.contains(&option.as_str()) {
                    let advice = nearest(&option, known).or(known.first().copied()).unwrap_or_default();
                    let message = format!("`{option}` is no option here; did you mean `{advice}`?");
                    return Err(Error::new(meta.path.span(), message));
                }
                let value = meta.value()?.parse::<LitStr>()?;
                if option == "crate" {
                    krate = Some(value.parse::<syn::Path>()?.to_token_stream());
                } else {
                    name = Some(value.value());
                }
                Ok(())
            })?;
        }
        let krate = krate.unwrap_or_else(|| crate::crate_path::find("zzz-router", "router"));
        Ok(Self { krate: respanned(krate), name })
    }
}

/// As if the derive stood in the macro itself.
fn respanned(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            token.set_span(Span::call_site());
            token
        })
        .collect()
}
