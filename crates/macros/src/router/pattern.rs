//! How a route's path is read: `:id`, `prefix:id`, `*rest`; what the router reads at run time, with advice.
//!
//! A macro can not call the router, so the rules stand in both. A test of `zzz-router`'s takes this very file and holds
//! the two against each other; that is why it names nothing of this crate.

/// The most parameters that a path may have.
pub(super) const MOST_PARAMS: usize = 16;

/// The longest path that may be declared, in bytes.
const LONGEST: usize = 8 * 1024;

/// One segment of a path, from one `/` to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// A fixed text.
    Fixed(String),
    /// A parameter, with the fixed text before it.
    Param { prefix: String, name: String },
    /// All that is left.
    Rest(String),
}

impl Segment {
    /// Its parameter's name.
    pub(super) fn param(&self) -> Option<&str> {
        match self {
            Self::Fixed(_) => None,
            Self::Param { name, .. } | Self::Rest(name) => Some(name),
        }
    }
}

/// Reads a path; the error is a sentence.
pub(super) fn parse(text: &str) -> Result<Vec<Segment>, String> {
    let Some(rest) = text.strip_prefix('/') else {
        return Err(format!("a path begins with `/`: write \"/{}\"", text.trim_start_matches('.')));
    };
    if text.len() > LONGEST {
        return Err(format!(
            "this path has {} bytes, and no request with more than {LONGEST} is taken",
            text.len()
        ));
    }
    let (bytes, mut begin, mut count) = (rest.as_bytes(), 0, 0);
    let mut segments = Vec::new();
    loop {
        let mut end = begin;
        while end < bytes.len() && bytes[end] != b'/' {
            end += 1;
        }
        let is_last = end == bytes.len();
        let segment = segment(&rest[begin..end], is_last)?;
        if let Some(name) = segment.param() {
            count += 1;
            if segments.iter().any(|known: &Segment| known.param() == Some(name)) {
                return Err(format!(
                    "the parameter `{name}` stands twice in this path; give each a name of its own"
                ));
            }
        }
        segments.push(segment);
        if is_last {
            break;
        }
        begin = end + 1;
    }
    if count > MOST_PARAMS {
        return Err(format!(
            "this path has {count} parameters, and a path may have {MOST_PARAMS}; put the others into the query string"
        ));
    }
    Ok(segments)
}

fn segment(piece: &str, last: bool) -> Result<Segment, String> {
    if piece.is_empty() && !last {
        return Err("a path can not have an empty segment (`//`)".into());
    }
    if is_plain(piece) {
        return Ok(Segment::Fixed(piece.to_owned()));
    }
    check_dots(piece)?;
    if let Some(name) = piece.strip_prefix('*') {
        check_name(name)?;
        if !last {
            return Err(format!("`*{name}` takes all that is left, so it must be the last segment"));
        }
        return Ok(Segment::Rest(name.to_owned()));
    }
    let (prefix, name) = match piece.split_once(':') {
        Some((prefix, name)) => (prefix, Some(name)),
        None => (piece, None),
    };
    check_fixed(prefix)?;
    Ok(match name {
        None => Segment::Fixed(prefix.to_owned()),
        Some(name) => {
            check_name(name)?;
            Segment::Param { prefix: prefix.to_owned(), name: name.to_owned() }
        }
    })
}

/// RFC 3986's `pchar`, where `%` starts an escape; `:` and `*` have a meaning of their own here.
pub(super) fn check_fixed(text: &str) -> Result<(), String> {
    if is_plain(text) {
        return Ok(());
    }
    if text.contains(['{', '}', '<', '>']) {
        return Err(format!("a parameter is written `:id` (or `*rest`), not `{text}`"));
    }
    if let Some(odd) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || "-._~!$&'()+,;=@%".contains(*c)))
    {
        let mut bytes = [0; 4];
        let escaped: String =
            odd.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect();
        return Err(format!(
            "`{odd}` can not stand in a path as it is; write it percent-encoded: `{escaped}`"
        ));
    }
    check_escapes(text)
}

