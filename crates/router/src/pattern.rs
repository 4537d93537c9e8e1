//! How a route's path is read: `:id`, `prefix:id`, `*rest`.

/// A path as a route declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// As declared, with its scopes.
    pub(crate) text: String,
    /// The names of its parameters, in order.
    pub(crate) params: Vec<String>,
    /// The same for the tree, with places instead of names, since two routes may name one place differently.
    pub(crate) tree: String,
}

impl Pattern {
    /// Reads a path that begins with `/`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') {
            return Err(format!("the path `{text}` must begin with `/`"));
        }
        let mut params: Vec<String> = Vec::new();
        let mut tree = String::new();
        let mut segments = text[1..].split('/').peekable();
        while let Some(segment) = segments.next() {
            tree.push('/');
            let last = segments.peek().is_none();
            if segment.is_empty() && !last {
                return Err(format!("the path `{text}` has an empty segment (`//`)"));
            }
            if let Some(name) = segment.strip_prefix('*') {
                if !last {
                    return Err(format!(
                        "`*{name}` in `{text}` takes all that is left, so it must be the last segment"
                    ));
                }
                push_param(text, name, &mut params)?;
                tree.push_str(&format!("{{*{}}}", params.len() - 1));
                continue;
            }
            let (fixed, name) = match segment.split_once(':') {
                Some((fixed, name)) => (fixed, Some(name)),
                None => (segment, None),
            };
            if let Some(odd) = fixed.chars().find(|c| !is_path_char(*c)) {
                return Err(format!("`{odd}` in `{text}` can not stand in a path; write it percent-encoded"));
            }
            tree.push_str(fixed);
            if let Some(name) = name {
                push_param(text, name, &mut params)?;
                tree.push_str(&format!("{{{}}}", params.len() - 1));
            }
        }
        Ok(Self { text: text.to_owned(), params, tree })
    }
}

fn push_param(text: &str, name: &str, params: &mut Vec<String>) -> Result<(), String> {
    let mut chars = name.chars();
    let starts_well = chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if !starts_well || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!("`{name}` in `{text}` is no name for a parameter: use letters, digits and `_`"));
    }
    if params.iter().any(|known| known == name) {
        return Err(format!("the parameter `{name}` stands twice in `{text}`"));
    }
    params.push(name.to_owned());
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_parameters_prefixes_and_the_rest() {
        let pattern = Pattern::parse("/users/:user_id/files/v:version/*rest").unwrap();
        assert_eq!(pattern.params, ["user_id", "version", "rest"]);
        assert_eq!(pattern.tree, "/users/{0}/files/v{1}/{*2}");
    }

    #[test]
    fn tells_what_is_wrong_with_a_path() {
        for (path, part) in [
            ("posts", "must begin with `/`"),
            ("/a//b", "empty segment"),
            ("/*rest/more", "must be the last segment"),
            ("/:id/x/:id", "stands twice"),
            ("/:", "no name for a parameter"),
            ("/:1st", "no name for a parameter"),
            ("/{id}", "`{` in `/{id}` can not stand in a path"),
            ("/straße", "percent-encoded"),
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
