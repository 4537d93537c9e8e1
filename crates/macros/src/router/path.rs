//! `path!` and `url!`: a path is compared with the table, and its values with the types of the parameters.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::ParseStream;
use syn::{Error, Ident, LitStr, Result, Token};

use super::codegen::called;
use super::path_literal::{Pair, PathLiteral, Piece};
use super::pattern::{self, Segment};
use super::table::{self, Known, Pattern};
use super::{assets, fragment, options};
use crate::nearest::distance;

/// What stands in place of a use that is wrong.
pub(super) fn failed(error: &Error) -> TokenStream {
    let error = error.to_compile_error();
    quote!({ #error })
}

/// `{ path of zzz-router } "table" path "/posts/{id}", ?params`, or `url base, "/posts/{id}"`.
pub(super) fn expand(input: ParseStream<'_>) -> Result<TokenStream> {
    let krate = fragment::group(input)?;
    let known = table::decode(&input.parse::<LitStr>()?.value());
    let is_url = input.parse::<Ident>()? == "url";
    let mut base = None;
    if is_url {
        let value = options::value(input)?;
        if !input.peek(Token![,]) {
            return Err(Error::new(
                span_of(&value),
                "`url!` takes what knows the app's address and a path: url!(site, \"/posts/{id}\")",
            ));
        }
        input.parse::<Token![,]>()?;
        base = Some(value);
    }
    let literal: LitStr = input.parse().map_err(|error| {
        Error::new(error.span(), "write the path as a text, with values in braces: \"/posts/{post.id}\"")
    })?;
    let mut path = PathLiteral::read(&literal)?;
    if input.peek(Token![,]) {
        input.parse::<Token![,]>()?;
        if !input.is_empty() {
            let question = input.parse::<Token![?]>();
            let Ok(_) = question else {
                return Err(input.error(
                    "behind the path stand query parameters, with a `?`: path!(\"/posts\", ?params)",
                ));
            };
            path.query.push(Pair::Values(options::value(input)?));
        }
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
        }
    }
    if !input.is_empty() {
        return Err(
            input.error("nothing more can stand here; values stand in the path itself: \"/posts/{post.id}\"")
        );
    }
    let private = quote!(#krate::__private);
    let mut writer = Writer {
        private: &private,
        hash: known.hash,
        span: literal.span(),
        steps: vec![],
        text: String::new(),
        checks: TokenStream::new(),
    };
    writer.path(&known, &path)?;
    writer.query(&path.query);
    writer.fragment(path.fragment.as_deref());
    let path = writer.finish();
    Ok(match base {
        Some(base) => {
            let span = span_of(&base);
            let base = quote_spanned!(span=> &(#base));
            quote!(#private::url(#base, &#path))
        }
        None => path,
    })
}

fn span_of(tokens: &TokenStream) -> Span {
    tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span())
}

/// Puts the code together.
struct Writer<'a> {
    private: &'a TokenStream,
    hash: u64,
    span: Span,
    steps: Vec<TokenStream>,
    /// What stands before the next step.
    text: String,
    checks: TokenStream,
}

impl Writer<'_> {
    fn path(&mut self, known: &Known, path: &PathLiteral) -> Result<()> {
        if let Some(pattern) = best(&known.patterns, &path.segments) {
            self.route(pattern, &path.segments);
            return Ok(());
        }
        let within = |mount: &String| {
            let mut fixed = mount.split('/').skip(1);
            let mut segments = path.segments.iter();
            mount == "/" || fixed.all(|fixed| segments.next().is_some_and(|segment| is_text(segment, fixed)))
        };
        if known.is_lenient || known.mounts.iter().any(within) {
            for segment in &path.segments {
                self.text.push('/');
                self.pieces(segment);
            }
            return Ok(());
        }
        for (prefix, folder) in &known.assets {
            if path.shape().strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/')) {
                return self.asset(prefix, folder, path);
            }
        }
        Err(Error::new(self.span, no_route(known, path)))
    }

    /// A file that is served.
    fn asset(&mut self, prefix: &str, folder: &str, path: &PathLiteral) -> Result<()> {
        if let Some(fixed) = path.fixed() {
            let file = &fixed[prefix.len() + 1..];
            let is_there = assets::exists(folder, file).map_err(|why| Error::new(self.span, why))?;
            if !is_there {
                let mut message = format!("there is no file `{file}` in the folder `{folder}`");
                let files = assets::files(folder);
                if let Some(near) = nearest_of(file, files.iter().map(String::as_str)).first() {
                    message.push_str(&format!("; did you mean `{prefix}/{near}`?"));
                }
                return Err(Error::new(self.span, message));
            }
            // Should the file go away, the compiler looks here again.
            if let Ok(folder) = assets::folder(folder) {
                let place = folder.join(file).display().to_string();
                self.checks.extend(quote!(
                    const _: &[u8] = ::core::include_bytes!(#place);
                ));
            }
        }
        for segment in &path.segments {
            self.text.push('/');
            self.pieces(segment);
        }
        Ok(())
    }

    fn route(&mut self, pattern: &Pattern, segments: &[Vec<Piece>]) {
        let mut param = 0;
        for (at, (segment, given)) in pattern.segments.iter().zip(segments).enumerate() {
            self.text.push('/');
            match segment {
                Segment::Fixed(text) => self.text.push_str(text),
                Segment::Param { prefix, name } => {
                    self.param(pattern, param, name, &without(given, prefix), prefix);
                    param += 1;
                }
                Segment::Rest(_) => {
                    self.rest(&segments[at..]);
                    return;
                }
            }
        }
    }

    fn param(&mut self, pattern: &Pattern, at: usize, name: &str, given: &[Piece], prefix: &str) {
        let (private, hash, span) = (self.private, self.hash, self.span);
        let names = pattern::params(&pattern.segments);
        let places = pattern.places.iter().map(|[group, list, at]| quote!([#group, #list, #at]));
        let kind = quote!({ #private::at::<#hash, _>(&[#(#names),*], &[#(#places),*], #at) });
        self.text.push_str(prefix);
        match given {
            [Piece::Value(value)] if is_number(value) => {
                let call = quote_spanned!(span=> .number::<#kind, _>(#value));
                self.step(call);
            }
            [Piece::Value(value)] => {
                let argument = quote_spanned!(span=> &(#value));
                let call = quote_spanned!(span=> .param::<#kind, _, _>(#argument));
                self.step(call);
            }
            [Piece::Text(text)] => {
                let new = quote!(#private::FixedParam::new(#text, #name));
                let check = called(&new, "fits", &kind, (span, span));
                self.checks.extend(quote!(const _: () = #check;));
                self.text.push_str(text);
            }
            pieces => {
                let new = quote!(#private::FixedParam::new("", #name));
                let check = called(&new, "joins", &kind, (span, span));
                self.checks.extend(quote!(const _: () = #check;));
                self.pieces(pieces);
            }
        }
    }

    /// What stands for `*rest`.
    fn rest(&mut self, segments: &[Vec<Piece>]) {
        if let [segment] = segments
            && let [Piece::Value(value)] = segment.as_slice()
        {
            let span = self.span;
            let call = quote_spanned!(span=> .rest(&(#value)));
            self.step(call);
            return;
        }
        for (at, segment) in segments.iter().enumerate() {
            if at > 0 {
                self.text.push('/');
            }
            self.pieces(segment);
        }
    }

    /// Texts and values of any type, which together are a segment.
    fn pieces(&mut self, pieces: &[Piece]) {
        let span = self.span;
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.text.push_str(text),
                Piece::Value(value) => {
                    let call = quote_spanned!(span=> .piece(&(#value)));
                    self.step(call);
                }
            }
        }
        if pieces.iter().any(|piece| matches!(piece, Piece::Value(_))) {
            // Only when it is whole can it be told whether it is a segment that leads elsewhere.
            self.step(quote!(.end_segment()));
        }
    }

    fn query(&mut self, query: &[Pair]) {
        let span = self.span;
        let is_fixed = self.steps.is_empty() && query.iter().all(|pair| matches!(pair, Pair::Text(_)));
        for (at, pair) in query.iter().enumerate() {
            match pair {
                // Known to be the first, so the separator is known too.
                Pair::Text(text) if is_fixed => {
                    self.text.push(if at == 0 { '?' } else { '&' });
                    self.text.push_str(text);
                }
                Pair::Text(text) => self.step(quote!(.query(#text))),
                Pair::Value(name, value) => self.step(quote_spanned!(span=> .pair(#name, &(#value)))),
                Pair::Values(value) => self.step(quote_spanned!(span=> .pairs(&(#value)))),
            }
        }
    }

    fn fragment(&mut self, fragment: Option<&[Piece]>) {
        let Some(pieces) = fragment else { return };
        let span = self.span;
        self.text.push('#');
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.text.push_str(text),
                Piece::Value(value) => self.step(quote_spanned!(span=> .fragment(&(#value)))),
            }
        }
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.steps.push(quote!(.text(#text)));
        }
    }

    fn step(&mut self, step: TokenStream) {
        self.flush();
        self.steps.push(step);
    }

    fn finish(mut self) -> TokenStream {
        let (private, checks) = (self.private, &self.checks);
        if self.steps.is_empty() {
            let text = &self.text;
            let path = quote!(#private::VerifiedPath::fixed(#text));
            return if checks.is_empty() { path } else { quote!({ #checks #path }) };
        }
        let checks = self.checks.clone();
        self.flush();
        // A variable where the literal stands, so that mistakes are shown there.
        let (steps, path) = (&self.steps, Ident::new("__path", self.span));
        quote!({ #checks let mut #path = #private::PathWriter::new(); #(#path #steps;)* #path.finish() })
    }
}

/// Whether the segment is this text and nothing else.
fn is_text(segment: &[Piece], fixed: &str) -> bool {
    match segment {
        [] => fixed.is_empty(),
        [Piece::Text(text)] => text == fixed,
        _ => false,
    }
}

/// A number without a type, which takes that of the parameter.
fn is_number(value: &TokenStream) -> bool {
    let mut tokens = value.clone().into_iter();
    let (Some(TokenTree::Literal(literal)), None) = (tokens.next(), tokens.next()) else { return false };
    literal.to_string().bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

/// The segment without the text that stands before a parameter.
fn without(segment: &[Piece], prefix: &str) -> Vec<Piece> {
    let mut pieces = segment.to_vec();
    if let Some(Piece::Text(text)) = pieces.first_mut() {
        *text = text.strip_prefix(prefix).unwrap_or(text).to_owned();
        if text.is_empty() {
            pieces.remove(0);
        }
    }
    pieces
}

/// The pattern that the router would choose: the most fixed from the left.
fn best<'a>(patterns: &'a [Pattern], segments: &[Vec<Piece>]) -> Option<&'a Pattern> {
    let ranked = patterns.iter().filter_map(|pattern| Some((rank(&pattern.segments, segments)?, pattern)));
    ranked.min_by(|(a, _), (b, _)| a.cmp(b)).map(|(_, pattern)| pattern)
}

/// How well a pattern fits, less being better; `None` if it does not.
fn rank(pattern: &[Segment], segments: &[Vec<Piece>]) -> Option<Vec<usize>> {
    const REST: usize = usize::MAX;
    let mut ranks = Vec::new();
    for (at, segment) in pattern.iter().enumerate() {
        let given = segments.get(at)?;
        match segment {
            Segment::Fixed(text) => {
                if !is_text(given, text) {
                    return None;
                }
                ranks.push(0);
            }
            Segment::Param { prefix, .. } => {
                let fits = prefix.is_empty()
                    || matches!(given.first(), Some(Piece::Text(text)) if text.starts_with(prefix.as_str()));
                if !fits || without(given, prefix).is_empty() {
                    return None;
                }
                ranks.push(REST - 1 - prefix.len());
            }
            Segment::Rest(_) => {
                if given.is_empty() {
                    return None;
                }
                ranks.push(REST);
                return Some(ranks);
            }
        }
    }
    (pattern.len() == segments.len()).then_some(ranks)
}

fn no_route(known: &Known, path: &PathLiteral) -> String {
    let shape = path.shape();
    let mut message = format!("no route takes `{shape}`");
    // With `:` alone for parameters, so that their names do not count.
    let plain: Vec<(String, &str)> = known
        .patterns
        .iter()
        .map(|pattern| (super::pattern::shape(&pattern.segments), pattern.text.as_str()))
        .collect();
    let near = nearest_of(&shape, plain.iter().map(|(plain, _)| plain.as_str()));
    let near: Vec<&str> = near
        .iter()
        .filter_map(|near| plain.iter().find(|(plain, _)| plain == near))
        .map(|(_, text)| *text)
        .collect();
    if !near.is_empty() {
        message.push_str(&format!("; did you mean {}?", options::list(&near)));
    } else if known.patterns.is_empty() {
        message.push_str("; the router has no routes");
    }
    message
}

/// Up to three words that are near, the nearest first.
fn nearest_of<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut near: Vec<(usize, &str)> = candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, candidate)| distance * 2 <= word.len().max(candidate.len()))
        .collect();
    near.sort();
    near.dedup();
    near.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}
