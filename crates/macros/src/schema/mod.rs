//! `#[derive(Schema)]`.

mod attributes;

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Fields, Result};

use attributes::{FieldOptions, TableOptions};

/// A field, read.
struct Field<'a> {
    ident: &'a syn::Ident,
    vis: &'a syn::Visibility,
    ty: &'a syn::Type,
    name: String,
    options: FieldOptions,
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let fields = fields(input)?;
    let options = TableOptions::read(input)?;
    let path = options.path.clone().unwrap_or_else(|| crate::crate_path::find("zzz-db", "db"));
    let key = primary_key(input, &fields)?;
    let timestamps = timestamps(&options, &fields)?;
    Ok(generate(input, &options, &path, &fields, key, &timestamps))
}

fn fields(input: &DeriveInput) -> Result<Vec<Field<'_>>> {
    let message = "a schema is a struct with named fields, one for each column";
    let data = match &input.data {
        Data::Struct(data) => data,
        Data::Enum(data) => return Err(Error::new(data.enum_token.span(), message)),
        Data::Union(data) => return Err(Error::new(data.union_token.span(), message)),
    };
    let Fields::Named(named) = &data.fields else {
        return Err(Error::new(input.ident.span(), message));
    };
    if !input.generics.params.is_empty() {
        return Err(Error::new(
            input.generics.span(),
            "a schema can not be generic: it stands for one table; write a struct for each",
        ));
    }
    let read = named.named.iter().filter_map(|field| field.ident.as_ref().map(|ident| (field, ident)));
    read.map(|(field, ident)| {
        Ok(Field {
            ident,
            vis: &field.vis,
            ty: &field.ty,
            name: ident.unraw().to_string(),
            options: FieldOptions::read(field)?,
        })
    })
    .collect()
}

fn primary_key(input: &DeriveInput, fields: &[Field<'_>]) -> Result<usize> {
    let mut marked = fields.iter().enumerate().filter(|(_, field)| field.options.primary_key);
    let found = match (marked.next(), marked.next()) {
        (Some((at, _)), None) => Some(at),
        (_, Some((_, second))) => {
            return Err(Error::new(
                second.ident.span(),
                "a schema has one primary key; this is a second one",
            ));
        }
        (None, _) => fields.iter().position(|field| field.name == "id"),
    };
    match found {
        Some(at) if fields[at].options.is_virtual => {
            Err(Error::new(fields[at].ident.span(), "the primary key can not be virtual"))
        }
        Some(at) => Ok(at),
        None => Err(Error::new(
            input.ident.span(),
            "a schema needs a primary key: add a field `id: i64`, or mark a field with #[schema(primary_key)]",
        )),
    }
}

fn timestamps(options: &TableOptions, fields: &[Field<'_>]) -> Result<Option<(usize, usize)>> {
    let Some(span) = options.timestamps else { return Ok(None) };
    let place = |name: &str| {
        fields.iter().position(|field| field.name == name && !field.options.is_virtual).ok_or_else(|| {
            Error::new(
                span,
                format!("`timestamps` needs a field `{name}: DateTime<Utc>`, which the repo sets"),
            )
        })
    };
    Ok(Some((place("inserted_at")?, place("updated_at")?)))
}

fn generate(
    input: &DeriveInput,
    options: &TableOptions,
    path: &TokenStream,
    fields: &[Field<'_>],
    key: usize,
    timestamps: &Option<(usize, usize)>,
) -> TokenStream {
    let (schema, vis) = (&input.ident, &input.vis);
    let (schema_name, table) = (schema.unraw().to_string(), &options.table);
    let columns = format_ident!("{}Columns", schema.unraw());
    let key_type = fields[key].ty;
    // A timestamp of another type is an error at that type, and not when the first row is written.
    let checks = timestamps.iter().flat_map(|(inserted, updated)| [inserted, updated]).map(|at| {
        let Field { ident, ty, .. } = &fields[*at];
        quote_spanned!(ty.span()=> const _: fn(&#schema) -> &#path::schema::Timestamp = |schema| &schema.#ident;)
    });
    let checks = quote!(#(#checks)*);
    let timestamps = match timestamps {
        Some((inserted, updated)) => quote!(::core::option::Option::Some((#inserted, #updated))),
        None => quote!(::core::option::Option::None),
    };

    let (mut constants, mut members, mut values, mut metas) = (vec![], vec![], vec![], vec![]);
    let (mut loads, mut dumps, mut puts) = (vec![], vec![], vec![]);
    let mut column = 0_usize;
    for (at, field) in fields.iter().enumerate() {
        let Field { ident, vis, ty, name, options } = field;
        let source = options.source.clone().unwrap_or_else(|| name.clone());
        let kind = if options.is_virtual {
            quote!(#path::VirtualField<#schema, #ty>)
        } else {
            quote!(#path::Column<#schema, #ty>)
        };
        let new = if options.is_virtual {
            quote!(#path::VirtualField::new(#at))
        } else {
            quote!(#path::Column::new(#at))
        };
        let doc = format!("The field `{name}` of [`{schema_name}`].");
        constants.push(quote! {
            #[doc = #doc]
            #[allow(non_upper_case_globals, dead_code)]
            #vis const #ident: #kind = #new;
        });
        members.push(quote!(#[doc = #doc] #vis #ident: #kind));
        values.push(quote!(#ident: #new));
        let without_column = options.is_virtual.then(|| quote!(.without_column()));
        let redacted = options.redact.then(|| quote!(.redacted()));
        metas.push(quote!(#path::schema::Field::new::<#ty>(#name, #source) #without_column #redacted));
        loads.push(if options.is_virtual {
            quote!(#ident: <#ty as ::core::default::Default>::default())
        } else {
            let offset = column;
            column += 1;
            quote!(#ident: #path::row::get::<#ty>(row, at + #offset)?)
        });
        dumps.push(quote!(#at => <#ty as #path::FieldType>::dump(&self.#ident)));
        puts.push(quote!(#at => self.#ident = <#ty as #path::FieldType>::load(value)?));
    }

    quote! {
        impl #schema {
            #(#constants)*

            /// Every row of the table; add `filter`, `order_by`, `limit` and so on.
            #[allow(dead_code)]
            #vis fn query() -> #path::Query<#schema> {
                #path::Query::new()
            }
        }

        const _: () = {
            #checks

            /// The columns of the schema by name.
            #[allow(dead_code)]
            #vis struct #columns { #(#members),* }

            static COLUMNS: #columns = #columns { #(#values),* };
            static META: #path::schema::Meta = #path::schema::Meta {
                name: #schema_name,
                table: #table,
                fields: &[#(#metas),*],
                primary_key: #key,
                timestamps: #timestamps,
            };

            #[automatically_derived]
            impl #path::Schema for #schema {
                type Columns = #columns;
                type PrimaryKey = #key_type;
                const META: &'static #path::schema::Meta = &META;

                fn columns() -> &'static #columns {
                    &COLUMNS
                }

                fn load(row: &dyn #path::Row, at: usize) -> #path::Result<Self> {
                    ::core::result::Result::Ok(Self { #(#loads),* })
                }

                fn dump(&self, field: usize) -> #path::Value {
                    match field {
                        #(#dumps,)*
                        _ => #path::Value::Null,
                    }
                }

                fn put(
                    &mut self,
                    field: usize,
                    value: #path::ValueRef<'_>,
                ) -> ::core::result::Result<(), #path::Mismatch> {
                    match field {
                        #(#puts,)*
                        _ => {}
                    }
                    ::core::result::Result::Ok(())
                }
            }
        };
    }
}
