//! `#[derive(Schema)]`.

mod attributes;
mod relation;

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Fields, Result};

use attributes::{Autogenerate, FieldOptions, TableOptions, Writing};
use relation::Around;
pub(crate) use relation::snake;

/// A field, read.
struct Field<'a> {
    ident: &'a syn::Ident,
    vis: &'a syn::Visibility,
    ty: &'a syn::Type,
    name: String,
    options: FieldOptions,
    /// Its place among the fields that are no relations.
    place: usize,
}

impl Field<'_> {
    fn is_column(&self) -> bool {
        !self.options.is_virtual && self.options.relation.is_none()
    }
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let fields = fields(input)?;
    let options = TableOptions::read(input)?;
    let path = options.path.clone().unwrap_or_else(|| crate::crate_path::find("zzz-db", "db"));
    let keys = primary_key(input, &options, &fields)?;
    let timestamps = timestamps(&options, &fields)?;
    let version = lock_version(&fields)?;
    Derive { input, options: &options, path: &path, fields: &fields, keys: &keys, timestamps, version }
        .generate()
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
    let mut next = 0;
    read.map(|(field, ident)| {
        let options = FieldOptions::read(field)?;
        let place = next;
        next += usize::from(options.relation.is_none());
        let name = ident.unraw().to_string();
        Ok(Field { ident, vis: &field.vis, ty: &field.ty, name, options, place })
    })
    .collect()
}

