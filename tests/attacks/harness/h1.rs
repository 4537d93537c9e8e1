//! A reader of HTTP/1.1 responses that takes nothing on trust (RFC 9112).

use std::time::Duration;

use super::PATIENCE;
use super::wire::{Wire, shown};

/// A response, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The value of a header that must not be there twice.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values =
            self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = values.next();
        assert!(values.next().is_none(), "`{name}` twice in {self:?}");
        first
    }

    pub(crate) fn says_close(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Why there was no response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoReply {
    /// The peer closed before the response was complete.
    Cut(String),
    /// Nothing, or not all, came in time.
    Late(String),
    /// What came is no HTTP/1.1.
    Garbled(String),
}

/// Where a response is being read.
enum Parsed {
    Done(Reply, usize),
    /// More has to come, or, if it may end so, the end.
    More,
    UntilClose(Reply, usize),
}

/// Reads one final response; interim ones are skipped. `to_head` is for the response to a HEAD request.
pub(crate) fn reply(wire: &mut Wire, to_head: bool) -> Result<Reply, NoReply> {
    reply_within(wire, to_head, PATIENCE)
}

/// As [`reply`], within this time.
pub(crate) fn reply_within(wire: &mut Wire, to_head: bool, time: Duration) -> Result<Reply, NoReply> {
    loop {
        let reply = any_reply(wire, to_head, time)?;
        if reply.status >= 200 {
            return Ok(reply);
        }
    }
}

/// Reads one response, an interim one too.
pub(crate) fn any_reply(wire: &mut Wire, to_head: bool, time: Duration) -> Result<Reply, NoReply> {
    let mut parsed = Ok(Parsed::More);
    let in_time = wire.read_until(time, |inbox| {
        parsed = parse(inbox, to_head);
        !matches!(parsed, Ok(Parsed::More | Parsed::UntilClose(..)))
    });
    let came = || shown(&wire.inbox);
    match parsed {
        Err(why) => Err(NoReply::Garbled(format!("{why}: {}", came()))),
        Ok(Parsed::Done(reply, length)) => {
            wire.inbox.drain(..length);
            Ok(reply)
        }
        Ok(Parsed::UntilClose(mut reply, start)) if wire.end.is_some() => {
            reply.body = wire.inbox.split_off(start);
            wire.inbox.clear();
            Ok(reply)
        }
        Ok(_) if in_time => Err(NoReply::Cut(came())),
        Ok(_) => Err(NoReply::Late(came())),
    }
}

fn parse(inbox: &[u8], to_head: bool) -> Result<Parsed, &'static str> {
    let Some(end) = find(inbox, b"\r\n\r\n") else {
        return if inbox.len() > 64 << 10 { Err("a head without an end") } else { Ok(Parsed::More) };
    };
    let head = std::str::from_utf8(&inbox[..end]).map_err(|_| "a head that is no text")?;
    let mut lines = head.split("\r\n");
    let status = status_of(lines.next().unwrap_or_default()).ok_or("a bad status line")?;
    let headers = lines.map(header_of).collect::<Option<Vec<_>>>().ok_or("a bad header")?;
    let start = end + 4;
    let mut reply = Reply { status, headers, body: Vec::new() };
    let (length, coding) = (reply.header("content-length"), reply.header("transfer-encoding"));
    if to_head || status < 200 || status == 204 || status == 304 {
        if status < 200 || status == 204 {
            (length.is_none() && coding.is_none()).then_some(()).ok_or("1xx and 204 have no length")?;
        }
        return Ok(Parsed::Done(reply, start));
    }
    match (length, coding) {
        (Some(_), Some(_)) => Err("a length and a transfer coding"),
        (None, Some("chunked")) => match dechunk(&inbox[start..])? {
            Some((body, used)) => {
                reply.body = body;
                Ok(Parsed::Done(reply, start + used))
            }
            None => Ok(Parsed::More),
        },
        (None, Some(_)) => Err("an unknown transfer coding"),
        (Some(length), None) => {
            let length: usize = length.parse().map_err(|_| "a bad content-length")?;
            match inbox.get(start..start + length) {
                Some(body) => {
                    reply.body = body.to_vec();
                    Ok(Parsed::Done(reply, start + length))
                }
                None => Ok(Parsed::More),
            }
        }
        (None, None) if reply.says_close() => Ok(Parsed::UntilClose(reply, start)),
        (None, None) => Err("neither a length nor an end"),
    }
}

fn status_of(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 "))?;
    let (code, _reason) = rest.split_once(' ')?;
    (code.len() == 3).then(|| code.parse().ok()).flatten().filter(|code| (100..600).contains(code))
}

fn header_of(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let is_name = !name.is_empty() && name.chars().all(token);
    let value = value.trim_matches([' ', '\t']);
    let is_value = !value.contains(|c: char| c.is_control() && c != '\t');
    (is_name && is_value).then(|| (name.to_ascii_lowercase(), value.to_owned()))
}

/// The content of a chunked body and how long it was with its framing; `None` if more has to come.
fn dechunk(mut bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, &'static str> {
    let (all, mut content) = (bytes.len(), Vec::new());
    loop {
        let Some(end) = find(bytes, b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(&bytes[..end]).map_err(|_| "a bad chunk size")?;
        if size.is_empty() || !size.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err("a bad chunk size");
        }
        let size = usize::from_str_radix(size, 16).map_err(|_| "a bad chunk size")?;
        bytes = &bytes[end + 2..];
        if size == 0 {
            // Trailers end with an empty line.
            let end =
                if bytes.starts_with(b"\r\n") { Some(0) } else { find(bytes, b"\r\n\r\n").map(|at| at + 2) };
            return Ok(end.map(|end| (content, all - bytes.len() + end + 2)));
        }
        let Some(chunk) = bytes.get(..size + 2) else { return Ok(None) };
        if !chunk.ends_with(b"\r\n") {
            return Err("a chunk without its end");
        }
        content.extend_from_slice(&chunk[..size]);
        bytes = &bytes[size + 2..];
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
