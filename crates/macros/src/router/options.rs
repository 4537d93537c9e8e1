//! Options behind a comma: `only: [show]`, `body_limit: "5MiB"`, `host: "admin.*"`.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Ident, LitBool, LitStr, Result, Token, bracketed};

use super::host::check_host;
use super::literals;
use super::syntax::Reader;
use crate::nearest::nearest;

/// What may stand where.
pub(super) const OF_ROUTE: &[&str] = &["body_limit", "timeout", "log", "assign", "verify"];
pub(super) const OF_SCOPE: &[&str] = &["host", "as", "body_limit", "timeout", "log", "assign"];
pub(super) const OF_RESOURCES: &[&str] =
    &["only", "except", "param", "as", "body_limit", "timeout", "log", "assign"];
pub(super) const OF_RESOURCE: &[&str] = &["only", "except", "as", "body_limit", "timeout", "log", "assign"];

const LEVELS: &[&str] = &["off", "trace", "debug", "info", "warn", "error"];

/// What the options say. Which of them may stand there at all, the caller has said.
#[derive(Default, Clone)]
pub(super) struct Options {
    pub(super) only: Option<Vec<Ident>>,
    pub(super) except: Option<Vec<Ident>>,
    pub(super) param: Option<Ident>,
    pub(super) name: Option<Ident>,
    /// None for all of them.
    pub(super) hosts: Vec<LitStr>,
    /// An expression of type `u64`.
    pub(super) body_limit: Option<TokenStream>,
    /// An expression of type `Duration`.
    pub(super) timeout: Option<TokenStream>,
    /// A variant of `RouteLog`.
    pub(super) log: Option<Ident>,
    pub(super) assign: Vec<TokenStream>,
    /// Whether `path!` counts the route; it does if nothing is said.
    pub(super) verify: Option<bool>,
}

impl Options {
    /// Whether it says anything of limits.
    pub(super) fn has_limits(&self) -> bool {
        self.body_limit.is_some() || self.timeout.is_some()
    }

