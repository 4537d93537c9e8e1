//! [`PartHead`]: the headers of a part (RFC 7578, section 4), checked and read once.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::parameters::{Parameter, is_token, split};

/// What is wrong with a head, in words that end `part 3:`.
pub(crate) type Fault = Cow<'static, str>;

/// The headers of a part.
#[derive(Debug, Clone)]
pub(crate) struct PartHead {
    /// All lines, without the empty one at the end.
    raw: Bytes,
    pub(crate) name: String,
    /// As the client wrote it, its escapes resolved.
    pub(crate) file_name: Option<String>,
    content_type: Option<Range<usize>>,
}

impl PartHead {
    /// Reads a head: one or more lines with CRLF between them.
    pub(crate) fn parse(raw: Bytes) -> Result<Self, Fault> {
        let mut disposition = None;
        let mut content_type = None;
        let mut at = 0;
        while at <= raw.len() {
            let end = memchr::memmem::find(&raw[at..], b"\r\n").map_or(raw.len(), |found| at + found);
            let (name, value) = line(&raw, at..end)?;
            let value_of = |known: &str| raw[name.clone()].eq_ignore_ascii_case(known.as_bytes());
            if value_of("content-disposition") {
                if disposition.replace(value).is_some() {
                    return Err("it has two Content-Disposition headers".into());
                }
            } else if value_of("content-type") {
                if content_type.replace(value).is_some() {
                    return Err("it has two Content-Type headers".into());
                }
            } else if value_of("content-transfer-encoding") {
                check_encoding(&raw[value])?;
            }
            at = end + 2;
        }
        let disposition = disposition.ok_or("it has no Content-Disposition header")?;
        let (name, file_name) = read_disposition(&raw[disposition])?;
        Ok(Self { raw, name, file_name, content_type })
    }

    /// The `Content-Type` as the client claims it, if it is ASCII.
    pub(crate) fn content_type(&self) -> Option<&str> {
        std::str::from_utf8(&self.raw[self.content_type.clone()?]).ok()
    }

    /// Every header, in a map that is made when it is asked for.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut at = 0;
        while at <= self.raw.len() {
            let end =
                memchr::memmem::find(&self.raw[at..], b"\r\n").map_or(self.raw.len(), |found| at + found);
            if let Ok((name, value)) = line(&self.raw, at..end)
                && let Ok(name) = HeaderName::from_bytes(&self.raw[name])
                && let Ok(value) = HeaderValue::from_maybe_shared(self.raw.slice(value))
            {
                headers.append(name, value);
            }
            at = end + 2;
        }
        headers
    }
}

/// Where the name and the value of a line are (RFC 9112, section 5; no line continues the one before).
fn line(raw: &[u8], at: Range<usize>) -> Result<(Range<usize>, Range<usize>), Fault> {
    let text = &raw[at.clone()];
    if matches!(text.first(), Some(b' ' | b'\t')) {
        return Err("a header line begins with a space, as if it continued the one before".into());
    }
    let colon = memchr::memchr(b':', text).ok_or("a header line has no colon")?;
    let (name, value) = (&text[..colon], &text[colon + 1..]);
    if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
        return Err("the name of a header has a character that no name may have".into());
    }
    if value.iter().any(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f) {
        return Err("the value of a header has a control character".into());
    }
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let leading = value.iter().take_while(|byte| is_space(byte)).count();
    let trailing = value[leading..].iter().rev().take_while(|byte| is_space(byte)).count();
    let start = at.start + colon + 1 + leading;
    Ok((at.start..at.start + colon, start..at.end - trailing))
}

