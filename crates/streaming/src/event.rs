//! [`Event`]: one event, and how it is written (WHATWG HTML, section 9.2.6).

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

/// One event of a stream.
///
/// ```
/// use std::time::Duration;
/// use zzz_streaming::Event;
///
/// let event = Event::new("two\nlines").named("note")?.id("7")?.retry(Duration::from_secs(5));
/// assert_eq!(event.to_bytes(), "id: 7\nevent: note\nretry: 5000\ndata: two\ndata: lines\n\n");
/// # Ok::<(), zzz_streaming::EventError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    id: Option<String>,
    name: Option<String>,
    retry: Option<Duration>,
    data: Option<String>,
    comment: Option<String>,
}

impl Event {
    /// An event with this text, of any number of lines; the browser's `event.data` has the same lines, ended by
    /// LF.
    #[must_use]
    pub fn new(data: impl Into<String>) -> Self {
        Self { data: Some(data.into()), ..Self::default() }
    }

    /// An event with a value as JSON.
    ///
    /// # Errors
    /// If the value can not be serialized.
    pub fn json(value: &impl Serialize) -> serde_json::Result<Self> {
        serde_json::to_string(value).map(Self::new)
    }

    /// A comment, which no script sees.
    #[must_use]
    pub fn comment(text: impl Into<String>) -> Self {
        Self { comment: Some(text.into()), ..Self::default() }
    }

    /// The kind of event, which `addEventListener` names; without it an event is a `message`.
    ///
    /// # Errors
    /// If it has a line break, which would begin another field.
    pub fn named(mut self, name: impl Into<String>) -> Result<Self, EventError> {
        self.name = Some(one_line("name", name.into())?);
        Ok(self)
    }

    /// What the browser sends as `Last-Event-ID` when it comes back.
    ///
    /// # Errors
    /// If it has a line break, which would begin another field, or a NUL, for which browsers ignore it.
    pub fn id(mut self, id: impl Into<String>) -> Result<Self, EventError> {
        let id = one_line("id", id.into())?;
        if id.contains('\0') {
            return Err(EventError { field: "id", value: id });
        }
        self.id = Some(id);
        Ok(self)
    }

    /// How long the browser waits before it comes back, in whole milliseconds; by default a few seconds.
    #[must_use]
    pub fn retry(mut self, after: Duration) -> Self {
        self.retry = Some(after);
        self
    }

    /// As it is written on the stream.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        self.written(self.id.as_deref())
    }

    /// As it is written with another id.
    pub(crate) fn written(&self, id: Option<&str>) -> Bytes {
        let mut out = String::new();
        let mut field = |name: &str, value: &str| {
            out.push_str(name);
            out.push_str(": ");
            out.push_str(value);
            out.push('\n');
        };
        for line in self.comment.iter().flat_map(|comment| lines(comment)) {
            field("", line);
        }
        if let Some(id) = id {
            field("id", id);
        }
        if let Some(name) = &self.name {
            field("event", name);
        }
        if let Some(retry) = self.retry {
            field("retry", &retry.as_millis().to_string());
        }
        for line in self.data.iter().flat_map(|data| lines(data)) {
            field("data", line);
        }
        out.push('\n');
        out.into()
    }
}

/// The lines of a text, by all three line ends that browsers know.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\r', '\n']) else {
            rest = None;
            return Some(text);
        };
        let (line, after) = text.split_at(end);
        let crlf = after.strip_prefix("\r\n");
        rest = crlf.or_else(|| after.get(1..));
        Some(line)
    })
}

fn one_line(field: &'static str, value: String) -> Result<String, EventError> {
    if value.contains(['\r', '\n']) { Err(EventError { field, value }) } else { Ok(value) }
}

/// An event can not have this name or id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventError {
    field: &'static str,
    value: String,
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, value } = self;
        let shown: String = value.chars().take(60).collect();
        write!(f, "an event's {field} is one line without NUL, not {shown:?}; put other text into its data")
    }
}

impl std::error::Error for EventError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_field_of_its_own() {
        for (data, written) in [
            ("one", "data: one\n\n"),
            ("", "data: \n\n"),
            ("a\nb\r\nc\rd", "data: a\ndata: b\ndata: c\ndata: d\n\n"),
            ("a\n", "data: a\ndata: \n\n"),
            ("a\n\nb", "data: a\ndata: \ndata: b\n\n"),
            (" x", "data:  x\n\n"),
            ("a\r\r\nid: 9", "data: a\ndata: \ndata: id: 9\n\n"),
        ] {
            assert_eq!(Event::new(data).to_bytes(), written, "{data:?}");
        }
        assert_eq!(Event::comment("still\nhere").to_bytes(), ": still\n: here\n\n");
        assert_eq!(Event::json(&("a\nb", 1)).unwrap().to_bytes(), "data: [\"a\\nb\",1]\n\n");
    }

    #[test]
    fn nothing_can_be_put_into_another_field() {
        for text in ["a\nb", "a\rdata: x", "\r\n"] {
            assert!(Event::new("x").named(text).is_err(), "{text:?}");
            assert!(Event::new("x").id(text).is_err(), "{text:?}");
        }
        let error = Event::new("x").id("a\0b").unwrap_err().to_string();
        assert_eq!(
            error,
            "an event's id is one line without NUL, not \"a\\0b\"; put other text into its data"
        );
    }
}
