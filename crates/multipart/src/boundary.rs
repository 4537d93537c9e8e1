//! [`Boundary`]: the line between the parts, as the request's `Content-Type` names it.

use http::{HeaderMap, header};

use crate::error::MultipartError;
use crate::parameters::split;

/// The longest boundary (RFC 2046, section 5.1.1).
const LONGEST: usize = 70;

/// The line between the parts of a body, without its two dashes: 1 to 70 characters (RFC 2046, section 5.1.1).
///
/// ```
/// use zzz_multipart::Boundary;
/// let boundary = Boundary::of("multipart/form-data; boundary=----WebKitFormBoundaryx7").unwrap();
/// assert_eq!(boundary.as_str(), "----WebKitFormBoundaryx7");
/// assert!(Boundary::of("application/json").unwrap_err().is_wrong_media_type());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary(String);

impl Boundary {
    /// The boundary that a `Content-Type` names.
    ///
    /// # Errors
    /// 415 if the media type is not `multipart/form-data`; 400 if it names no boundary, two, or one that is none.
    pub fn of(content_type: &str) -> Result<Self, MultipartError> {
        let (media_type, mut parameters) = split(content_type.as_bytes(), true);
        if !media_type.eq_ignore_ascii_case(b"multipart/form-data") {
            return Err(MultipartError::wrong_media_type());
        }
        let refused = |why: &str| MultipartError::malformed(format!("its Content-Type {why}"));
        let mut found = None;
        while let Some(parameter) = parameters.next().map_err(refused)? {
            if !parameter.name.eq_ignore_ascii_case(b"boundary") {
                continue;
            }
            if found.is_some() {
                return Err(refused("names two boundaries"));
            }
            found = Some(Self::new(parameter.value).ok_or_else(|| {
                refused(
                    "names a boundary that is none: it must have 1 to 70 letters, digits, spaces or \
                     `'()+_,-./:=?`, and no space at its end",
                )
            })?);
        }
        found.ok_or_else(|| refused("names no boundary"))
    }

    /// The boundary that the headers of a request name.
    ///
    /// # Errors
    /// As [`of`](Self::of), and 400 for a second `Content-Type`.
    pub fn of_headers(headers: &HeaderMap) -> Result<Self, MultipartError> {
        let mut values = headers.get_all(header::CONTENT_TYPE).iter();
        match (values.next(), values.next()) {
            (None, _) => Err(MultipartError::wrong_media_type()),
            (Some(value), None) => match value.to_str() {
                Ok(value) => Self::of(value),
                Err(_) => Err(MultipartError::malformed("its Content-Type is not ASCII")),
            },
            (Some(_), Some(_)) => Err(MultipartError::malformed("it has two Content-Types")),
        }
    }

    /// This text as a boundary, if it is one.
    fn new(text: &[u8]) -> Option<Self> {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(byte);
        let fits = (1..=LONGEST).contains(&text.len()) && text.iter().all(allowed) && !text.ends_with(b" ");
        fits.then(|| Self(String::from_utf8_lossy(text).into_owned()))
    }

    /// The boundary, without its dashes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_clients_send() {
        let longest = "x".repeat(70);
        for (content_type, boundary) in [
            ("multipart/form-data; boundary=X", "X"),
            ("Multipart/Form-Data ; charset=utf-8; BOUNDARY=\"a b'()+_,-./:=?z\"", "a b'()+_,-./:=?z"),
            ("multipart/form-data;boundary=\"----=_Part_1_2.3\";", "----=_Part_1_2.3"),
            (&format!("multipart/form-data; boundary={longest}"), &longest),
        ] {
            assert_eq!(Boundary::of(content_type).unwrap().as_str(), boundary);
        }
    }

    #[test]
    fn refuses_what_is_no_boundary() {
        let too_long = format!("boundary={}", "x".repeat(71));
        for parameters in [
            "",
            "charset=utf-8",
            "boundary=",
            "boundary=\"\"",
            "boundary=\"a \"",
            "boundary=a b",
            "boundary=\"a\"b",
            "boundary=\"a",
            "boundary=\"a\\\"b\"",
            "boundary=\"a;b\"",
            "boundary=a=b",
            "boundary=a; boundary=a",
            "boundary*=utf-8''a",
            &too_long,
        ] {
            let error = Boundary::of(&format!("multipart/form-data; {parameters}")).unwrap_err();
            assert!(error.is_malformed() && error.status() == 400, "{parameters}: {error}");
        }
        for media_type in
            ["multipart/mixed; boundary=a", "text/plain", "multipart/form-dataX; boundary=a", ""]
        {
            assert_eq!(Boundary::of(media_type).unwrap_err().status(), 415, "{media_type}");
        }
    }

    #[test]
    fn a_second_content_type_is_refused() {
        let mut headers = HeaderMap::new();
        assert_eq!(Boundary::of_headers(&headers).unwrap_err().status(), 415);
        let value = http::HeaderValue::from_static("multipart/form-data; boundary=a");
        headers.append(header::CONTENT_TYPE, value.clone());
        assert_eq!(Boundary::of_headers(&headers).unwrap().as_str(), "a");
        headers.append(header::CONTENT_TYPE, value);
        assert_eq!(Boundary::of_headers(&headers).unwrap_err().status(), 400);
    }
}