/// The content is taken as it is; a part that says that it is encoded would be stored wrongly (RFC 7578, section
/// 4.7, tells senders not to).
fn check_encoding(value: &[u8]) -> Result<(), Fault> {
    let plain = [&b"binary"[..], b"8bit", b"7bit"];
    if plain.iter().any(|known| value.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    Err("its Content-Transfer-Encoding is not binary, 8bit or 7bit; send the content as it is".into())
}

/// The name, and the file name, in a `Content-Disposition`.
fn read_disposition(value: &[u8]) -> Result<(String, Option<String>), Fault> {
    let refused = |why: &str| Fault::Owned(format!("its Content-Disposition {why}"));
    let (word, mut parameters) = split(value, false);
    if !word.eq_ignore_ascii_case(b"form-data") {
        return Err(refused("is not form-data"));
    }
    let (mut name, mut file_name, mut has_extended) = (None, None, false);
    while let Some(parameter) = parameters.next().map_err(refused)? {
        let slot = if parameter.name.eq_ignore_ascii_case(b"name") {
            &mut name
        } else if parameter.name.eq_ignore_ascii_case(b"filename") {
            &mut file_name
        } else {
            has_extended |= parameter.name.eq_ignore_ascii_case(b"filename*");
            continue;
        };
        let text = decode(parameter).ok_or_else(|| refused("has a name that is not UTF-8"))?;
        if slot.replace(text).is_some() {
            return Err(refused("has the same parameter twice"));
        }
    }
    let name = name.ok_or_else(|| refused("has no name"))?;
    if has_extended && file_name.is_none() {
        return Err(refused("has `filename*` and no `filename`, which RFC 7578 forbids"));
    }
    Ok((name, file_name))
}

/// A name with its escapes resolved.
///
/// Browsers write `"`, CR and LF as `%22`, `%0D` and `%0A` and nothing else so (WHATWG HTML, "multipart/form-data
/// encoding algorithm"), others write `\"` and `\\` (RFC 2183 by way of RFC 822). Any other `\` is one: old
/// browsers send whole Windows paths.
fn decode(parameter: Parameter<'_>) -> Option<String> {
    let value = std::str::from_utf8(parameter.value).ok()?;
    if !parameter.quoted || !value.contains(['%', '\\']) {
        return Some(value.to_owned());
    }
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find(['%', '\\']) {
        let (before, escape) = rest.split_at(at);
        text.push_str(before);
        let known = [("%22", '"'), ("%0D", '\r'), ("%0A", '\n'), ("\\\"", '"'), ("\\\\", '\\')];
        match known.iter().find(|(written, _)| escape.starts_with(written)) {
            Some((written, meant)) => {
                text.push(*meant);
                rest = &escape[written.len()..];
            }
            None => {
                text.push_str(&escape[..1]);
                rest = &escape[1..];
            }
        }
    }
    text.push_str(rest);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(raw: &str) -> Result<PartHead, String> {
        PartHead::parse(Bytes::copy_from_slice(raw.as_bytes())).map_err(Cow::into_owned)
    }

    fn names(parameters: &str) -> (String, Option<String>) {
        let head = parse(&format!("Content-Disposition: form-data; {parameters}")).unwrap();
        (head.name, head.file_name)
    }

    #[test]
    fn reads_names_as_browsers_and_others_write_them() {
        for (parameters, name, file_name) in [
            (r#"name="a""#, "a", None),
            ("name=a", "a", None),
            (r#"NAME=a; FileName=b.txt"#, "a", Some("b.txt")),
            (r#"name=""; filename="""#, "", Some("")),
            (r#"name="a b;c"; filename="d;e.txt""#, "a b;c", Some("d;e.txt")),
            (r#"name="50%25"; filename="100%.txt""#, "50%25", Some("100%.txt")),
            (r#"name="a%0D%0Ab"; filename="say %22hi%22.txt""#, "a\r\nb", Some("say \"hi\".txt")),
            (r#"name="a"; filename="say \"hi\" \\.txt""#, "a", Some("say \"hi\" \\.txt")),
            (r#"name="a"; filename="C:\Photos\x\o.txt""#, "a", Some("C:\\Photos\\x\\o.txt")),
            (r#"name="größe"; filename="猫.png""#, "größe", Some("猫.png")),
            (r#"name="a"; filename="plain.txt"; filename*=utf-8''evil.txt"#, "a", Some("plain.txt")),
            (r#"name="a"; size=5; creation-date="x""#, "a", None),
        ] {
            assert_eq!(names(parameters), (name.into(), file_name.map(Into::into)), "{parameters}");
        }
    }

    #[test]
    fn gives_headers_and_type() {
        let head =
            parse("content-TYPE:  image/png \t\r\nX-A: ü\r\nX-A:2\r\nContent-Disposition:form-data;name=a")
                .unwrap();
        assert_eq!(head.content_type(), Some("image/png"));
        let headers = head.headers();
        assert_eq!((headers.len(), headers.get_all("x-a").iter().count()), (4, 2));
        assert_eq!(headers["x-a"].as_bytes(), "ü".as_bytes());
        assert!(parse("Content-Disposition: form-data; name=a").unwrap().content_type().is_none());
    }

    #[test]
    fn refuses_what_is_no_head() {
        let good = "Content-Disposition: form-data; name=a";
        for (raw, part) in [
            ("Content-Type: text/plain", "no Content-Disposition"),
            ("Content-Disposition form-data", "no colon"),
            ("Content-Disposition : form-data; name=a", "no name may have"),
            (": form-data; name=a", "no name may have"),
            ("Content-Disposition: attachment; name=a", "not form-data"),
            ("Content-Disposition: form-data", "has no name"),
            ("Content-Disposition: form-data; filename=a", "has no name"),
            ("Content-Disposition: form-data; name=a; name=b", "twice"),
            ("Content-Disposition: form-data; name=a; filename=b; FILENAME=c", "twice"),
            ("Content-Disposition: form-data; name=a; filename*=utf-8''b", "RFC 7578 forbids"),
            ("Content-Disposition: form-data; name=\"a", "not closed"),
            ("Content-Disposition: form-data; name=\"a\\\"", "not closed"),
            (&format!("{good}\r\n{good}"), "two Content-Disposition"),
            (&format!("{good}\r\nContent-Type: a/b\r\ncontent-type: a/b"), "two Content-Type"),
            (&format!("{good}\r\nContent-Transfer-Encoding: base64"), "Transfer-Encoding"),
            (&format!("{good}\r\n filename=b"), "begins with a space"),
            (&format!("{good}\nX-A: b"), "control character"),
            (&format!("{good}\rX-A: b"), "control character"),
            (&format!("{good}\r\nX-A: b\0"), "control character"),
            ("Content-Disposition: form-data; name=\"a\0b\"", "control character"),
        ] {
            let fault = parse(raw).unwrap_err();
            assert!(fault.contains(part), "{raw:?}: {fault}");
        }
        let latin1 = Bytes::from_static(b"Content-Disposition: form-data; name=\"a\"; filename=\"\xfc.txt\"");
        assert!(PartHead::parse(latin1).unwrap_err().contains("not UTF-8"));
        assert!(parse(&format!("{good}\r\nContent-Transfer-Encoding: Binary")).is_ok());
    }
}
