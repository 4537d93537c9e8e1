//! What is written in `router!` and `routes!`, read.

use std::fmt::Write as _;
use std::rc::Rc;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::spanned::Spanned as _;
use syn::{Ident, LitStr, Path, Result, Token, braced, bracketed};

use super::Mistakes;
use super::fragment::Fragment;
use super::options::{self, Options};
use crate::nearest::nearest;

const WORDS: &[&str] = &[
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "head",
    "options",
    "any",
    "match",
    "route",
    "resources",
    "resource",
    "scope",
    "forward",
    "socket",
    "fallback",
    "include",
    "pipeline",
    "endpoint",
    "assets",
    "paths",
    "trailing_slash",
];

/// Everything that a `router!` or `routes!` says.
#[derive(Default)]
pub(super) struct Table {
    pub(super) endpoint: Vec<TokenStream>,
    pub(super) assets: Vec<AssetPath>,
    pub(super) trailing_slash: Option<Ident>,
    /// Whether there shall be a function for each name.
    pub(super) paths: bool,
    pub(super) pipelines: Vec<Pipeline>,
    pub(super) items: Vec<Item>,
    /// The handlers, in groups that are compiled together, each with its lists.
    pub(super) groups: Vec<Vec<HandlerList>>,
    /// Expressions of a fragment by their number.
    pub(super) expressions: Vec<(Wrap, TokenStream)>,
}

/// Handlers of which the compiler looks at all at once.
pub(super) enum HandlerList {
    /// Handlers of one module, with the module as it is written.
    Neighbours(String, Vec<Path>),
    /// The actions of one `resources`.
    Actions(Path, Vec<&'static str>),
}

impl HandlerList {
    fn len(&self) -> usize {
        match self {
            Self::Neighbours(_, paths) => paths.len(),
            Self::Actions(_, actions) => actions.len(),
        }
    }
}

/// How many neighbours a list has at most: as many as `zzz_core` has room for.
const NEIGHBOURS: usize = 16;

/// How many handlers a group has when no list is added to it any more. The more there are, the less each costs, and the
/// more of them are looked at again when one of them changes.
const GROUP: usize = 48;

/// `assets "/static" => "static";`
pub(super) struct AssetPath {
    pub(super) path: LitStr,
    pub(super) folder: LitStr,
}

/// `pipeline browser { session, csrf }`
pub(super) struct Pipeline {
    pub(super) name: Ident,
    pub(super) layers: Vec<TokenStream>,
}

pub(super) enum Item {
    Route(Route),
    Resources(Resources),
    Scope(Scope),
    Forward { path: LitStr, to: TokenStream },
    Socket { path: LitStr, socket: TokenStream },
    Fallback { span: Span, handler: HandlerRef },
}

/// `get "/posts" => posts::index as posts, timeout: "5m";`
pub(super) struct Route {
    /// In capitals; none for every method.
    pub(super) methods: Vec<String>,
    pub(super) path: LitStr,
    pub(super) handler: HandlerRef,
    pub(super) name: Option<Ident>,
    pub(super) options: Options,
}

/// `resources "/posts" => posts, only: [index] { ... }`
pub(super) struct Resources {
    pub(super) singleton: bool,
    pub(super) path: LitStr,
    pub(super) options: Options,
    pub(super) actions: Vec<&'static str>,
    pub(super) handlers: HandlerRef,
    pub(super) items: Vec<Item>,
}

/// `scope "/admin" through browser, host: "admin.*" { ... }`
pub(super) struct Scope {
    pub(super) path: LitStr,
    pub(super) through: Vec<Ident>,
    pub(super) options: Options,
    pub(super) items: Vec<Item>,
}

/// Where a handler, or each of several, stands.
#[derive(Clone)]
pub(super) struct HandlerRef {
    pub(super) list: List,
    /// The place in the list, of the first if there are several.
    pub(super) at: usize,
    /// The user's tokens.
    pub(super) span: Span,
    /// The last of them.
    pub(super) end: Span,
    /// As it is written, to tell whether two are the same.
    pub(super) text: String,
}

impl HandlerRef {
    /// Its name in messages.
    pub(super) fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or_default()
    }
}

/// A list of handlers.
#[derive(Clone)]
pub(super) struct List {
    /// What holds its group: a path to a type in the module in which the handlers are written.
    pub(super) owner: Rc<Owner>,
    /// The number of its group.
    pub(super) group: usize,
    /// Its number in the group.
    pub(super) number: usize,
}

