//! Relations: `#[schema(belongs_to)]`, `has_one`, `has_many`, `many_to_many`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Error, Expr, Ident, LitStr, Path, Result, Token, Type, parenthesized};

use super::Field;
use super::attributes::{text, unknown};

/// Which relation it is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    BelongsTo,
    HasOne,
    HasMany,
    ManyToMany,
}

/// What the attribute says.
pub(super) struct RelationOptions {
    kind: Kind,
    span: Span,
    foreign_key: Option<LitStr>,
    references: Option<LitStr>,
    through: Option<Vec<Path>>,
    join_table: Option<String>,
    join_keys: Option<(String, String)>,
    filter: Option<Expr>,
    order: Option<Expr>,
}

impl RelationOptions {
    /// Reads the attribute if it is one of a relation.
    pub(super) fn read(meta: &ParseNestedMeta<'_>) -> Result<Option<Self>> {
        let kinds = [
            ("belongs_to", Kind::BelongsTo),
            ("has_one", Kind::HasOne),
            ("has_many", Kind::HasMany),
            ("many_to_many", Kind::ManyToMany),
        ];
        let Some((name, kind)) = kinds.into_iter().find(|(name, _)| meta.path.is_ident(name)) else {
            return Ok(None);
        };
        let mut options = Self {
            kind,
            span: meta.path.span(),
            foreign_key: None,
            references: None,
            through: None,
            join_table: None,
            join_keys: None,
            filter: None,
            order: None,
        };
        if meta.input.peek(syn::token::Paren) {
            meta.parse_nested_meta(|inner| options.option(&inner, name))?;
        }
        if let (Some(steps), Some(filter)) = (&options.through, &options.filter) {
            let _ = steps;
            return Err(Error::new(
                filter.span(),
                "a relation through others has their conditions; write `where` on one of these",
            ));
        }
        if kind == Kind::ManyToMany && options.join_table.is_none() {
            return Err(Error::new(
                options.span,
                "many_to_many needs the table that connects the two: many_to_many(join_table = \"...\")",
            ));
        }
        Ok(Some(options))
    }

    fn option(&mut self, meta: &ParseNestedMeta<'_>, name: &str) -> Result<()> {
        let known: &[&str] = match self.kind {
            Kind::BelongsTo => &["foreign_key", "references", "where"],
            Kind::HasOne | Kind::HasMany => {
                &["foreign_key", "references", "through", "where", "preload_order"]
            }
            Kind::ManyToMany => &["join_table", "join_keys", "where", "preload_order"],
        };
        let is = |option: &str| known.contains(&option) && meta.path.is_ident(option);
        if is("foreign_key") {
            self.foreign_key = Some(meta.value()?.parse()?);
        } else if is("references") {
            self.references = Some(meta.value()?.parse()?);
        } else if is("through") {
            let content;
            parenthesized!(content in meta.input);
            let paths = Punctuated::<Path, Token![,]>::parse_terminated(&content)?;
            if paths.len() < 2 {
                return Err(Error::new(
                    meta.path.span(),
                    "`through` names the relations on the way: through(Post::comments, Comment::author)",
                ));
            }
            self.through = Some(paths.into_iter().collect());
        } else if is("where") {
            self.filter = Some(meta.value()?.parse()?);
        } else if is("preload_order") {
            self.order = Some(meta.value()?.parse()?);
        } else if is("join_table") {
            self.join_table = Some(text(meta)?);
        } else if is("join_keys") {
            let content;
            parenthesized!(content in meta.input);
            let keys = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
            let keys: Vec<String> = keys.iter().map(LitStr::value).collect();
            let [own, other] = &keys[..] else {
                return Err(Error::new(
                    meta.path.span(),
                    "`join_keys` names two columns of the join table: join_keys(\"post_id\", \"tag_id\")",
                ));
            };
            self.join_keys = Some((own.clone(), other.clone()));
        } else {
            return Err(unknown(
                meta,
                &format!("`{name}`"),
                known,
                "a field",
                &["source", "virtual", "redact"],
            ));
        }
        Ok(())
    }
}

/// What the derive writes for a relation.
pub(super) struct Written {
    /// The entry in `Meta::relations`.
    pub(super) meta: TokenStream,
    /// Checks that what it needs is there and of the right type.
    pub(super) checks: TokenStream,
}

