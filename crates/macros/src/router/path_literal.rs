//! What stands in `path!("...")`: texts, and values in braces.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{Error, LitStr, Result};

use super::pattern;

/// A part of a segment.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    Text(String),
    Value(TokenStream),
}

/// A pair of the query string, or several.
#[derive(Debug)]
pub(super) enum Pair {
    /// `sort=title`
    Text(String),
    /// `page={n}`
    Value(String, TokenStream),
    /// `{params}`
    Values(TokenStream),
}

/// A literal, taken apart.
#[derive(Debug)]
pub(super) struct PathLiteral {
    pub(super) segments: Vec<Vec<Piece>>,
    pub(super) query: Vec<Pair>,
    pub(super) fragment: Option<Vec<Piece>>,
}

impl PathLiteral {
    pub(super) fn read(literal: &LitStr) -> Result<Self> {
        let (text, span) = (literal.value(), literal.span());
        let fail = |why: String| Error::new(span, why);
        if !text.starts_with('/') {
            return Err(fail(format!("a path of this app begins with `/`: write \"/{text}\"")));
        }
        let pieces = pieces(&text, span)?;
        let (path, rest) = split_once(pieces, &['?', '#']);
        let mut segments: Vec<Vec<Piece>> = split(path, '/').into_iter().skip(1).collect();
        let (mut query, mut fragment) = (Vec::new(), None);
        if let Some((separator, rest)) = rest {
            let (before, after) =
                if separator == '?' { split_once(rest, &['#']) } else { (Vec::new(), Some(('#', rest))) };
            for pair in split(before, '&') {
                if !pair.is_empty() {
                    query.push(read_pair(pair).map_err(&fail)?);
                }
            }
            fragment = after.map(|(_, pieces)| pieces);
        }
        for segment in &mut segments {
            let holds = segment.iter().any(|piece| matches!(piece, Piece::Value(_)));
            for piece in &mut *segment {
                if let Piece::Text(text) = piece {
                    if holds {
                        // The same, and what writes the path looks for dots when the values are there.
                        *text = text.replace("%2e", ".").replace("%2E", ".");
                    }
                    check(text, "-._~!$&'()*+,;=:@%").map_err(&fail)?;
                }
            }
            if let [Piece::Text(text)] = segment.as_slice() {
                pattern::check_dots(text).map_err(&fail)?;
            }
        }
        if let Some((_, rest)) = segments.split_last()
            && rest.iter().any(Vec::is_empty)
        {
            return Err(fail("a path can not have an empty segment (`//`); write one `/`".into()));
        }
        for piece in fragment.iter().flatten() {
            if let Piece::Text(text) = piece {
                check(text, "-._~!$&'()*+,;=:@%/?").map_err(&fail)?;
            }
        }
        Ok(Self { segments, query, fragment })
    }

    /// The path as a route would be written, with `:` for values: to find what is near.
    pub(super) fn shape(&self) -> String {
        let segment = |segment: &Vec<Piece>| -> String {
            segment.iter().map(|piece| if let Piece::Text(text) = piece { text } else { ":" }).collect()
        };
        self.segments.iter().map(|pieces| format!("/{}", segment(pieces))).collect()
    }

    /// The path, if it holds no value.
    pub(super) fn fixed(&self) -> Option<String> {
        let holds = self.segments.iter().flatten().any(|piece| matches!(piece, Piece::Value(_)));
        (!holds).then(|| self.shape())
    }
}

