//! What can be a name in Rust.

/// Whether a function can be called so, without `r#`.
pub(super) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    let begins = bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    let goes_on = bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    begins && goes_on && !is_keyword(text) && !matches!(text, "self" | "Self" | "super" | "crate" | "_")
}

/// Whether a word may be a name only as `r#word`, in any edition (The Rust Reference, "Keywords").
pub(super) fn is_keyword(text: &str) -> bool {
    KEYWORDS.binary_search(&text).is_ok()
}

const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_word_of_rusts_own() {
        for name in ["posts", "_x", "admin_type", "b2"] {
            assert!(is_name(name), "{name}");
        }
        for other in ["", "2b", "a-b", "self", "Self", "_", "type", "abstract", "yield", "while", "straße"] {
            assert!(!is_name(other), "{other}");
        }
        assert!(KEYWORDS.is_sorted());
    }
}
