//! Escaping of texts, as minijinja does it, without looking at each byte by itself.

use std::fmt;

use minijinja::value::Value;
use minijinja::{AutoEscape, Error, Output, State, escape_formatter};

/// Writes what minijinja's own formatter writes, which still does it for all but texts within HTML.
pub(crate) fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match (state.auto_escape(), value.as_str()) {
        (AutoEscape::Html, Some(text)) if !value.is_safe() => Ok(write_escaped(out, text)?),
        _ => escape_formatter(out, state, value),
    }
}

fn write_escaped(out: &mut Output<'_>, text: &str) -> fmt::Result {
    let mut rest = text;
    while let Some(at) = first_special(rest.as_bytes()) {
        if at > 0 {
            out.write_str(&rest[..at])?;
        }
        out.write_str(entity(rest.as_bytes()[at]))?;
        rest = &rest[at + 1..];
    }
    if rest.is_empty() { Ok(()) } else { out.write_str(rest) }
}

/// Where the first byte is that has to be escaped.
fn first_special(bytes: &[u8]) -> Option<usize> {
    let plain = match bytes.len() {
        16.. => plain_start::<16>(bytes),
        8.. => plain_start::<8>(bytes),
        _ => 0,
    };
    bytes[plain..].iter().position(|byte| is_special(*byte)).map(|at| plain + at)
}

/// So many bytes at the start need no escaping, as far as can be told when `N` are looked at together.
fn plain_start<const N: usize>(bytes: &[u8]) -> usize {
    let (whole, _) = bytes.as_chunks::<N>();
    match whole.iter().position(any_special) {
        Some(at) => at * N,
        // The last ones, which reach back into the chunk before them.
        None if bytes.last_chunk().is_some_and(any_special::<N>) => whole.len() * N,
        None => bytes.len(),
    }
}

/// Compares without branching, so that the compiler makes vector instructions of it.
fn any_special<const N: usize>(bytes: &[u8; N]) -> bool {
    bytes.iter().fold(false, |any, byte| any | is_special(*byte))
}

fn is_special(byte: u8) -> bool {
    // Two pairs of the six differ in one bit each: `&` and `'`, `<` and `>`.
    (byte == b'"') | (byte | 1 == b'\'') | (byte == b'/') | (byte | 2 == b'>')
}

fn entity(byte: u8) -> &'static str {
    match byte {
        b'"' => "&quot;",
        b'&' => "&amp;",
        b'\'' => "&#x27;",
        b'/' => "&#x2f;",
        b'<' => "&lt;",
        _ => "&gt;",
    }
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;

    use minijinja::{Environment, context};

    use super::*;

    /// What minijinja makes of it, and what we make of it.
    struct Both([Environment<'static>; 2]);

    impl Both {
        fn new() -> Self {
            let mut both = [Environment::new(), Environment::new()];
            both[1].set_formatter(format);
            for environment in &mut both {
                for name in ["it.html", "it.txt"] {
                    environment.add_template(name, "<b>{{ it }}</b>").unwrap();
                }
            }
            Self(both)
        }

        fn agree(&self, it: &Value) {
            for name in ["it.html", "it.txt"] {
                let [theirs, ours] = [&self.0[0], &self.0[1]].map(|environment| {
                    environment.get_template(name).unwrap().render(context! { it }).unwrap()
                });
                assert_eq!(ours, theirs, "{name}: {it:?}");
            }
        }
    }

    #[test]
    fn each_byte_is_escaped_wherever_it_is() {
        let both = Both::new();
        for length in 0..=50 {
            both.agree(&Value::from("é".repeat(length)));
            for (at, byte) in (0..length).flat_map(|at| (0..128).map(move |byte| (at, byte))) {
                let mut text = vec![b'-'; length];
                text[at] = byte;
                both.agree(&Value::from(String::from_utf8(text).unwrap()));
            }
        }
    }

    #[test]
    fn any_text_is_escaped_as_minijinja_does_it() {
        let both = AssertUnwindSafe(Both::new());
        bolero::check!().with_type::<(String, Vec<u8>)>().for_each(|(text, choice)| {
            both.agree(&Value::from(text.as_str()));
            let words = ["<", ">", "&", "'", "\"", "/", "a", "owl", "🦉", "a word and another"];
            let words = choice.iter().map(|at| words[usize::from(*at) % words.len()]);
            both.agree(&Value::from(words.collect::<String>()));
        });
    }

    #[test]
    fn what_is_no_text_stays_as_it_was() {
        let both = Both::new();
        for it in [
            Value::from_safe_string("<i>safe</i>".into()),
            Value::from_bytes(b"<bytes>".to_vec()),
            Value::from_bytes(vec![b'<', 0xFF]),
            Value::from(-7),
            Value::from(0.5),
            Value::from(true),
            Value::from(()),
            Value::from(vec!["<a>", "'"]),
        ] {
            both.agree(&it);
        }
    }
}
