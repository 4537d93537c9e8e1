//! The function `router`: scopes, and their routes as a text that is read when the app starts.
//!
//! A text is one token, however many routes there are, and nothing of it is left to be compiled.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::LitStr;

use super::super::options::Options;
use super::super::pattern;
use super::super::plain::{literal, push_number};
use super::super::plan::{Level, Plan, Planned, Step};
use super::super::syntax::{HandlerRef, Table};
use super::super::{assets, checks};
use super::lists::Groups;

/// The function.
pub(super) fn function(
    private: &TokenStream,
    written: &Table,
    plan: &Plan,
    groups: &mut Groups,
) -> TokenStream {
    let pipelines = written.pipelines.iter().map(|pipeline| {
        let (variable, name) = (pipeline_variable(&pipeline.name), pipeline.name.to_string());
        let layers = pipeline.layers.iter().map(plug);
        quote!(let #variable = #private::Pipeline::new(#name) #(#layers)*;)
    });
    let endpoint = written.endpoint.iter().map(plug);
    let assets = written.assets.iter().filter(|assets| assets::folder(&assets.folder.value()).is_ok());
    let assets = assets.map(|assets| {
        let (path, folder) = (&assets.path, &assets.folder);
        quote!(.assets(#path, #private::folder!(#private, #folder)))
    });
    let slash = written.trailing_slash.as_ref().map(|policy| {
        let text = policy.to_string();
        let variant = format_ident!("{}{}", text[..1].to_uppercase(), text[1..]);
        quote!(.trailing_slash(#private::TrailingSlash::#variant))
    });
    let mut scopes = Scopes { private, written, groups };
    let root = scopes.level(&plan.root);
    let handlers = groups.handlers();
    quote! {
        /// The routes of the app.
        #[must_use]
        #[allow(unused_variables, unreachable_pub, clippy::all)]
        pub fn router() -> #private::Router {
            #(#pipelines)*
            let __handlers = #private::RouteHandlers::new(#handlers);
            #private::Router::new() #(#endpoint)* #(#assets)* #slash .scope(#root)
        }
    }
}

struct Scopes<'a> {
    private: &'a TokenStream,
    written: &'a Table,
    groups: &'a mut Groups,
}

/// Routes of one file, one below the other.
struct Rows {
    file: String,
    text: String,
}

impl Scopes<'_> {
    fn level(&mut self, level: &Level) -> TokenStream {
        let private = self.private;
        let (path, (file, line)) = (&level.path, place(level.span));
        let mut code = quote!(#private::Scope::new(#path).at(#file, #line));
        for name in level.through.iter().filter(|name| checks::exists(self.written, name)) {
            let variable = pipeline_variable(name);
            code.extend(quote!(.through(&#variable)));
        }
        for host in &level.options.hosts {
            code.extend(quote!(.host(#host)));
        }
        if let Some(limits) = self.limits(&level.options) {
            code.extend(quote!(.limits(const { #limits })));
        }
        if let Some(log) = &level.options.log {
            code.extend(quote!(.log(#private::RouteLog::#log)));
        }
        for value in &level.options.assign {
            code.extend(quote!(.assign(#value)));
        }
        let mut rows = Vec::new();
        code = self.steps(code, &level.steps, "/", &mut rows);
        for Rows { file, text } in rows {
            let text = literal(&text);
            code = quote!(#private::rows(#code, #file, #text, &__handlers));
        }
        code
    }

    /// Puts steps into the scope that `code` makes; `base` is the path of what is written as a scope, and is none.
    fn steps(
        &mut self,
        mut code: TokenStream,
        steps: &[Step],
        base: &str,
        rows: &mut Vec<Rows>,
    ) -> TokenStream {
        let private = self.private;
        for step in steps {
            match step {
                Step::Route(route) if has_options(&route.options) => {
                    let file = route.span.unwrap().file();
                    let row = self.row(route, base);
                    let limits = self.limits(&route.options).map(|limits| quote!(.limits(const { #limits })));
                    let log = route.options.log.as_ref().map(|log| quote!(.log(#private::RouteLog::#log)));
                    let values = &route.options.assign;
                    code.extend(quote! {
                        .route(#private::route(#file, #row, &__handlers) #limits #log #(.assign(#values))*)
                    });
                }
                Step::Route(route) => {
                    let file = route.span.unwrap().file();
                    let row = self.row(route, base);
                    match rows.last_mut() {
                        Some(last) if last.file == file => {
                            last.text.push('\n');
                            last.text.push_str(&row);
                        }
                        _ => rows.push(Rows { file, text: row }),
                    }
                }
                // What only adds to the path can do so here.
                Step::Level(inner) if is_plain(inner) => {
                    code = self.steps(code, &inner.steps, &pattern::join(base, &inner.path), rows);
                }
                Step::Level(inner) => {
                    let inner = self.level(inner);
                    code.extend(quote!(.scope(#inner)));
                }
                Step::Forward { path, to, .. } => code.extend(placed(path, "forward", to)),
                Step::Socket { path, socket, .. } => code.extend(placed(path, "socket", socket)),
                Step::Fallback { handler, span, .. } => {
                    let ((file, line), place) = (place(*span), self.place(handler));
                    code = quote!(#private::fallback(#code, &__handlers, #place, #file, #line));
                }
            }
        }
        code
    }

    fn limits(&self, options: &Options) -> Option<TokenStream> {
        let private = self.private;
        let body = options.body_limit.as_ref().map(|bytes| quote!(.body(#bytes)));
        let timeout = options.timeout.as_ref().map(|time| quote!(.timeout(#time)));
        options.has_limits().then(|| quote!(#private::Limits::new() #body #timeout))
    }

    /// A line of the table, as `zzz_router` reads it; there is no tab in any of the words.
    fn row(&mut self, route: &Planned, base: &str) -> String {
        let mut row = String::new();
        push_number(&mut row, route.span.unwrap().line());
        for (at, method) in route.methods.iter().enumerate() {
            row.push(if at == 0 { '\t' } else { ',' });
            row.push_str(method);
        }
        if route.methods.is_empty() {
            row.push('\t');
        }
        row.push('\t');
        row.push_str(&pattern::join(base, &route.local));
        row.push('\t');
        row.push_str(&self.place(&route.handler));
        if let Some(name) = &route.name {
            row.push('\t');
            row.push_str(name);
        }
        row
    }

    /// Where a handler stands: the numbers of its group and list, and its place there.
    fn place(&mut self, handler: &HandlerRef) -> String {
        let mut place = String::new();
        push_number(&mut place, self.groups.number(&handler.list));
        place.push(' ');
        push_number(&mut place, handler.list.number);
        place.push(' ');
        push_number(&mut place, handler.at);
        place
    }
}

fn has_options(options: &Options) -> bool {
    options.has_limits() || options.log.is_some() || !options.assign.is_empty()
}

/// Whether it says nothing but a path of the routes in it.
fn is_plain(level: &Level) -> bool {
    let is_plain = |step: &Step| match step {
        Step::Route(_) => true,
        Step::Level(inner) => is_plain(inner),
        Step::Forward { .. } | Step::Socket { .. } | Step::Fallback { .. } => false,
    };
    level.through.is_empty()
        && level.options.hosts.is_empty()
        && !has_options(&level.options)
        && level.steps.iter().all(is_plain)
}

fn place(span: Span) -> (String, u32) {
    let span = span.unwrap();
    (span.file(), u32::try_from(span.line()).unwrap_or(0))
}

fn pipeline_variable(name: &Ident) -> Ident {
    format_ident!("pipeline_{}", name, span = Span::mixed_site())
}

/// A middleware; one that is none is shown where it stands.
fn plug(layer: &TokenStream) -> TokenStream {
    let span = layer.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    quote_spanned!(span=> .plug(#layer))
}

fn placed(path: &LitStr, method: &str, value: &TokenStream) -> TokenStream {
    let span = value.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    let ((file, line), method) = (place(path.span()), Ident::new(method, span));
    quote!(.#method(#path, #value).at(#file, #line))
}