    /// Reads `, name: value, ...` as far as it goes.
    pub(super) fn read(input: ParseStream<'_>, known: &[&str], reader: &mut Reader<'_>) -> Result<Self> {
        let mut options = Self::default();
        while input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
            if input.is_empty() || input.peek(Token![;]) {
                break;
            }
            options.one(input, known, reader)?;
        }
        Ok(options)
    }

    /// Reads one `name: value`; whether the name is known decides the list.
    pub(super) fn one(
        &mut self,
        input: ParseStream<'_>,
        known: &[&str],
        reader: &mut Reader<'_>,
    ) -> Result<()> {
        let name = input.call(Ident::parse_any)?;
        let text = name.to_string();
        if !known.contains(&text.as_str()) {
            // Before the value: a word that does not belong here is the mistake, whatever follows.
            return Err(unknown(&name, known));
        }
        input.parse::<Token![:]>()?;
        if self.has(&text) {
            reader.mistakes.add(name.span(), format_args!("`{text}` stands here twice"));
        }
        match text.as_str() {
            "only" => self.only = Some(actions(input)?),
            "except" => self.except = Some(actions(input)?),
            "param" => self.param = Some(input.call(Ident::parse_any)?),
            "as" => self.name = Some(input.call(Ident::parse_any)?),
            "host" => {
                self.hosts = hosts(input)?;
            }
            "body_limit" => {
                let value = value(input)?;
                self.body_limit = Some(match text_of(&value) {
                    Some(text) => {
                        let bytes = literals::size(&text.value()).ok_or_else(|| {
                            syn::Error::new(
                                text.span(),
                                format!(
                                    "`{}` is no size; write one such as \"512KiB\" or \"5MiB\"",
                                    text.value()
                                ),
                            )
                        })?;
                        quote!(#bytes)
                    }
                    None => reader.expression(value, super::syntax::Wrap::Bytes),
                });
            }
            "timeout" => {
                let value = value(input)?;
                self.timeout = Some(match text_of(&value) {
                    Some(text) => {
                        let millis = literals::duration(&text.value()).ok_or_else(|| {
                            syn::Error::new(
                                text.span(),
                                format!(
                                    "`{}` is no duration; write one such as \"10s\", \"250ms\" or \"5m\"",
                                    text.value()
                                ),
                            )
                        })?;
                        quote!(::core::time::Duration::from_millis(#millis))
                    }
                    None => reader.expression(value, super::syntax::Wrap::Time),
                });
            }
            "verify" => {
                let value = input.parse::<LitBool>().map_err(|error| {
                    let why = "`verify: false` leaves the route out of what `path!` knows; nothing else can stand here";
                    syn::Error::new(error.span(), why)
                })?;
                self.verify = Some(value.value());
            }
            "log" => {
                let level = input.call(Ident::parse_any)?;
                let text = level.to_string();
                if !LEVELS.contains(&text.as_str()) {
                    return Err(syn::Error::new(
                        level.span(),
                        format!("`{text}` is no level; requests are logged as {}", list(LEVELS)),
                    ));
                }
                let mut variant = text[..1].to_uppercase();
                variant.push_str(&text[1..]);
                self.log = Some(Ident::new(&variant, level.span()));
            }
            _ => {
                let value = value(input)?;
                self.assign.push(reader.expression(value, super::syntax::Wrap::Assign));
            }
        }
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        match name {
            "only" => self.only.is_some(),
            "except" => self.except.is_some(),
            "param" => self.param.is_some(),
            "as" => self.name.is_some(),
            "host" => !self.hosts.is_empty(),
            "body_limit" => self.body_limit.is_some(),
            "timeout" => self.timeout.is_some(),
            "log" => self.log.is_some(),
            "verify" => self.verify.is_some(),
            _ => false,
        }
    }
}

/// `a`, `b` or `c`
pub(super) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

fn unknown(name: &Ident, known: &[&str]) -> syn::Error {
    let text = name.to_string();
    let advice = match nearest(&text, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", list(known)),
    };
    syn::Error::new(name.span(), format!("`{text}` is no option here; {advice}"))
}

fn actions(input: ParseStream<'_>) -> Result<Vec<Ident>> {
    let content;
    bracketed!(content in input);
    let list: Punctuated<Ident, Token![,]> = Punctuated::parse_terminated_with(&content, Ident::parse_any)?;
    Ok(list.into_iter().collect())
}

/// `"example.com"` or `["example.com", "*.example.org"]`
fn hosts(input: ParseStream<'_>) -> Result<Vec<LitStr>> {
    let list = if input.peek(syn::token::Bracket) {
        let content;
        let bracket = bracketed!(content in input);
        let list: Punctuated<LitStr, Token![,]> =
            Punctuated::parse_terminated_with(&content, |input| input.parse())?;
        if list.is_empty() {
            return Err(syn::Error::new(
                bracket.span.join(),
                "name a host, or leave `host` out for all of them",
            ));
        }
        list.into_iter().collect()
    } else {
        vec![input.parse::<LitStr>()?]
    };
    let mut known = Vec::new();
    for host in &list {
        check_host(&host.value()).map_err(|why| syn::Error::new(host.span(), why))?;
        let name = host.value().to_lowercase();
        if known.contains(&name) {
            return Err(syn::Error::new(host.span(), format!("`{name}` stands in this list twice")));
        }
        known.push(name);
    }
    Ok(list)
}

/// The text, if the tokens are one.
fn text_of(tokens: &TokenStream) -> Option<LitStr> {
    (|input: ParseStream<'_>| input.parse::<LitStr>()).parse2(tokens.clone()).ok()
}

/// An expression, up to a `,` or `;` outside of brackets and turbofishes, or the `{` of a scope.
pub(super) fn value(input: ParseStream<'_>) -> Result<TokenStream> {
    let mut tokens = TokenStream::new();
    let mut angles = 0_usize;
    let mut before = ' ';
    while !input.is_empty() {
        if input.peek(Token![;]) || angles == 0 && input.peek(Token![,]) {
            break;
        }
        // `Section { .. }` is a value; the block of a scope follows one that is whole.
        if input.peek(syn::token::Brace) && angles == 0 && ends_value(&tokens) {
            break;
        }
        let token: TokenTree = input.parse()?;
        let mut now = ' ';
        if let TokenTree::Punct(punct) = &token {
            now = punct.as_char();
            match now {
                '<' if before == ':' || angles > 0 => angles += 1,
                '>' if angles > 0 && before != '-' => angles -= 1,
                _ => {}
            }
        }
        before = now;
        token.to_tokens(&mut tokens);
    }
    if tokens.is_empty() {
        return Err(input.error("a value is missing here"));
    }
    Ok(tokens)
}

/// Whether the tokens are whole without a block behind them: they end with a call or a literal.
fn ends_value(tokens: &TokenStream) -> bool {
    match tokens.clone().into_iter().last() {
        Some(TokenTree::Group(group)) => group.delimiter() != Delimiter::Brace,
        Some(TokenTree::Literal(_)) => true,
        _ => false,
    }
}

/// The place of an option's list, or of what it belongs to.
pub(super) fn span_of(list: &[Ident], otherwise: Span) -> Span {
    list.first().map_or(otherwise, Ident::span)
}