/// Refuses the escapes that the router refuses in every request: what begins none, NUL, and what is no UTF-8.
pub(super) fn check_escapes(text: &str) -> Result<(), String> {
    let mut decoded = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            decoded.push(*first);
            continue;
        }
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(0), digit(1)) else {
            return Err("a `%` begins an escape such as `%20`; for a percent sign itself write `%25`".into());
        };
        rest = after.get(2..).unwrap_or_default();
        // Two digits of sixteen are a byte.
        decoded.push((high * 16 + low) as u8);
    }
    if decoded.contains(&0) {
        return Err("a request with a NUL (`%00`) is answered with 400, so nothing has that address".into());
    }
    if std::str::from_utf8(&decoded).is_err() {
        return Err(format!(
            "`{text}` is no UTF-8 when it is decoded, and such a request is answered with 400; `ü` is `%C3%BC`"
        ));
    }
    Ok(())
}

/// Refuses a segment that is `.` or `..`, percent-encoded or not: clients resolve it before they send.
pub(super) fn check_dots(segment: &str) -> Result<(), String> {
    if !segment.starts_with(['.', '%']) {
        return Ok(());
    }
    match segment.to_ascii_lowercase().replace("%2e", ".").as_str() {
        "." | ".." => Err(format!(
            "no request has the segment `{segment}`: clients resolve it before they send; write the path that it \
             leads to"
        )),
        _ => Ok(()),
    }
}

/// Whether there is nothing in it but what most paths are made of.
fn is_plain(text: &str) -> bool {
    // Macros are compiled without optimizations, where an iterator costs several times as much.
    let (bytes, mut at) = (text.as_bytes(), 0);
    while at < bytes.len() && matches!(bytes[at], b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-') {
        at += 1;
    }
    at == bytes.len()
}

fn check_name(name: &str) -> Result<(), String> {
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if starts_well && is_plain(name) && !name.contains('-') {
        return Ok(());
    }
    Err(match name {
        "" => "a parameter needs a name, such as `:id`".into(),
        _ => format!("`{name}` is no name for a parameter: use letters, digits and `_`"),
    })
}

/// Joins the path of a scope and one within it.
pub(super) fn join(scope: &str, path: &str) -> String {
    let mut scope = scope;
    while let Some(shorter) = scope.strip_suffix('/') {
        scope = shorter;
    }
    let mut joined = scope.to_owned();
    if path != "/" || scope.is_empty() {
        joined.push_str(path);
    }
    joined
}

/// What two paths have alike that take the same requests.
pub(super) fn shape(segments: &[Segment]) -> String {
    let mut shape = String::new();
    for segment in segments {
        shape.push('/');
        match segment {
            Segment::Fixed(text) => shape.push_str(text),
            Segment::Param { prefix, .. } => {
                shape.push_str(prefix);
                shape.push(':');
            }
            Segment::Rest(_) => shape.push('*'),
        }
    }
    shape
}

/// The names of the parameters, in order.
pub(super) fn params(segments: &[Segment]) -> Vec<String> {
    segments.iter().filter_map(|segment| segment.param().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_parameters_prefixes_and_the_rest() {
        let read = parse("/users/:user_id/v:version/*rest").unwrap();
        assert_eq!(params(&read), ["user_id", "version", "rest"]);
        assert_eq!(shape(&read), "/users/:/v:/*");
        assert_eq!(parse("/").unwrap(), [Segment::Fixed(String::new())]);
    }

    #[test]
    fn says_what_is_wrong() {
        for (path, part) in [
            ("posts", "write \"/posts\""),
            ("/a//b", "empty segment"),
            ("/*rest/more", "must be the last"),
            ("/:id/x/:id", "stands twice"),
            ("/:", "needs a name"),
            ("/:1st", "no name for a parameter"),
            ("/{id}", "written `:id`"),
            ("/<id>", "written `:id`"),
            ("/straße", "`%C3%9F`"),
            ("/100%", "`%25`"),
            ("/a%2", "`%25`"),
            ("/a%+1", "`%25`"),
            ("/a/../b", "clients resolve it"),
            ("/a/%2E%2e", "clients resolve it"),
            ("/%00", "NUL"),
            ("/x%ff:id", "no UTF-8"),
            ("/:a/:b/:c/:d/:e/:f/:g/:h/:i/:j/:k/:l/:m/:n/:o/:p/*q", "17 parameters, and a path may have 16"),
            (&format!("/{}", "a".repeat(9000)), "9001 bytes"),
        ] {
            let error = parse(path).unwrap_err();
            assert!(error.contains(part), "{path}: {error}");
        }
    }
}