/// A path to the type that holds groups of handlers.
pub(super) struct Owner {
    pub(super) tokens: TokenStream,
    pub(super) text: String,
    /// Whether it is a fragment's, whose file is another than the router's.
    pub(super) is_fragment: bool,
}

impl Owner {
    fn new(tokens: TokenStream, is_fragment: bool) -> Rc<Self> {
        Rc::new(Self { text: tokens.to_string(), tokens, is_fragment })
    }
}

/// As what a fragment's expression reaches the table, which stands in another module.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrap {
    Assign,
    Forward,
    Socket,
    Bytes,
    Time,
}

/// Reads one table, and counts what it finds.
pub(super) struct Reader<'a> {
    /// What holds the groups of handlers: a path to a type in the module of the tokens.
    owner: Rc<Owner>,
    /// Whether the tokens are a fragment's, whose expressions stand in functions of its module.
    is_fragment: bool,
    pub(super) mistakes: &'a mut Mistakes,
    /// The fragments that are known so far; `None` where includes are not followed.
    known: Option<&'a [Fragment]>,
    /// The fragments in which these tokens stand, the innermost last.
    within: Vec<&'a Fragment>,
    /// The path of a fragment that is not known yet.
    pub(super) missing: Option<Path>,
    table: Table,
}

impl<'a> Reader<'a> {
    pub(super) fn of_router(known: &'a [Fragment], mistakes: &'a mut Mistakes) -> Self {
        Self {
            owner: Owner::new(quote!(__Routes), false),
            is_fragment: false,
            mistakes,
            known: Some(known),
            within: Vec::new(),
            missing: None,
            table: Table::default(),
        }
    }

    pub(super) fn of_fragment(mistakes: &'a mut Mistakes) -> Self {
        Self {
            owner: Owner::new(quote!(__Fragment), true),
            is_fragment: true,
            mistakes,
            known: None,
            within: Vec::new(),
            missing: None,
            table: Table::default(),
        }
    }

    /// Reads the whole table, and leaves nothing behind; it reports by itself.
    pub(super) fn table(&mut self, input: ParseStream<'_>) -> Table {
        let mut items = Vec::new();
        self.items(input, &mut items, true);
        let mut table = std::mem::take(&mut self.table);
        table.items = items;
        table
    }

    /// Reads the whole table of these tokens.
    pub(super) fn table_of(&mut self, tokens: TokenStream) -> Table {
        let read = |input: ParseStream<'_>| Ok(self.table(input));
        match read.parse2(tokens) {
            Ok(table) => table,
            Err(error) => {
                self.mistakes.push(error);
                Table::default()
            }
        }
    }