fn primary_key(input: &DeriveInput, options: &TableOptions, fields: &[Field<'_>]) -> Result<Vec<usize>> {
    let marked: Vec<usize> = (0..fields.len()).filter(|at| fields[*at].options.primary_key).collect();
    if options.no_key {
        return match marked.first() {
            Some(at) => Err(Error::new(fields[*at].ident.span(), "the schema says `primary_key = false`")),
            None => Ok(marked),
        };
    }
    let keys = match marked.is_empty() {
        false => marked,
        true => fields.iter().position(|field| field.name == "id").into_iter().collect(),
    };
    if let Some(at) = keys.iter().find(|at| !fields[**at].is_column()) {
        return Err(Error::new(fields[*at].ident.span(), "the primary key needs a column"));
    }
    if keys.is_empty() {
        return Err(Error::new(
            input.ident.span(),
            "a schema needs a primary key: add a field `id: i64`, or mark a field with #[schema(primary_key)]; \
             a view says #[schema(primary_key = false)]",
        ));
    }
    if keys.len() > 4 {
        return Err(Error::new(fields[keys[4]].ident.span(), "a primary key has at most four columns"));
    }
    Ok(keys)
}

fn timestamps(options: &TableOptions, fields: &[Field<'_>]) -> Result<[Option<usize>; 2]> {
    let Some(timestamps) = &options.timestamps else { return Ok([None, None]) };
    let place = |name: &Option<String>| -> Result<Option<usize>> {
        let Some(name) = name else { return Ok(None) };
        match fields.iter().position(|field| field.name == *name && field.is_column()) {
            Some(at) => Ok(Some(at)),
            None => Err(Error::new(
                timestamps.span,
                format!("`timestamps` needs a field `{name}: DateTime<Utc>`, which the repo sets"),
            )),
        }
    };
    Ok([place(&timestamps.inserted)?, place(&timestamps.updated)?])
}

fn lock_version(fields: &[Field<'_>]) -> Result<Option<usize>> {
    let mut marked = (0..fields.len()).filter(|at| fields[*at].options.lock_version);
    match (marked.next(), marked.next()) {
        (_, Some(second)) => Err(Error::new(
            fields[second].ident.span(),
            "one field counts a row's changes; this is a second one",
        )),
        (Some(at), None) if !fields[at].is_column() => {
            Err(Error::new(fields[at].ident.span(), "the field that counts changes needs a column"))
        }
        (found, None) => Ok(found),
    }
}

/// Everything that is read, while it is written.
struct Derive<'a> {
    input: &'a DeriveInput,
    options: &'a TableOptions,
    path: &'a TokenStream,
    fields: &'a [Field<'a>],
    keys: &'a [usize],
    timestamps: [Option<usize>; 2],
    version: Option<usize>,
}

impl Derive<'_> {
    /// The description of a field with a column or a virtual one.
    fn meta(&self, at: usize, field: &Field<'_>) -> TokenStream {
        let (path, ty, name) = (self.path, field.ty, &field.name);
        let options = &field.options;
        let source = options.source.as_ref().unwrap_or(name);
        let mut meta = quote!(#path::schema::Field::new::<#ty>(#name, #source));
        if options.is_virtual {
            meta.extend(quote!(.without_column()));
        }
        if options.redact {
            meta.extend(quote!(.redacted()));
        }
        match options.writable {
            None => {}
            Some(Writing::Insert) => meta.extend(quote!(.writable(#path::schema::Writing::Insert))),
            Some(Writing::Never) => meta.extend(quote!(.writable(#path::schema::Writing::Never))),
        }
        if let Some(default) = &options.default {
            meta.extend(quote! {
                .or_default(|| {
                    let value: #ty = ::core::convert::Into::into(#default);
                    #path::FieldType::dump(&value)
                })
            });
        }
        if options.read_after_writes {
            meta.extend(quote!(.read_back()));
        }
        // In a key of several columns a number of 0 is a value like any other.
        if self.keys == [at] {
            meta.extend(quote!(.key()));
        }
        match &options.autogenerate {
            None => {}
            Some(Autogenerate::Type) => meta.extend(quote_spanned!(ty.span()=> .generated::<#ty>())),
            Some(Autogenerate::Function(function)) => meta.extend(quote! {
                .generated_by(|_| {
                    let value: #ty = #function();
                    #path::FieldType::dump(&value)
                })
            }),
        }
        if self.timestamps.contains(&Some(at)) {
            meta.extend(quote_spanned!(ty.span()=> .timestamp::<#ty>()));
            if self.options.timestamps.as_ref().is_some_and(|timestamps| timestamps.seconds) {
                meta.extend(quote!(.in_seconds::<#ty>()));
            }
        }
        if self.version == Some(at) {
            meta.extend(quote_spanned!(ty.span()=> .version::<#ty>()));
        }
        meta
    }

    fn generate(&self) -> Result<TokenStream> {
        let (schema, vis, path) = (&self.input.ident, &self.input.vis, self.path);
        let (schema_name, table) = (schema.unraw().to_string(), &self.options.table);
        let columns = format_ident!("{}Columns", schema.unraw());
        let around = Around {
            schema,
            path,
            fields: self.fields,
            key: if self.keys.len() == 1 { Some(self.keys[0]) } else { None },
        };

        let (mut constants, mut members, mut values) = (vec![], vec![], vec![]);
        let (mut metas, mut relations, mut checks) = (vec![], vec![], vec![]);
        let (mut loads, mut dumps, mut puts) = (vec![], vec![], vec![]);
        let mut column = 0_usize;
        for (at, field) in self.fields.iter().enumerate() {
            let Field { ident, vis, ty, name, options, place } = field;
            let doc = format!("The field `{name}` of [`{schema_name}`].");
            let (kind, member, new);
            if let Some(relation) = &options.relation {
                if options.source.is_some() || options.is_virtual || options.primary_key {
                    return Err(Error::new(
                        ident.span(),
                        "a relation has no column, and takes no other option",
                    ));
                }
                let index = relations.len();
                let written = around.write(field, relation)?;
                relations.push(written.meta);
                checks.push(written.checks);
                kind = quote!(#path::Relation<#schema, #ty>);
                member = quote!(#path::Relation<A, #ty>);
                new = quote!(#path::Relation::new(#index, |record: &mut #schema| &mut record.#ident));
                loads.push(quote!(#ident: ::core::default::Default::default()));
            } else {
                metas.push(self.meta(at, field));
                if options.is_virtual {
                    kind = quote!(#path::VirtualField<#schema, #ty>);
                    member = kind.clone();
                    new = quote!(#path::VirtualField::new(#place));
                    loads.push(quote!(#ident: <#ty as ::core::default::Default>::default()));
                } else {
                    kind = quote!(#path::Column<#schema, #ty>);
                    member = quote!(#path::Column<A, #ty>);
                    new = quote!(#path::Column::new(#place));
                    let offset = column;
                    column += 1;
                    loads.push(quote!(#ident: #path::row::get::<#ty>(row, at + #offset)?));
                }
                dumps.push(quote!(#place => <#ty as #path::FieldType>::dump(&self.#ident)));
                puts.push(quote!(#place => self.#ident = <#ty as #path::FieldType>::load(value)?));
            }
            constants.push(quote! {
                #[doc = #doc]
                #[allow(non_upper_case_globals, dead_code)]
                #vis const #ident: #kind = #new;
            });
            members.push(quote!(#[doc = #doc] #vis #ident: #member));
            values.push(quote!(#ident: #new));
        }

        let place_of = |at: usize| self.fields[at].place;
        let option = |at: Option<usize>| match at.map(place_of) {
            Some(at) => quote!(::core::option::Option::Some(#at)),
            None => quote!(::core::option::Option::None),
        };
        let prefix = match &self.options.prefix {
            Some(prefix) => quote!(::core::option::Option::Some(#prefix)),
            None => quote!(::core::option::Option::None),
        };
        let keys = self.keys.iter().map(|at| place_of(*at));
        let key_types: Vec<&syn::Type> = self.keys.iter().map(|at| self.fields[*at].ty).collect();
        let key_type = match &key_types[..] {
            [] => quote!(#path::schema::NoKey),
            [one] => quote!(#one),
            several => quote!((#(#several),*)),
        };
        let (inserted, updated) = (option(self.timestamps[0]), option(self.timestamps[1]));
        let version = option(self.version);
        let foreign_key = format!("{}_id", snake(&schema_name));
        let default = self.default();
        let debug = self.debug();

        Ok(quote! {
            impl #schema {
                #(#constants)*

                /// Every row of the table; add `filter`, `order_by`, `limit` and so on.
                #[allow(dead_code)]
                #vis fn query() -> #path::Query<#schema> {
                    #path::Query::new()
                }
            }

            #default

            #debug

            const _: () = {
                #(#checks)*

                /// The columns of the schema by name.
                #[allow(dead_code)]
                #vis struct #columns<A: #path::Source<Schema = #schema>> {
                    #(#members,)*
                    #[doc(hidden)]
                    __source: ::core::marker::PhantomData<fn() -> A>,
                }

                #[automatically_derived]
                impl<A: #path::Source<Schema = #schema>> #path::schema::ColumnSet for #columns<A> {
                    const ALL: &'static Self =
                        &#columns { #(#values,)* __source: ::core::marker::PhantomData };
                }

                static META: #path::schema::Meta = #path::schema::Meta {
                    name: #schema_name,
                    prefix: #prefix,
                    table: #table,
                    foreign_key: #foreign_key,
                    fields: &[#(#metas),*],
                    primary_key: &[#(#keys),*],
                    timestamps: #path::schema::Timestamps { inserted: #inserted, updated: #updated },
                    lock_version: #version,
                    relations: &[#(#relations),*],
                };

                #[automatically_derived]
                impl #path::Source for #schema {
                    type Schema = #schema;
                    const NAME: &'static str = #table;
                }

                #[automatically_derived]
                impl #path::FromRow for #schema {
                    fn from_row(row: &dyn #path::Row) -> #path::Result<Self> {
                        #path::schema::load_by_name(row)
                    }
                }

                #[automatically_derived]
                impl #path::Schema for #schema {
                    type Columns<A: #path::Source<Schema = #schema>> = #columns<A>;
                    type PrimaryKey = #key_type;
                    const META: &'static #path::schema::Meta = &META;

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
        })
    }

    /// `impl Debug` that hides redacted fields, if it is asked for.
    fn debug(&self) -> Option<TokenStream> {
        self.options.debug.then(|| {
            let schema = &self.input.ident;
            let name = schema.unraw().to_string();
            let fields = self.fields.iter().map(|Field { ident, name, options, .. }| match options.redact {
                true => quote!(.field(#name, &::core::format_args!("**redacted**"))),
                false => quote!(.field(#name, &self.#ident)),
            });
            quote! {
                #[automatically_derived]
                impl ::core::fmt::Debug for #schema {
                    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                        f.debug_struct(#name)#(#fields)*.finish()
                    }
                }
            }
        })
    }

    /// `impl Default`, if a field says what its default is.
    fn default(&self) -> Option<TokenStream> {
        self.fields.iter().find(|field| field.options.default.is_some())?;
        let schema = &self.input.ident;
        let values = self.fields.iter().map(|Field { ident, options, .. }| match &options.default {
            Some(default) => quote!(#ident: ::core::convert::Into::into(#default)),
            None => quote!(#ident: ::core::default::Default::default()),
        });
        Some(quote! {
            #[automatically_derived]
            impl ::core::default::Default for #schema {
                fn default() -> Self {
                    Self { #(#values),* }
                }
            }
        })
    }
}