/// The struct around a relation.
pub(super) struct Around<'a> {
    pub(super) schema: &'a Ident,
    pub(super) path: &'a TokenStream,
    pub(super) fields: &'a [Field<'a>],
    /// The place of the only key.
    pub(super) key: Option<usize>,
}

impl Around<'_> {
    fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name && field.is_column())
    }

    /// The field of this struct that the other side's key has the value of.
    fn own_key(&self, options: &RelationOptions) -> Result<usize> {
        if let Some(name) = &options.references {
            return self.position(&name.value()).ok_or_else(|| {
                Error::new(
                    name.span(),
                    format!("`{}` has no field `{}` with a column", self.schema, name.value()),
                )
            });
        }
        self.key.ok_or_else(|| {
            Error::new(
                options.span,
                "a relation refers to a primary key of one column; name another field with `references = \"...\"`",
            )
        })
    }

    pub(super) fn write(&self, field: &Field<'_>, options: &RelationOptions) -> Result<Written> {
        let (path, ty) = (self.path, field.ty);
        let name = &field.name;
        let target = quote!(<#ty as #path::relation::Association>::Target);
        let wrapper = match options.kind {
            Kind::BelongsTo => "BelongsTo",
            Kind::HasOne => "HasOne",
            Kind::HasMany => "HasMany",
            Kind::ManyToMany => "ManyToMany",
        };
        let other = inner(ty, wrapper)?;
        let mut through = false;
        let (hops, checks) = if let Some(steps) = &options.through {
            through = true;
            self.through(field, steps)
        } else {
            match options.kind {
                Kind::BelongsTo => self.belongs_to(field, options, other)?,
                Kind::HasOne | Kind::HasMany => self.has(field, options, other)?,
                Kind::ManyToMany => self.many_to_many(options, &target)?,
            }
        };
        let order = match &options.order {
            Some(order) => quote_spanned! {order.span()=>
                ::core::option::Option::Some(|| #path::relation::Orders::of::<#target>(#order))
            },
            None => quote!(::core::option::Option::None),
        };
        let meta = quote! {
            #path::relation::RelationMeta { name: #name, path: || #hops, through: #through, order: #order }
        };
        Ok(Written { meta, checks })
    }

    /// What goes behind the last step if `where` says which rows count.
    fn filter(&self, options: &RelationOptions, target: &TokenStream) -> Option<TokenStream> {
        let path = self.path;
        let filter = options.filter.as_ref()?;
        Some(quote_spanned! {filter.span()=> .filtered(|| #path::relation::Filter::of::<#target>(#filter)) })
    }

    /// This struct has the foreign key.
    fn belongs_to(
        &self,
        field: &Field<'_>,
        options: &RelationOptions,
        other: &Type,
    ) -> Result<(TokenStream, TokenStream)> {
        let (path, schema) = (self.path, self.schema);
        let key = options.foreign_key.as_ref().map_or_else(|| format!("{}_id", field.name), LitStr::value);
        let Some(at) = self.position(&key) else {
            let span = options.foreign_key.as_ref().map_or(field.ident.span(), LitStr::span);
            return Err(Error::new(
                span,
                format!(
                    "belongs_to needs the field that refers to the other row: add `{key}: i64` (an Option if there \
                     may be none), or name it with `foreign_key = \"...\"`"
                ),
            ));
        };
        let (key_type, place) = (self.fields[at].ty, self.fields[at].place);
        let to = match &options.references {
            None => quote!(<#other as #path::Schema>::META.keys().next().map_or("", |field| field.column)),
            Some(name) => {
                let ident = Ident::new(&name.value(), name.span());
                quote!(<#other as #path::Schema>::META.fields[<#other>::#ident.index()].column)
            }
        };
        let filter = self.filter(options, &quote!(#other));
        let hops = quote! {
            ::std::vec![#path::relation::Hop::to(
                <#schema as #path::Schema>::META.fields[#place].column,
                <#other as #path::Schema>::META,
                #to,
            )#filter]
        };
        let checks = match &options.references {
            None => quote_spanned! {key_type.span()=>
                const _: fn() = || {
                    fn refers<F: #path::schema::ForeignKey<K>, K>() {}
                    refers::<#key_type, <#other as #path::Schema>::PrimaryKey>();
                };
            },
            Some(name) => {
                let ident = Ident::new(&name.value(), name.span());
                quote_spanned! {key_type.span()=>
                    const _: fn() = || {
                        fn refers<F: #path::schema::ForeignKey<K>, S, K>(_: #path::Column<S, K>) {}
                        refers::<#key_type, _, _>(<#other>::#ident);
                    };
                }
            }
        };
        Ok((hops, checks))
    }

    /// The other struct has the foreign key.
    fn has(
        &self,
        field: &Field<'_>,
        options: &RelationOptions,
        other: &Type,
    ) -> Result<(TokenStream, TokenStream)> {
        let (path, schema) = (self.path, self.schema);
        let own = self.own_key(options)?;
        let (own_type, own_place) = (self.fields[own].ty, self.fields[own].place);
        let key = match &options.foreign_key {
            Some(name) => Ident::new(&name.value(), name.span()),
            None => Ident::new(&format!("{}_id", snake(&schema.to_string())), field.ty.span()),
        };
        let filter = self.filter(options, &quote!(#other));
        let hops = quote! {
            ::std::vec![#path::relation::Hop::to(
                <#schema as #path::Schema>::META.fields[#own_place].column,
                <#other as #path::Schema>::META,
                <#other as #path::Schema>::META.fields[<#other>::#key.index()].column,
            )#filter]
        };
        let checks = quote_spanned! {field.ty.span()=>
            const _: fn() = || {
                fn refers<S, F: #path::schema::ForeignKey<K>, K>(_: #path::Column<S, F>) {}
                refers::<#other, _, #own_type>(<#other>::#key);
            };
        };
        Ok((hops, checks))
    }

    /// A table between has both foreign keys.
    fn many_to_many(
        &self,
        options: &RelationOptions,
        target: &TokenStream,
    ) -> Result<(TokenStream, TokenStream)> {
        let (path, schema) = (self.path, self.schema);
        let own_place = self.fields[self.own_key(options)?].place;
        let table = options.join_table.as_deref().unwrap_or_default();
        let (near, far) = match &options.join_keys {
            Some((near, far)) => (quote!(#near), quote!(#far)),
            None => {
                let near = format!("{}_id", snake(&schema.to_string()));
                (quote!(#near), quote!(#path::relation::key_of(<#target as #path::Schema>::META)))
            }
        };
        let filter = self.filter(options, target);
        let hops = quote! {
            ::std::vec![
                #path::relation::Hop::to_join_table(
                    <#schema as #path::Schema>::META.fields[#own_place].column,
                    <#schema as #path::Schema>::META,
                    #table,
                    #near,
                ),
                #path::relation::Hop::to(
                    #far,
                    <#target as #path::Schema>::META,
                    <#target as #path::Schema>::META.keys().next().map_or("", |field| field.column),
                )#filter,
            ]
        };
        Ok((hops, TokenStream::new()))
    }

    /// Over other relations.
    fn through(&self, field: &Field<'_>, steps: &[Path]) -> (TokenStream, TokenStream) {
        let (path, schema, ty) = (self.path, self.schema, field.ty);
        let hops = quote! {{
            let mut path = ::std::vec::Vec::new();
            #(path.extend(#steps.path());)*
            path
        }};
        // Each relation starts where the one before it ends, and the last ends at the field's type.
        let (first, rest) = match steps.split_first() {
            Some((first, rest)) => (first, rest),
            None => return (hops, TokenStream::new()),
        };
        let checks = quote_spanned! {field.ty.span()=>
            const _: fn() -> #path::relation::Way<#schema, <#ty as #path::relation::Association>::Target> =
                || {
                    let way = #path::relation::Way::along(#first) #(.then(#rest))*;
                    way
                };
        };
        (hops, checks)
    }
}

/// The `T` of `HasMany<T>`.
fn inner<'a>(ty: &'a Type, wrapper: &str) -> Result<&'a Type> {
    let wrong = || Error::new(ty.span(), format!("this relation is kept in a field of type `{wrapper}<T>`"));
    let Type::Path(path) = ty else { return Err(wrong()) };
    let Some(last) = path.path.segments.last().filter(|segment| segment.ident == wrapper) else {
        return Err(wrong());
    };
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return Err(wrong()) };
    match arguments.args.first() {
        Some(syn::GenericArgument::Type(inner)) => Ok(inner),
        _ => Err(wrong()),
    }
}

/// `BlogPost` as `blog_post`.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut before_was_lower = false;
    for c in name.trim_start_matches("r#").chars() {
        if c.is_uppercase() && before_was_lower {
            snake.push('_');
        }
        before_was_lower = !c.is_uppercase();
        snake.extend(c.to_lowercase());
    }
    snake
}
