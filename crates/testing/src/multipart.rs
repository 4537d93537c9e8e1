//! [`MultipartBody`]: a form with files, as a browser sends it.

/// What stands between the parts.
const BOUNDARY: &str = "----zzzTestBoundary7MA4YWxkTrZu0gW";

/// A form with files, as a browser sends it (`multipart/form-data`, WHATWG HTML, "multipart/form-data encoding
/// algorithm").
///
/// ```
/// use zzz_testing::MultipartBody;
/// let form = MultipartBody::new().text("title", "An owl").file("image", "owl.png", b"\x89PNG\r\n\x1a\n");
/// assert!(form.content_type().starts_with("multipart/form-data; boundary="));
/// ```
#[derive(Debug, Clone, Default)]
pub struct MultipartBody {
    bytes: Vec<u8>,
}

impl MultipartBody {
    /// A form without parts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{}\"", escape(name)), "", value.as_bytes())
    }

    /// Adds a file. It claims no type that tells anything.
    #[must_use]
    pub fn file(self, name: &str, file_name: &str, content: &[u8]) -> Self {
        let names = format!("name=\"{}\"; filename=\"{}\"", escape(name), escape(file_name));
        self.part(&names, "Content-Type: application/octet-stream\r\n", content)
    }

    fn part(mut self, names: &str, headers: &str, content: &[u8]) -> Self {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {names}\r\n{headers}\r\n");
        self.bytes.extend_from_slice(head.as_bytes());
        self.bytes.extend_from_slice(content);
        self.bytes.extend_from_slice(b"\r\n");
        self
    }

    /// The `Content-Type` of the request.
    #[must_use]
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    /// The body of the request.
    #[must_use]
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.bytes
    }
}

fn escape(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_written_as_a_browser_writes_it() {
        let form = MultipartBody::new().text("a\r\n", "1").file("b", "say \"hi\"", b"\0");
        assert_eq!(form.content_type(), format!("multipart/form-data; boundary={BOUNDARY}"));
        assert_eq!(
            String::from_utf8(form.into_bytes()).unwrap(),
            format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"a%0D%0A\"\r\n\r\n1\r\n\
                 --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"b\"; filename=\"say %22hi%22\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n\0\r\n--{BOUNDARY}--\r\n"
            )
        );
    }
}
