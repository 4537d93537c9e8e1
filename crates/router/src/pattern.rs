//! How a route's path is read: `:id`, `prefix:id`, `*rest`.

use zzz_core::http::verified::MAX_PARAMS as MOST_PARAMS;

use crate::encoding;

/// The longest path that may be declared, in bytes: no request that a server takes by default has a longer one.
const LONGEST: usize = 8 * 1024;

/// A path as a route declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// As declared, with its scopes.
    pub(crate) text: String,
    /// The names of its parameters, in order.
    pub(crate) params: Vec<String>,
}

/// A segment of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Segment<'a> {
    /// Characters that a path has to have as they are.
    Fixed(&'a str),
    /// A parameter, and what stands before it: the rest of the segment, at least one character.
    Param(&'a str),
    /// The rest of the path, at least one character.
    Rest,
}

impl Pattern {
    /// Reads a path that begins with `/`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') {
            return Err(format!("the path `{text}` must begin with `/`"));
        }
        if text.len() > LONGEST {
            let start: String = text.chars().take(60).collect();
            return Err(format!("the path `{start}...` is longer than {LONGEST} bytes"));
        }
        let mut reader = Reader { text, params: Vec::new() };
        let mut segments = text[1..].split('/').peekable();
        while let Some(segment) = segments.next() {
            reader.segment(segment, segments.peek().is_none())?;
        }
        let Reader { params, .. } = reader;
        if params.len() > MOST_PARAMS {
            return Err(format!("`{text}` has more than {MOST_PARAMS} parameters"));
        }
        Ok(Self { text: text.to_owned(), params })
    }

    /// The whole path, if it has no parameters.
    pub(crate) fn as_fixed(&self) -> Option<&str> {
        self.params.is_empty().then_some(self.text.as_str())
    }

    /// What it is made of.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.text[1..].split('/').map(|segment| match segment.split_once(':') {
            _ if segment.starts_with('*') => Segment::Rest,
            Some((prefix, _)) => Segment::Param(prefix),
            None => Segment::Fixed(segment),
        })
    }

    /// The same for two patterns that take the same paths, whatever their parameters are called.
    pub(crate) fn shape(&self) -> String {
        let mut shape = String::new();
        for segment in self.segments() {
            shape.push('/');
            match segment {
                Segment::Fixed(text) => shape.push_str(text),
                Segment::Param(prefix) => shape.extend([prefix, ":"]),
                Segment::Rest => shape.push('*'),
            }
        }
        shape
    }

    /// This path without a `/` at its end, with one, and everything below it.
    pub(crate) fn and_below(&self) -> [Self; 3] {
        let mut bare = self.clone();
        if bare.text.len() > 1 && bare.text.ends_with('/') {
            bare.text.pop();
        }
        let mut slash = bare.clone();
        if slash.text != "/" {
            slash.text.push('/');
        }
        let mut below = slash.clone();
        below.text.push('*');
        below.params.push(String::new());
        [bare, slash, below]
    }
}

/// Reads a pattern, segment by segment.
struct Reader<'a> {
    text: &'a str,
    params: Vec<String>,
}

impl Reader<'_> {
    fn segment(&mut self, segment: &str, is_last: bool) -> Result<(), String> {
        let text = self.text;
        if segment.is_empty() && !is_last {
            return Err(format!("the path `{text}` has an empty segment (`//`)"));
        }
        if let Some(name) = segment.strip_prefix('*') {
            if !is_last {
                return Err(format!(
                    "`*{name}` in `{text}` takes all that is left, so it must be the last segment"
                ));
            }
            return self.param(name);
        }
        let (fixed, name) = match segment.split_once(':') {
            Some((fixed, name)) => (fixed, Some(name)),
            None => (segment, None),
        };
        if let Some(odd) = fixed.chars().find(|c| !is_path_char(*c)) {
            return Err(format!("`{odd}` in `{text}` can not stand in a path; write it percent-encoded"));
        }
        if let Err(error) = encoding::check(fixed) {
            let message = error.public_message().unwrap_or("it can not be decoded");
            return Err(format!("no request can have the path `{text}`: {message}"));
        }
        if name.is_none() && encoding::is_dot_segment(fixed) {
            return Err(format!("no request can have the path `{text}`: `{fixed}` leads to another path"));
        }
        name.map_or(Ok(()), |name| self.param(name))
    }

    fn param(&mut self, name: &str) -> Result<(), String> {
        let text = self.text;
        let mut chars = name.chars();
        let starts_well = chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
        if !starts_well || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(format!(
                "`{name}` in `{text}` is no name for a parameter: use letters, digits and `_`"
            ));
        }
        if self.params.iter().any(|known| known == name) {
            return Err(format!("the parameter `{name}` stands twice in `{text}`"));
        }
        self.params.push(name.to_owned());
        Ok(())
    }
}

