//! [`Form`]: a form with a file of any length, as the bytes of a request.

use std::io::Write;

use super::rows::Sends;

/// What is between the parts.
const BOUNDARY: &str = "----zzzBenchBoundary7MA4YWxkTrZu0gW";

/// The file is made of this many bytes, again and again. They are as good as random, as those of an image are.
const BLOCK: usize = 256 * 1024;

/// A request, ready to be sent as often as one likes.
pub(crate) struct Form {
    /// The head of the request and of the part, or the whole request if it sends nothing.
    head: Vec<u8>,
    block: Vec<u8>,
    length: u64,
    end: Vec<u8>,
}

impl Form {
    /// The request for this path. The host is the same for every port, so that everybody parses the same bytes.
    pub(crate) fn of(path: &str, sends: Sends) -> Self {
        let Sends::File(length) = sends else {
            return Form { head: super::http::request(path), block: Vec::new(), length: 0, end: Vec::new() };
        };
        let part = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file.bin\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let end = format!("\r\n--{BOUNDARY}--\r\n");
        let all = part.len() as u64 + length + end.len() as u64;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n\
             Content-Length: {all}\r\n\r\n{part}"
        );
        Form { head: head.into_bytes(), block: block(), length, end: end.into_bytes() }
    }

    /// Sends it.
    pub(crate) fn write(&self, to: &mut impl Write) -> std::io::Result<()> {
        to.write_all(&self.head)?;
        let mut left = self.length;
        while left > 0 {
            let count = usize::try_from(left).unwrap_or(BLOCK).min(self.block.len());
            to.write_all(&self.block[..count])?;
            left -= count as u64;
        }
        to.write_all(&self.end)
    }
}

/// xorshift64 (Marsaglia, 2003).
fn block() -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut block = Vec::with_capacity(BLOCK);
    while block.len() < BLOCK {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        block.extend_from_slice(&state.to_le_bytes());
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(path: &str, sends: Sends) -> Vec<u8> {
        let mut bytes = Vec::new();
        Form::of(path, sends).write(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn says_how_long_it_is() {
        assert_eq!(bytes("/a", Sends::Nothing), b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
        for length in [0, 5, BLOCK as u64 + 1] {
            let request = bytes("/upload", Sends::File(length));
            let head = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
            let body = request.len() - head;
            let said = format!("\r\nContent-Length: {body}\r\n");
            assert!(String::from_utf8_lossy(&request[..head]).contains(&said), "{length}");
        }
    }
}