fn read_pair(pair: Vec<Piece>) -> std::result::Result<Pair, String> {
    let mut pieces = pair.into_iter();
    match (pieces.next(), pieces.next(), pieces.next()) {
        (Some(Piece::Text(text)), None, _) => {
            check(&text, "-._~!$'()*+,;=:@%/?[]")?;
            Ok(Pair::Text(text))
        }
        (Some(Piece::Value(value)), None, _) => Ok(Pair::Values(value)),
        (Some(Piece::Text(text)), Some(Piece::Value(value)), None) => match text.strip_suffix('=') {
            Some(name) if !name.is_empty() && !name.contains('=') => {
                check(name, "-._~[]")?;
                Ok(Pair::Value(name.to_owned(), value))
            }
            _ => {
                Err(format!("write a value of the query string whole: `name={{value}}`, not `{text}{{...}}`"))
            }
        },
        _ => Err("write a value of the query string whole: `name={value}`; where the name is a value too, pairs stand \
                  behind the path: path!(\"/posts\", ?[(name, value)])"
            .into()),
    }
}

/// Whether a text may stand there as it is.
fn check(text: &str, besides: &str) -> std::result::Result<(), String> {
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || besides.contains(*c))) {
        None => pattern::check_escapes(text),
        Some(odd) => {
            let mut bytes = [0; 4];
            let escaped: String =
                odd.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect();
            Err(format!(
                "`{odd}` can not stand there as it is; write `{escaped}`, or put the text in as a value: {{\"{text}\"}}"
            ))
        }
    }
}

/// Takes `{value}` out of the texts; `{{` and `}}` are the braces themselves.
fn pieces(text: &str, span: Span) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        let after = &rest[at + 1..];
        if let Some(doubled) = after.strip_prefix(brace) {
            plain.push_str(brace);
            rest = doubled;
            continue;
        }
        if brace == "}" {
            return Err(Error::new(span, "there is a `}` without its `{`; for the brace itself write `}}`"));
        }
        let Some(end) = closing(after) else {
            return Err(Error::new(span, "there is a `{` without its `}`; for the brace itself write `{{`"));
        };
        let value = &after[..end];
        let tokens: TokenStream = match value.parse() {
            Ok(tokens) if !value.trim().is_empty() => tokens,
            _ => {
                return Err(Error::new(
                    span,
                    format!("`{{{value}}}` holds no value; write one such as `{{id}}`"),
                ));
            }
        };
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(Piece::Value(located(tokens, span)));
        rest = &after[end + 1..];
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

/// Where the brace closes that has just opened.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The tokens as if they stood where the literal stands, so that they mean what they mean there.
fn located(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            if let TokenTree::Group(group) = &token {
                let mut inner = proc_macro2::Group::new(group.delimiter(), located(group.stream(), span));
                inner.set_span(span);
                return TokenTree::Group(inner);
            }
            token.set_span(span);
            token
        })
        .collect()
}

/// Splits at every such character in the texts.
fn split(pieces: Vec<Piece>, at: char) -> Vec<Vec<Piece>> {
    let mut parts = vec![Vec::new()];
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                for (index, part) in text.split(at).enumerate() {
                    if index > 0 {
                        parts.push(Vec::new());
                    }
                    if let Some(last) = parts.last_mut()
                        && !part.is_empty()
                    {
                        last.push(Piece::Text(part.to_owned()));
                    }
                }
            }
            value => {
                if let Some(last) = parts.last_mut() {
                    last.push(value);
                }
            }
        }
    }
    parts
}

/// Splits at the first of these characters in the texts.
fn split_once(pieces: Vec<Piece>, at: &[char]) -> (Vec<Piece>, Option<(char, Vec<Piece>)>) {
    let mut before = Vec::new();
    let mut pieces = pieces.into_iter();
    while let Some(piece) = pieces.next() {
        let Piece::Text(text) = &piece else {
            before.push(piece);
            continue;
        };
        let Some((place, found)) = text.char_indices().find(|(_, c)| at.contains(c)) else {
            before.push(piece);
            continue;
        };
        let (first, second) = (&text[..place], &text[place + found.len_utf8()..]);
        if !first.is_empty() {
            before.push(Piece::Text(first.to_owned()));
        }
        let mut after = Vec::new();
        if !second.is_empty() {
            after.push(Piece::Text(second.to_owned()));
        }
        after.extend(pieces);
        return (before, Some((found, after)));
    }
    (before, None)
}