/// RFC 3986's `pchar`, where `%` starts an escape; `:` and `*` have a meaning of their own here.
fn is_path_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~!$&'()+,;=@%".contains(c)
}

/// Joins the path of a scope and one within it.
pub(crate) fn join(scope: &str, path: &str) -> String {
    let scope = scope.trim_end_matches('/');
    match path {
        "/" if !scope.is_empty() => scope.to_owned(),
        _ => format!("{scope}{path}"),
    }
}

/// How `router!` reads a path: the file of the macro's own.
#[cfg(test)]
#[path = "../../macros/src/router/pattern.rs"]
#[allow(dead_code, reason = "the macro needs more of it")]
mod of_the_macro;

#[cfg(test)]
mod tests {
    use super::*;

    fn agree(path: &str) {
        match (Pattern::parse(path), of_the_macro::parse(path)) {
            (Ok(here), Ok(there)) => {
                assert_eq!(here.params, of_the_macro::params(&there), "{path}");
                assert_eq!(here.shape(), of_the_macro::shape(&there), "{path}");
            }
            (Err(_), Err(_)) => {}
            (here, there) => panic!("`{path}` is {here:?} at run time and {there:?} in `router!`"),
        }
    }

    #[test]
    fn the_macro_reads_the_same_paths() {
        const TOKENS: [&str; 40] = [
            "/", "/", "/", "/", "//", "/a", "/:a", "/:b", "/*c", "/v:d", ":e", "*f", ":", "*", ".", "..",
            "%2e", "%2E", "%", "%2", "%20", "%00", "%ff", "%C3", "%BC", "%2f", "%5c", "\\", "\0", " ", "ü",
            "{id}", "<", "~", "_", "1", "@", "?", "#", "%+1",
        ];
        for token in TOKENS {
            agree(token);
            agree(&format!("/{token}"));
            agree(&format!("/a{token}/b"));
        }
        bolero::check!().with_type::<Vec<u8>>().for_each(|choices| {
            let tokens = choices.iter().take(24).map(|choice| TOKENS[usize::from(*choice) % TOKENS.len()]);
            agree(&format!("/{}", tokens.collect::<String>()));
        });
        for count in [of_the_macro::MOST_PARAMS, of_the_macro::MOST_PARAMS + 1] {
            agree(&(0..count).map(|number| format!("/:p{number}")).collect::<String>());
        }
        for length in [LONGEST - 1, LONGEST] {
            agree(&format!("/{}", "a".repeat(length)));
        }
    }

    #[test]
    fn reads_parameters_prefixes_and_the_rest() {
        let pattern = Pattern::parse("/users/:user_id/files/v:version/*rest").unwrap();
        assert_eq!(pattern.params, ["user_id", "version", "rest"]);
        assert_eq!(pattern.shape(), "/users/:/files/v:/*");
        assert_eq!(pattern.as_fixed(), None);
        assert_eq!(Pattern::parse("/users/new").unwrap().as_fixed(), Some("/users/new"));
    }

    #[test]
    fn tells_what_is_wrong_with_a_path() {
        let deep = "/:".to_owned() + &(0..17).map(|n| format!("p{n}")).collect::<Vec<_>>().join("/:");
        for (path, part) in [
            ("posts", "must begin with `/`"),
            ("/a//b", "empty segment"),
            ("/*rest/more", "must be the last segment"),
            ("/:id/x/:id", "stands twice"),
            ("/:", "no name for a parameter"),
            ("/:1st", "no name for a parameter"),
            ("/:a:b", "`a:b` in `/:a:b` is no name for a parameter"),
            ("/{id}", "`{` in `/{id}` can not stand in a path"),
            ("/straße", "percent-encoded"),
            ("/a%2", "starts no escape"),
            ("/a/%00", "NUL"),
            ("/a/../b", "leads to another path"),
            ("/a/%2E%2e", "leads to another path"),
            (deep.as_str(), "more than 16 parameters"),
            (&format!("/{}", "a".repeat(9000)), "longer than 8192 bytes"),
        ] {
            let error = Pattern::parse(path).unwrap_err();
            assert!(error.contains(part), "{path}: {error}");
        }
    }

    #[test]
    fn joins_scopes() {
        assert_eq!(join("/", "/"), "/");
        assert_eq!(join("/", "/posts"), "/posts");
        assert_eq!(join("/api", "/"), "/api");
        assert_eq!(join("/api/", "/posts"), "/api/posts");
    }
}
