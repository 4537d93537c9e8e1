//! The first field of a form with files, as far as it can be seen from the beginning of the body.
//!
//! This is no parser of multipart bodies: it knows the one form in which browsers write a short field, and takes
//! everything else for no field. Whoever reads the whole body checks it.

use zzz_core::http::Request;

/// The most bytes of a body that are looked at. A boundary has at most 70, and `_method` needs some hundred in all.
pub(super) const LONGEST: usize = 1024;

/// A field: its name and its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

/// The boundary of a request's body, with the dashes before it, if that is a form with files.
pub(super) fn boundary(request: &Request) -> Option<String> {
    let media = request.media_type().filter(|media| media.is("multipart/form-data"))?;
    let boundary = media.parameter("boundary").filter(|boundary| (1..=70).contains(&boundary.len()))?;
    Some(format!("--{boundary}"))
}

/// The field that stands first in a body that begins so; `Some(None)` if none does; `None` if that can not be told yet.
pub(super) fn field<'a>(seen: &'a [u8], boundary: &str) -> Option<Option<Field<'a>>> {
    let Some(head) = seen.strip_prefix(boundary.as_bytes()) else {
        let more_may_come = boundary.as_bytes().starts_with(seen);
        return if more_may_come { None } else { Some(None) };
    };
    let end = find(head, b"\r\n\r\n")?;
    let (head, content) = (&head[..end], &head[end + 4..]);
    let Some(name) = std::str::from_utf8(head).ok().and_then(name) else { return Some(None) };
    let end = find(content, format!("\r\n{boundary}").as_bytes())?;
    Some(std::str::from_utf8(&content[..end]).ok().map(|value| Field { name, value }))
}

/// The name in the head of a part, which begins with the end of the boundary's line, if the part is a field.
fn name(head: &str) -> Option<&str> {
    let head = head.trim_start_matches([' ', '\t']).strip_prefix("\r\n")?;
    let mut dispositions = head.split("\r\n").filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let (Some(disposition), None) = (dispositions.next(), dispositions.next()) else { return None };
    let mut parameters = disposition.split(';').map(str::trim);
    let is_form_data = parameters.next().is_some_and(|kind| kind.eq_ignore_ascii_case("form-data"));
    // With a second parameter it is a file.
    let (true, Some(parameter), None) = (is_form_data, parameters.next(), parameters.next()) else {
        return None;
    };
    let (key, name) = parameter.split_once('=')?;
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    key.eq_ignore_ascii_case("name").then_some(name)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
