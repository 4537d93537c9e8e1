//! The parameters of a header: `; name=value; name="value"` (RFC 2045, section 5.1; RFC 9110, section 5.6.6).

/// Why parameters can not be read, in words that end a sentence.
pub(crate) type Fault = &'static str;

/// The parameters behind a header's first word.
#[derive(Debug, Clone)]
pub(crate) struct Parameters<'a> {
    rest: &'a [u8],
    /// Whether there may be nothing between two semicolons, as RFC 9110 has it and RFC 2183 has not.
    allows_empty: bool,
}

/// A parameter as it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parameter<'a> {
    pub(crate) name: &'a [u8],
    /// A token, or what stands between the quotes, with its escapes.
    pub(crate) value: &'a [u8],
    pub(crate) quoted: bool,
}

/// Splits `form-data; name="a"` into its first word and the parameters.
pub(crate) fn split(value: &[u8], allows_empty: bool) -> (&[u8], Parameters<'_>) {
    let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
    let (word, rest) = value.split_at(end);
    (word.trim_ascii(), Parameters { rest, allows_empty })
}

impl<'a> Parameters<'a> {
    /// The next one.
    pub(crate) fn next(&mut self) -> Result<Option<Parameter<'a>>, Fault> {
        loop {
            self.rest = trim(self.rest);
            let Some((first, rest)) = self.rest.split_first() else { return Ok(None) };
            if *first != b';' {
                return Err("has something between two parameters that is no `;`");
            }
            self.rest = trim(rest);
            match self.rest.first() {
                None | Some(b';') if self.allows_empty => continue,
                None | Some(b';') => return Err("has a `;` with no parameter behind it"),
                Some(_) => return self.parameter().map(Some),
            }
        }
    }

    fn parameter(&mut self) -> Result<Parameter<'a>, Fault> {
        let name = self.token();
        if name.is_empty() {
            return Err("has a parameter without a name");
        }
        let Some((b'=', rest)) = self.rest.split_first() else {
            return Err("has a parameter without a value");
        };
        self.rest = rest;
        let Some((b'"', rest)) = rest.split_first() else {
            let value = self.token();
            if value.is_empty() {
                return Err("has a parameter without a value");
            }
            return Ok(Parameter { name, value, quoted: false });
        };
        let mut at = 0;
        loop {
            match rest.get(at..) {
                Some([b'"', after @ ..]) => {
                    self.rest = after;
                    return Ok(Parameter { name, value: &rest[..at], quoted: true });
                }
                Some([b'\\', b'"' | b'\\', ..]) => at += 2,
                Some([_, ..]) => at += 1,
                _ => return Err("has a quote that is not closed"),
            }
        }
    }

    fn token(&mut self) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| !is_token(*byte)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        token
    }
}

fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(text.len());
    &text[start..]
}

/// A character of a token (RFC 9110, section 5.6.2).
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(value: &str, allows_empty: bool) -> Result<Vec<(String, String)>, Fault> {
        let (_, mut parameters) = split(value.as_bytes(), allows_empty);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let mut found = Vec::new();
        while let Some(parameter) = parameters.next()? {
            found.push((text(parameter.name), text(parameter.value)));
        }
        Ok(found)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn reads_tokens_and_quoted_strings() {
        assert_eq!(all("form-data", false), Ok(vec![]));
        assert_eq!(
            all("form-data; name=a ;\tfilename=\"b;c.txt\"", false),
            Ok(pairs(&[("name", "a"), ("filename", "b;c.txt")]))
        );
        assert_eq!(
            all(r#"x; a="say \"hi\" \\"; b="""#, false),
            Ok(pairs(&[("a", r#"say \"hi\" \\"#), ("b", "")]))
        );
        assert_eq!(all("x;; a=b ;", true), Ok(pairs(&[("a", "b")])));
    }

    #[test]
    fn refuses_what_is_no_parameter() {
        for (value, part) in [
            ("x;", "no parameter behind"),
            ("x;; a=b", "no parameter behind"),
            ("x; =b", "without a name"),
            ("x; a", "without a value"),
            ("x; a=", "without a value"),
            ("x; a =b", "without a value"),
            ("x; a= b", "without a value"),
            ("x; a=\"b", "not closed"),
            ("x; a=\"b\\\"", "not closed"),
            ("x; a=\"b\"c", "no `;`"),
            ("x; a=b c=d", "no `;`"),
            ("x; a=b@c", "no `;`"),
        ] {
            assert!(all(value, false).unwrap_err().contains(part), "{value}");
        }
    }
}