    /// An expression of the table's; a fragment's stands in a function of its own module.
    pub(super) fn expression(&mut self, tokens: TokenStream, wrap: Wrap) -> TokenStream {
        if !self.is_fragment {
            return tokens;
        }
        let (owner, name) = (&self.owner.tokens, format_ident!("E{}", self.table.expressions.len()));
        self.table.expressions.push((wrap, tokens));
        match wrap {
            Wrap::Bytes | Wrap::Time => quote!(#owner::#name),
            _ => quote!(#owner::#name()),
        }
    }

    fn items(&mut self, input: ParseStream<'_>, items: &mut Vec<Item>, top: bool) {
        while !input.is_empty() {
            if let Err(error) = self.item(input, items, top) {
                self.mistakes.push(error);
                skip(input);
            }
        }
    }

    fn block(&mut self, input: ParseStream<'_>) -> Result<Vec<Item>> {
        let content;
        braced!(content in input);
        let mut items = Vec::new();
        self.items(&content, &mut items, false);
        Ok(items)
    }

    fn item(&mut self, input: ParseStream<'_>, items: &mut Vec<Item>, top: bool) -> Result<()> {
        let word = input.call(Ident::parse_any).map_err(|error| {
            syn::Error::new(
                error.span(),
                "a line of a router begins with a word such as `get`, `scope` or `resources`",
            )
        })?;
        match word.to_string().as_str() {
            "get" => items.push(self.route(input, vec!["GET".into()])?),
            "post" => items.push(self.route(input, vec!["POST".into()])?),
            "put" => items.push(self.route(input, vec!["PUT".into()])?),
            "patch" => items.push(self.route(input, vec!["PATCH".into()])?),
            "delete" => items.push(self.route(input, vec!["DELETE".into()])?),
            "head" => items.push(self.route(input, vec!["HEAD".into()])?),
            "options" => items.push(self.route(input, vec!["OPTIONS".into()])?),
            "any" => items.push(self.route(input, Vec::new())?),
            "match" => {
                let methods = methods(input)?;
                items.push(self.route(input, methods)?);
            }
            "route" => {
                let method: LitStr = input.parse()?;
                let name =
                    check_method(&method.value()).map_err(|why| syn::Error::new(method.span(), why))?;
                items.push(self.route(input, vec![name])?);
            }
            "resources" => items.push(self.resources(input, false)?),
            "resource" => items.push(self.resources(input, true)?),
            "scope" => items.push(self.scope(input)?),
            "forward" => {
                let path = path_of(input)?;
                arrow(input, "forward \"/jobs\" => jobs_router();")?;
                let to = whole_value(input)?;
                let to = self.expression(to, Wrap::Forward);
                input.parse::<Token![;]>()?;
                items.push(Item::Forward { path, to });
            }
            "socket" => {
                let path = path_of(input)?;
                arrow(input, "socket \"/socket\" => UserSocket;")?;
                let socket = whole_value(input)?;
                let socket = self.expression(socket, Wrap::Socket);
                input.parse::<Token![;]>()?;
                items.push(Item::Socket { path, socket });
            }
            "fallback" => {
                arrow(input, "fallback => pages::not_found;")?;
                let handler = self.handler(input)?;
                end(input)?;
                items.push(Item::Fallback { span: word.span(), handler });
            }
            "include" => {
                let path: Path = input.parse()?;
                end(input)?;
                self.include(&path, items);
            }
            other => return self.setting(&word, other, input, top),
        }
        Ok(())
    }

    /// What stands at the top of `router!` alone.
    fn setting(&mut self, word: &Ident, text: &str, input: ParseStream<'_>, top: bool) -> Result<()> {
        if !matches!(text, "pipeline" | "endpoint" | "assets" | "paths" | "trailing_slash") {
            let advice = match nearest(text, WORDS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", options::list(WORDS)),
            };
            return Err(syn::Error::new(word.span(), format!("`{text}` is no word of a router; {advice}")));
        }
        if self.is_fragment || !top {
            let place = if self.is_fragment { "a fragment" } else { "a scope" };
            return Err(syn::Error::new(
                word.span(),
                format!("`{text}` can not stand in {place}; it belongs at the top of `router!`"),
            ));
        }
        match text {
            "pipeline" => {
                let name = input.call(Ident::parse_any)?;
                let layers = layers(input)?;
                self.table.pipelines.push(Pipeline { name, layers });
            }
            "endpoint" => self.table.endpoint.extend(layers(input)?),
            "paths" => {
                end(input)?;
                self.table.paths = true;
            }
            "assets" => {
                let path = path_of(input)?;
                arrow(input, "assets \"/static\" => \"static\";")?;
                let folder: LitStr = input.parse()?;
                end(input)?;
                self.table.assets.push(AssetPath { path, folder });
            }
            _ => {
                let policy = input.call(Ident::parse_any)?;
                end(input)?;
                let known = ["strict", "redirect", "ignore"];
                let text = policy.to_string();
                if !known.contains(&text.as_str()) {
                    let message =
                        format!("`{text}` is no policy on trailing slashes; write {}", options::list(&known));
                    return Err(syn::Error::new(policy.span(), message));
                }
                self.table.trailing_slash = Some(policy);
            }
        }
        Ok(())
    }

    fn route(&mut self, input: ParseStream<'_>, methods: Vec<String>) -> Result<Item> {
        let path = path_of(input)?;
        arrow(input, "get \"/posts/:id\" => posts::show;")?;
        let handler = self.handler(input)?;
        let name = if input.peek(Token![as]) {
            input.parse::<Token![as]>()?;
            Some(input.call(Ident::parse_any)?)
        } else {
            None
        };
        let options = Options::read(input, options::OF_ROUTE, self)?;
        end(input)?;
        Ok(Item::Route(Route { methods, path, handler, name, options }))
    }

    fn handler(&mut self, input: ParseStream<'_>) -> Result<HandlerRef> {
        if !(input.peek(Ident::peek_any) || input.peek(Token![::])) {
            return Err(input.error("name the handler by its path, such as `posts::index`"));
        }
        let path: Path = input.parse()?;
        let text = text_of(&self.owner, &path);
        let module = text.rsplit_once("::").map_or("", |(module, _)| module);
        let (span, end) = ends(&path);
        let (list, at) = match self.neighbours(module) {
            Some((group, number, paths)) => {
                paths.push(path);
                let at = paths.len() - 1;
                (List { owner: self.owner.clone(), group, number }, at)
            }
            None => (self.list(HandlerList::Neighbours(module.to_owned(), vec![path])), 0),
        };
        Ok(HandlerRef { list, at, span, end, text })
    }

    /// The list for another handler of a module, with the numbers of its group and its own.
    fn neighbours(&mut self, module: &str) -> Option<(usize, usize, &mut Vec<Path>)> {
        // Most often it is one of the last.
        for (group, lists) in self.table.groups.iter_mut().enumerate().rev() {
            for (number, list) in lists.iter_mut().enumerate().rev() {
                if let HandlerList::Neighbours(known, paths) = list
                    && known == module
                    && paths.len() < NEIGHBOURS
                {
                    return Some((group, number, paths));
                }
            }
        }
        None
    }

    /// Adds a list to the last group, or to a new one.
    fn list(&mut self, list: HandlerList) -> List {
        let groups = &mut self.table.groups;
        let is_full = |lists: &Vec<HandlerList>| lists.iter().map(HandlerList::len).sum::<usize>() >= GROUP;
        if groups.last().is_none_or(is_full) {
            groups.push(Vec::new());
        }
        let group = groups.len() - 1;
        groups[group].push(list);
        List { owner: self.owner.clone(), group, number: groups[group].len() - 1 }
    }

    fn resources(&mut self, input: ParseStream<'_>, singleton: bool) -> Result<Item> {
        let path = path_of(input)?;
        let word =
            if singleton { "resource \"/profile\" => profile;" } else { "resources \"/posts\" => posts;" };
        arrow(input, word)?;
        let module: Path = input.parse()?;
        let known = if singleton { options::OF_RESOURCE } else { options::OF_RESOURCES };
        let options = Options::read(input, known, self)?;
        let actions = super::resources::actions(singleton, &options, self.mistakes);
        let handlers = HandlerRef {
            list: self.list(HandlerList::Actions(module.clone(), actions.clone())),
            at: 0,
            span: ends(&module).0,
            end: ends(&module).1,
            text: text_of(&self.owner, &module),
        };
        let items = if input.peek(syn::token::Brace) {
            self.block(input)?
        } else {
            end(input)?;
            Vec::new()
        };
        Ok(Item::Resources(Resources { singleton, path, options, actions, handlers, items }))
    }

    fn scope(&mut self, input: ParseStream<'_>) -> Result<Item> {
        let path = path_of(input)?;
        let (mut through, mut options) = (Vec::new(), Options::default());
        if input.peek(Ident::peek_any) {
            // One word may stand here, so whatever stands here was meant to be it.
            let word = input.call(Ident::parse_any)?;
            if word != "through" {
                return Err(syn::Error::new(
                    word.span(),
                    format!(
                        "`{word}` can not stand here; did you mean `through`? A scope is written \
                         `scope \"/\" through browser {{ ... }}`"
                    ),
                ));
            }
            if !input.peek(Ident::peek_any) {
                return Err(input.error("name the pipelines behind `through`: `through browser, staff`"));
            }
            through.push(input.call(Ident::parse_any)?);
        }
        while input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
            if input.peek2(Token![:]) {
                options.one(input, options::OF_SCOPE, self)?;
            } else {
                through.push(input.call(Ident::parse_any)?);
            }
        }
        if !input.peek(syn::token::Brace) {
            return Err(input
                .error("a scope goes on with `through` and its pipelines, options behind a comma, or `{`"));
        }
        let items = self.block(input)?;
        Ok(Item::Scope(Scope { path, through, options, items }))
    }

    /// Reads the items of a fragment in place of the line that includes it.
    fn include(&mut self, path: &Path, items: &mut Vec<Item>) {
        let Some(known) = self.known else { return };
        let path = match self.within.last() {
            Some(outer) => outer.resolve(path),
            None => path.clone(),
        };
        let key = path.to_token_stream().to_string();
        let Some(fragment) = known.iter().find(|known| known.key == key) else {
            self.missing.get_or_insert(path);
            return;
        };
        if self.within.iter().any(|outer| outer.key == key) {
            self.mistakes.add(path.span(), format_args!("`{key}` includes itself"));
            return;
        }
        let mut within = self.within.clone();
        within.push(fragment);
        let mut inner = Reader {
            owner: Owner::new(fragment.owner(), true),
            is_fragment: true,
            mistakes: self.mistakes,
            known: self.known,
            within,
            missing: None,
            table: Table::default(),
        };
        let table = inner.table_of(fragment.tokens.clone());
        if let Some(missing) = inner.missing {
            self.missing.get_or_insert(missing);
        }
        items.extend(table.items);
    }
}

/// The first and the last token of a path: what lies between is underlined.
pub(super) fn ends(path: &Path) -> (Span, Span) {
    let last = path.segments.last().map_or_else(Span::call_site, |last| last.ident.span());
    let first = match &path.leading_colon {
        Some(colon) => colon.spans[0],
        None => path.segments.first().map_or(last, |first| first.ident.span()),
    };
    (first, last)
}

/// What tells handlers apart: their path, and the module in which it is written.
fn text_of(owner: &Owner, path: &Path) -> String {
    let mut text = format!("{}/", owner.text);
    if path.leading_colon.is_some() {
        text.push_str("::");
    }
    for (at, segment) in path.segments.iter().enumerate() {
        let _ = write!(text, "{}{}", if at > 0 { "::" } else { "" }, segment.ident);
        if !segment.arguments.is_none() {
            text.push_str(&segment.arguments.to_token_stream().to_string().replace(' ', ""));
        }
    }
    text
}

/// A path literal; what it says is checked when it is whole.
fn path_of(input: ParseStream<'_>) -> Result<LitStr> {
    input
        .parse::<LitStr>()
        .map_err(|error| syn::Error::new(error.span(), "a path is missing here, such as \"/posts/:id\""))
}

/// What stands between a path and what it leads to.
fn arrow(input: ParseStream<'_>, example: &str) -> Result<()> {
    if input.peek(Token![=>]) {
        input.parse::<Token![=>]>()?;
        return Ok(());
    }
    Err(input.error(format!("`=>` belongs here; such a line is written `{example}`")))
}

/// What ends a line; without it the next line would be read as part of this one.
fn end(input: ParseStream<'_>) -> Result<()> {
    if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
        return Ok(());
    }
    Err(input.error("this line ends with `;`; options stand behind a comma, such as `, timeout: \"5m\"`"))
}

