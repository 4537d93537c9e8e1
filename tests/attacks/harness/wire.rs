//! [`Wire`]: a connection to the target that never waits without a bound.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::{PATIENCE, tls};

/// A connection, what came over it, and whether it is over.
pub(crate) struct Wire {
    stream: Stream,
    /// What came and was not taken.
    pub(crate) inbox: Vec<u8>,
    /// How much came in all.
    pub(crate) received: u64,
    /// How the peer's side ended, if it has.
    pub(crate) end: Option<End>,
    /// Whether what came is kept: a flood's answers are only counted.
    pub(crate) keeps: bool,
    /// How long to wait after each piece of 16 KiB that is read, as a slow client does.
    pub(crate) pace: Duration,
    /// What the peer's end was, in words.
    pub(crate) why: String,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }

    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(piece),
            Self::Tls(stream) => tls::read(stream, piece),
        }
    }

    fn both(&mut self) -> &mut dyn ReadWrite {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &mut **stream,
        }
    }
}

trait ReadWrite: Read + Write {}

impl<T: Read + Write> ReadWrite for T {}

/// How the peer ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With FIN (over TLS: with or without its close_notify).
    Closed,
    /// With RST.
    Reset,
}

/// The pause between two looks at a socket that has nothing.
const TICK: Duration = Duration::from_millis(5);

impl Wire {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::new(Stream::Plain(Self::tcp(address)))
    }

    /// As [`connect`](Self::connect), where nobody may be listening.
    pub(crate) fn try_connect(address: SocketAddr) -> Option<Self> {
        TcpStream::connect(address).ok().map(|stream| Self::new(Stream::Plain(Self::ready(stream))))
    }

    /// A connection with TLS; the handshake comes with the first read or write.
    pub(crate) fn secure(address: SocketAddr, config: ClientConfig, host: &str) -> Self {
        Self::new(Stream::Tls(Box::new(tls::begin(Self::tcp(address), config, host))))
    }

    fn tcp(address: SocketAddr) -> TcpStream {
        Self::ready(TcpStream::connect_timeout(&address, PATIENCE).unwrap())
    }

    fn ready(stream: TcpStream) -> TcpStream {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(TICK)).unwrap();
        stream.set_write_timeout(Some(TICK)).unwrap();
        stream
    }

    fn new(stream: Stream) -> Self {
        Self {
            stream,
            inbox: Vec::new(),
            received: 0,
            end: None,
            keeps: true,
            pace: Duration::ZERO,
            why: String::new(),
        }
    }

    /// The handshake, if there is one: false if it fails, and `why` tells.
    pub(crate) fn shake_hands(&mut self) -> bool {
        let give_up = Instant::now() + PATIENCE;
        while let Stream::Tls(stream) = &mut self.stream
            && stream.conn.is_handshaking()
        {
            match stream.conn.complete_io(&mut stream.sock) {
                Ok(_) => {}
                Err(error) if is_only_late(error.kind()) && Instant::now() < give_up => {}
                Err(error) => {
                    self.why = error.to_string();
                    self.end = Some(End::Closed);
                    return false;
                }
            }
        }
        true
    }

    /// What TLS has agreed on; only for connections with TLS.
    pub(crate) fn tls(&self) -> &ClientConnection {
        match &self.stream {
            Stream::Tls(stream) => &stream.conn,
            Stream::Plain(_) => panic!("a connection without TLS"),
        }
    }

    /// Reads once, waiting a moment; whether anything came.
    pub(crate) fn read_some(&mut self) -> bool {
        if self.end.is_some() {
            return false;
        }
        let mut piece = [0; 16 << 10];
        match self.stream.read(&mut piece) {
            Ok(0) => self.end = Some(End::Closed),
            Ok(length) => {
                self.received += length as u64;
                if self.keeps {
                    self.inbox.extend_from_slice(&piece[..length]);
                }
                std::thread::sleep(self.pace);
                return true;
            }
            Err(error) if is_only_late(error.kind()) => {}
            // Without close_notify; HTTP knows by itself whether something is missing.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => self.end = Some(End::Closed),
            Err(error) => {
                self.why = error.to_string();
                self.end = Some(End::Reset);
            }
        }
        false
    }

    /// Reads what is there without waiting.
    pub(crate) fn look(&mut self) {
        self.stream.tcp().set_nonblocking(true).unwrap();
        self.read_some();
        self.stream.tcp().set_nonblocking(false).unwrap();
    }

    /// Reads until `enough` says so or the peer ends; false if neither comes within `time`.
    pub(crate) fn read_until(&mut self, time: Duration, mut enough: impl FnMut(&[u8]) -> bool) -> bool {
        let give_up = Instant::now() + time;
        loop {
            if enough(&self.inbox) || self.end.is_some() {
                return true;
            }
            self.read_some();
            if Instant::now() > give_up {
                return enough(&self.inbox) || self.end.is_some();
            }
        }
    }

    /// Sends all of it, reading meanwhile what comes, so that two full buffers never wait for each other.
    /// False if the peer would take no more, or has ended.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        self.send_within(bytes, PATIENCE)
    }

    /// As [`send`](Self::send); gives up when the peer takes nothing for `time`.
    pub(crate) fn send_within(&mut self, mut bytes: &[u8], time: Duration) -> bool {
        let mut give_up = Instant::now() + time;
        while !bytes.is_empty() {
            match self.stream.both().write(bytes) {
                Ok(0) => return false,
                Ok(length) => {
                    bytes = &bytes[length..];
                    give_up = Instant::now() + time;
                }
                Err(error) if is_only_late(error.kind()) => {
                    self.read_some();
                    if Instant::now() > give_up || self.end.is_some() {
                        return false;
                    }
                }
                // What the peer said before it ended is still to be read.
                Err(_) => {
                    while self.read_some() {}
                    self.end.get_or_insert(End::Reset);
                    return false;
                }
            }
        }
        true
    }

    /// Sends as much as the peer takes without reading anything, until it takes nothing for `time`.
    pub(crate) fn stuff(&mut self, mut bytes: &[u8], time: Duration) -> usize {
        let (all, mut give_up) = (bytes.len(), Instant::now() + time);
        while !bytes.is_empty() && Instant::now() < give_up {
            match self.stream.both().write(bytes) {
                Ok(length) => {
                    bytes = &bytes[length..];
                    give_up = Instant::now() + time;
                }
                Err(error) if is_only_late(error.kind()) => {}
                Err(_) => break,
            }
        }
        all - bytes.len()
    }

    /// Everything that comes until the peer ends; panics if it does not.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        assert!(self.closes_within(PATIENCE), "still open; came: {}", shown(&self.inbox));
        std::mem::take(&mut self.inbox)
    }

    /// Whether the peer ends within this time.
    pub(crate) fn closes_within(&mut self, time: Duration) -> bool {
        self.read_until(time, |_| false)
    }

    /// Says that nothing more comes, and goes on reading.
    pub(crate) fn finish(&mut self) {
        if let Stream::Tls(stream) = &mut self.stream {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
        let _ = self.stream.tcp().shutdown(Shutdown::Write);
    }

    /// Closes so that the peer gets RST, as a client that dies.
    pub(crate) fn abort(self) {
        // Without linger the kernel sends RST when unread data is left or the time is zero; only the latter
        // is certain.
        let socket = socket2::SockRef::from(self.stream.tcp());
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    }
}

fn is_only_late(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// Bytes, as an assertion shows them.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string();
    match text.char_indices().nth(600) {
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], bytes.len()),
        None => text,
    }
}
