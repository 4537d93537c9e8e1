//! A small HTTP client: one kept connection, and the next request only after the response.
//!
//! It counts to the request, which no load generator does, and it has no part in what is measured but to send
//! the same bytes to everybody.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use super::form::Form;

/// How long a server may take for an answer. Under valgrind it is fifty times as slow as it is.
const PATIENCE: Duration = Duration::from_secs(20);

/// A kept connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
}

/// What a server answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
    /// Such as 200.
    pub(crate) status: u16,
    /// Empty if there is none.
    pub(crate) content_type: String,
    /// Whether the server ends the connection with it.
    pub(crate) close: bool,
    /// All of it.
    pub(crate) body: Vec<u8>,
}

/// The bytes of a request. The host is the same for every port, so that everybody parses the same bytes.
pub(crate) fn request(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

impl Connection {
    /// Connects.
    pub(crate) fn open(address: SocketAddr) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{address}: {error}");
        let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        Ok(Connection { stream: BufReader::new(stream), body: Vec::new() })
    }

    /// Asks, and waits for the whole answer.
    pub(crate) fn get(&mut self, path: &str) -> Result<Response, String> {
        self.send(&request(path))?;
        self.receive()
    }

    /// Sends the bytes of a request.
    pub(crate) fn send(&mut self, request: &[u8]) -> Result<(), String> {
        self.stream
            .get_mut()
            .write_all(request)
            .map_err(|error| format!("the request was not taken: {error}"))
    }

    /// Sends a form.
    pub(crate) fn send_form(&mut self, form: &Form) -> Result<(), String> {
        form.write(self.stream.get_mut()).map_err(|error| format!("the request was not taken: {error}"))
    }

    /// Reads a response.
    pub(crate) fn receive(&mut self) -> Result<Response, String> {
        let head = self.head()?;
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        if head.chunked {
            self.chunks(&mut body)?;
        } else {
            body.resize(head.length, 0);
            self.stream.read_exact(&mut body).map_err(broken)?;
        }
        Ok(Response { status: head.status, content_type: head.content_type, close: head.close, body })
    }

    /// Takes the buffer of a response back, so that a million responses need one.
    pub(crate) fn recycle(&mut self, response: Response) {
        self.body = response.body;
    }

    fn head(&mut self) -> Result<Head, String> {
        let mut line = String::new();
        self.line(&mut line)?;
        let mut head = Head::of(&line)?;
        loop {
            self.line(&mut line)?;
            if line.is_empty() {
                return Ok(head);
            }
            head.header(&line)?;
        }
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> Result<(), String> {
        let mut line = String::new();
        loop {
            self.line(&mut line)?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size =
                usize::from_str_radix(size, 16).map_err(|_| format!("`{line}` is no size of a chunk"))?;
            let start = body.len();
            body.resize(start + size, 0);
            self.stream.read_exact(&mut body[start..]).map_err(broken)?;
            self.line(&mut line)?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    fn line(&mut self, line: &mut String) -> Result<(), String> {
        line.clear();
        if self.stream.read_line(line).map_err(broken)? == 0 {
            return Err("the connection was closed before a whole response".to_owned());
        }
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(())
    }
}

#[allow(clippy::needless_pass_by_value)]
fn broken(error: std::io::Error) -> String {
    format!("no whole response came: {error}")
}

#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    length: usize,
    chunked: bool,
    close: bool,
    content_type: String,
}

impl Head {
    fn of(line: &str) -> Result<Self, String> {
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.ok_or_else(|| format!("`{line}` is no status line of HTTP/1.1"))?;
        Ok(Head { status, length: 0, chunked: false, close: false, content_type: String::new() })
    }

    fn header(&mut self, line: &str) -> Result<(), String> {
        let (name, value) = line.split_once(':').ok_or_else(|| format!("`{line}` is no header"))?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            self.length = value.parse().map_err(|_| format!("`{line}` is no length"))?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            self.chunked = value.eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("connection") {
            self.close = value.eq_ignore_ascii_case("close");
        } else if name.eq_ignore_ascii_case("content-type") {
            value.clone_into(&mut self.content_type);
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::{net::TcpListener, thread};

    /// A server that answers each request on one connection with the next of these texts.
    pub(crate) fn server(answers: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            for answer in answers {
                let mut line = String::new();
                while line != "\r\n" {
                    line.clear();
                    if reader.read_line(&mut line).unwrap() == 0 {
                        return;
                    }
                }
                (&stream).write_all(answer.as_bytes()).unwrap();
            }
            // Closed for writing alone, and read on: a request that meets a closed socket breaks the
            // connection instead of ending it.
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let _ = std::io::copy(&mut reader, &mut std::io::sink());
        });
        address
    }

    #[test]
    fn reads_responses_of_known_length_and_in_chunks_on_one_connection() {
        let mut connection = Connection::open(server(&[
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n",
        ]))
        .unwrap();
        let first = connection.get("/").unwrap();
        assert_eq!(
            (first.status, first.content_type.as_str(), &first.body[..]),
            (200, "text/plain", &b"ok"[..])
        );
        assert_eq!(connection.get("/").unwrap().body, b"abc");
        let last = connection.get("/").unwrap();
        assert_eq!((last.status, last.close), (404, true));
        assert!(connection.get("/").unwrap_err().contains("closed before a whole response"));
    }

    #[test]
    fn refuses_what_is_no_response() {
        assert!(Head::of("SSH-2.0-x").unwrap_err().contains("no status line"));
        assert!(Head::of("HTTP/1.1 200").is_ok());
        assert!(Head::of("HTTP/1.1 200 OK").unwrap().header("nonsense").is_err());
    }
}
