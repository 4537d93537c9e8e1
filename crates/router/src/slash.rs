//! [`TrailingSlash`]: what becomes of a path with a `/` too many or too few.

use std::borrow::Cow;

/// What becomes of a request whose path has a `/` at its end where its route has none, or the other way round.
/// Paths that a route takes as they are, `*rest` among them, are not concerned.
///
/// Where both spellings count, methods do as at the route itself: one that it does not have is answered with 405, and
/// OPTIONS with those of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrailingSlash {
    /// It is another path: 404.
    #[default]
    Strict,
    /// 308 to the path as the route has it, with the query. No middleware of a pipeline runs for it.
    Redirect,
    /// The route takes it.
    Ignore,
}

/// The path with a `/` at its end if it has none, and without it if it has one. `None` for `/`, and for what begins with
/// `//`: sent to a client, that would be another host (RFC 3986, section 4.2).
pub(crate) fn toggled(path: &str) -> Option<Cow<'_, str>> {
    if path.len() < 2 || path.starts_with("//") {
        return None;
    }
    Some(match path.strip_suffix('/') {
        Some(without) => Cow::Borrowed(without),
        None => Cow::Owned(format!("{path}/")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_other_spelling_and_never_another_host() {
        for (path, other) in [
            ("/posts", Some("/posts/")),
            ("/posts/", Some("/posts")),
            ("/a//", Some("/a/")),
            ("/", None),
            ("//", None),
            ("//evil.example/", None),
            ("//evil.example", None),
        ] {
            assert_eq!(toggled(path).as_deref(), other, "{path}");
        }
    }
}