/// `[get, post]`
fn methods(input: ParseStream<'_>) -> Result<Vec<String>> {
    let content;
    let bracket = bracketed!(content in input);
    let mut methods = Vec::new();
    while !content.is_empty() {
        let method = content.call(Ident::parse_any)?;
        let name = method.to_string().to_uppercase();
        let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"];
        if !known.contains(&name.as_str()) {
            let advice = match nearest(&name, &known) {
                Some(near) => format!("did you mean `{}`?", near.to_lowercase()),
                None => "write a method of another kind as `route \"PURGE\" \"/path\" => handler;`".into(),
            };
            return Err(syn::Error::new(method.span(), format!("`{method}` is no usual method; {advice}")));
        }
        if methods.contains(&name) {
            return Err(syn::Error::new(method.span(), format!("`{method}` stands in this list twice")));
        }
        methods.push(name);
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    if methods.is_empty() {
        return Err(syn::Error::new(bracket.span.join(), "name at least one method, or write `any` for all"));
    }
    Ok(methods)
}

/// A method is a token (RFC 9110, section 9.1), and case counts.
fn check_method(text: &str) -> std::result::Result<String, String> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if text.is_empty() || !text.chars().all(is_token) {
        return Err(format!("`{text}` is no method; a method is a word such as \"PURGE\""));
    }
    let upper = text.to_uppercase();
    let usual = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    if text != upper && usual.contains(&upper.as_str()) {
        return Err(format!(
            "methods are case-sensitive, and no client sends `{text}`; write `{}`",
            upper.to_lowercase()
        ));
    }
    Ok(text.to_owned())
}

/// `{ a, b("x"), }`
fn layers(input: ParseStream<'_>) -> Result<Vec<TokenStream>> {
    let content;
    braced!(content in input);
    let mut layers = Vec::new();
    while !content.is_empty() {
        layers.push(options::value(&content)?);
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(layers)
}

/// An expression up to the `;`.
fn whole_value(input: ParseStream<'_>) -> Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![;]) {
        input.parse::<TokenTree>()?.to_tokens(&mut tokens);
    }
    if tokens.is_empty() { Err(input.error("a value is missing here")) } else { Ok(tokens) }
}

/// Goes on behind the line that could not be read.
fn skip(input: ParseStream<'_>) {
    while !input.is_empty() {
        let block = input.peek(syn::token::Brace);
        let line = input.peek(Token![;]);
        if input.parse::<TokenTree>().is_err() || block || line {
            return;
        }
    }
}
