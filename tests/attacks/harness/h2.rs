//! HTTP/2 (RFC 9113) as single frames: a client that can send anything.

use std::time::{Duration, Instant};

use super::PATIENCE;
use super::hpack::{self, Decoder, Header};
use super::wire::{End, Wire};

/// What a client begins with (section 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Types of frames (section 6).
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const PRIORITY: u8 = 2;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PUSH_PROMISE: u8 = 5;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

/// Flags of frames.
pub(crate) mod flag {
    pub(crate) const END_STREAM: u8 = 1;
    pub(crate) const ACK: u8 = 1;
    pub(crate) const END_HEADERS: u8 = 4;
    pub(crate) const PADDED: u8 = 8;
    pub(crate) const PRIORITY: u8 = 0x20;
}

/// Error codes (section 7).
pub(crate) mod code {
    pub(crate) const NO_ERROR: u32 = 0;
    pub(crate) const PROTOCOL_ERROR: u32 = 1;
    pub(crate) const FLOW_CONTROL_ERROR: u32 = 3;
    pub(crate) const STREAM_CLOSED: u32 = 5;
    pub(crate) const FRAME_SIZE_ERROR: u32 = 6;
    pub(crate) const REFUSED_STREAM: u32 = 7;
    pub(crate) const CANCEL: u32 = 8;
    pub(crate) const COMPRESSION_ERROR: u32 = 9;
}

/// A frame, as it came or is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn new(kind: u8, flags: u8, stream: u32, payload: impl Into<Vec<u8>>) -> Self {
        Self { kind, flags, stream, payload: payload.into() }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let length = u32::try_from(self.payload.len()).unwrap().to_be_bytes();
        let mut bytes = vec![length[1], length[2], length[3], self.kind, self.flags];
        bytes.extend(self.stream.to_be_bytes());
        bytes.extend(&self.payload);
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let head = bytes.get(..9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
        let payload = bytes.get(9..9 + length)?.to_vec();
        Some((Self { kind: head[3], flags: head[4], stream, payload }, 9 + length))
    }

    pub(crate) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The number at `at` in the payload: a code, a window, a stream.
    pub(crate) fn number(&self, at: usize) -> u32 {
        let bytes = self.payload.get(at..at + 4).unwrap_or(&[0; 4]);
        u32::from_be_bytes(bytes.try_into().unwrap())
    }
}

pub(crate) fn settings(pairs: &[(u16, u32)]) -> Frame {
    let payload = pairs.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat());
    Frame::new(kind::SETTINGS, 0, 0, payload.collect::<Vec<_>>())
}

pub(crate) fn settings_ack() -> Frame {
    Frame::new(kind::SETTINGS, flag::ACK, 0, [])
}

pub(crate) fn ping(content: [u8; 8]) -> Frame {
    Frame::new(kind::PING, 0, 0, content)
}

pub(crate) fn window_update(stream: u32, by: u32) -> Frame {
    Frame::new(kind::WINDOW_UPDATE, 0, stream, by.to_be_bytes())
}

pub(crate) fn rst_stream(stream: u32, code: u32) -> Frame {
    Frame::new(kind::RST_STREAM, 0, stream, code.to_be_bytes())
}

pub(crate) fn goaway(last: u32, code: u32) -> Frame {
    Frame::new(kind::GOAWAY, 0, 0, [last.to_be_bytes(), code.to_be_bytes()].concat())
}

pub(crate) fn data(stream: u32, content: impl Into<Vec<u8>>, end: bool) -> Frame {
    Frame::new(kind::DATA, if end { flag::END_STREAM } else { 0 }, stream, content)
}

/// A whole head in one frame.
pub(crate) fn headers(stream: u32, block: impl Into<Vec<u8>>, end: bool) -> Frame {
    Frame::new(kind::HEADERS, flag::END_HEADERS | if end { flag::END_STREAM } else { 0 }, stream, block)
}

/// A head of any length, in as many frames as it takes.
pub(crate) fn head_in_frames(stream: u32, block: &[u8], end: bool) -> Vec<u8> {
    let mut pieces: Vec<&[u8]> = block.chunks(16_384).collect();
    let last = pieces.pop().unwrap_or_default();
    let mut kind = kind::HEADERS;
    let mut bytes = Vec::new();
    for (piece, is_last) in pieces.into_iter().map(|piece| (piece, false)).chain([(last, true)]) {
        let end = if end && kind == kind::HEADERS { flag::END_STREAM } else { 0 };
        let flags = end | if is_last { flag::END_HEADERS } else { 0 };
        bytes.extend(Frame::new(kind, flags, stream, piece).bytes());
        kind = kind::CONTINUATION;
    }
    bytes
}

/// What happened to a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A whole response.
    Response { status: u16, headers: Vec<Header>, body: Vec<u8> },
    /// RST_STREAM; with the status, if a response had begun.
    Reset { code: u32, status: Option<u16> },
    /// GOAWAY with an error.
    GoAway(u32),
    /// The connection ended.
    Closed,
    /// Nothing in time.
    Late,
}

/// A connection.
pub(crate) struct Client {
    pub(crate) wire: Wire,
    decoder: Decoder,
    /// How much may be sent yet: on the connection, and what a new stream may send.
    pub(crate) window: i64,
    pub(crate) initial_window: i64,
    /// What the server said in its first SETTINGS.
    pub(crate) server_settings: Vec<(u16, u32)>,
    /// Windows are given back as DATA comes.
    pub(crate) gives_windows: bool,
}

impl Client {
    /// Only the connection: nothing is sent.
    pub(crate) fn silent(wire: Wire) -> Self {
        Self {
            wire,
            decoder: Decoder::default(),
            window: 65_535,
            initial_window: 65_535,
            server_settings: Vec::new(),
            gives_windows: true,
        }
    }

    /// A connection whose preface and settings are exchanged.
    pub(crate) fn open(wire: Wire) -> Self {
        Self::open_with(wire, &[])
    }

    pub(crate) fn open_with(wire: Wire, pairs: &[(u16, u32)]) -> Self {
        let mut client = Self::silent(wire);
        assert!(client.wire.send(&[PREFACE, &settings(pairs).bytes()].concat()));
        let give_up = Instant::now() + PATIENCE;
        loop {
            let frame = client.frame(PATIENCE).expect("SETTINGS of the server");
            if frame.kind == kind::SETTINGS && !frame.has(flag::ACK) {
                break;
            }
            assert!(Instant::now() < give_up);
        }
        client
    }

    pub(crate) fn send(&mut self, frame: &Frame) -> bool {
        self.wire.send(&frame.bytes())
    }

    /// The next frame; `None` if the connection ends or nothing comes. Settings are acknowledged and remembered.
    pub(crate) fn frame(&mut self, time: Duration) -> Option<Frame> {
        self.wire.read_until(time, |inbox| Frame::parse(inbox).is_some());
        let (frame, used) = Frame::parse(&self.wire.inbox)?;
        self.wire.inbox.drain(..used);
        match frame.kind {
            kind::SETTINGS if !frame.has(flag::ACK) => {
                for pair in frame.payload.chunks_exact(6) {
                    let id = u16::from_be_bytes([pair[0], pair[1]]);
                    let value = u32::from_be_bytes([pair[2], pair[3], pair[4], pair[5]]);
                    if id == 4 {
                        self.initial_window = i64::from(value);
                    }
                    self.server_settings.push((id, value));
                }
                self.send(&settings_ack());
            }
            kind::WINDOW_UPDATE if frame.stream == 0 => self.window += i64::from(frame.number(0)),
            kind::DATA if self.gives_windows && !frame.payload.is_empty() => {
                let length = frame.payload.len() as u32;
                self.send(&window_update(0, length));
                if !frame.has(flag::END_STREAM) {
                    self.send(&window_update(frame.stream, length));
                }
            }
            _ => {}
        }
        Some(frame)
    }

    /// The headers of a block that came.
    pub(crate) fn decode(&mut self, block: &[u8]) -> Vec<Header> {
        self.decoder
            .decode(block)
            .unwrap_or_else(|| panic!("a broken header block from the server: {block:?}"))
    }

    /// Sends a request without a body.
    pub(crate) fn request(&mut self, stream: u32, method: &str, path: &str) -> bool {
        self.send(&headers(stream, hpack::encode(&head(method, path)), true))
    }

    /// What becomes of a stream.
    pub(crate) fn outcome(&mut self, stream: u32) -> Outcome {
        self.outcome_within(stream, PATIENCE)
    }

    pub(crate) fn outcome_within(&mut self, stream: u32, time: Duration) -> Outcome {
        let give_up = Instant::now() + time;
        let (mut response, mut body) = (None, Vec::new());
        loop {
            let left = give_up.saturating_duration_since(Instant::now());
            let Some(frame) = self.frame(left) else {
                return if self.wire.end.is_some() { Outcome::Closed } else { Outcome::Late };
            };
            match frame.kind {
                kind::HEADERS => {
                    // Every block has to be read: they share a table.
                    let headers = self.decode(&frame.payload);
                    if frame.stream == stream {
                        let status = headers.iter().find(|(name, _)| name == ":status");
                        let status = status.map_or(0, |(_, status)| status.parse().unwrap());
                        if response.is_none() && status >= 200 {
                            response = Some((status, headers));
                        }
                    }
                }
                kind::DATA if frame.stream == stream => body.extend(&frame.payload),
                kind::RST_STREAM if frame.stream == stream => {
                    let status = response.map(|(status, _)| status);
                    return Outcome::Reset { code: frame.number(0), status };
                }
                kind::GOAWAY if frame.number(4) != code::NO_ERROR => return Outcome::GoAway(frame.number(4)),
                _ => {}
            }
            let ends = matches!(frame.kind, kind::HEADERS | kind::DATA) && frame.has(flag::END_STREAM);
            if ends && frame.stream == stream {
                let (status, headers) = response.expect("a response without a status");
                return Outcome::Response { status, headers, body };
            }
        }
    }

    /// Sends a stream's body as windows allow; false if the server ends the stream or connection before. What
    /// the server says meanwhile is left for [`outcome`](Self::outcome).
    pub(crate) fn send_body(&mut self, stream: u32, mut content: &[u8], end: bool) -> bool {
        let (mut window, mut aside) = (self.initial_window, Vec::new());
        let give_up = Instant::now() + PATIENCE;
        let sent = loop {
            let room = window.min(self.window).clamp(0, 16_384) as usize;
            let piece = &content[..room.min(content.len())];
            if room > 0 || content.is_empty() {
                content = &content[piece.len()..];
                let last = content.is_empty();
                if (!piece.is_empty() || end) && !self.send(&data(stream, piece, end && last)) {
                    break false;
                }
                window -= piece.len() as i64;
                self.window -= piece.len() as i64;
                if last {
                    break true;
                }
                self.wire.read_some();
            }
            let wait = if room == 0 { PATIENCE } else { Duration::ZERO };
            let Some(frame) = self.frame(wait) else {
                if self.wire.end.is_some() || (room == 0 && Instant::now() > give_up) {
                    break false;
                }
                continue;
            };
            if frame.kind == kind::WINDOW_UPDATE && frame.stream == stream {
                window += i64::from(frame.number(0));
            }
            let is_reset = frame.kind == kind::RST_STREAM && frame.stream == stream;
            let ends = frame.stream == stream && frame.kind <= kind::HEADERS && frame.has(flag::END_STREAM);
            let over = is_reset || ends || frame.kind == kind::GOAWAY;
            if matches!(frame.kind, kind::HEADERS | kind::DATA | kind::RST_STREAM | kind::GOAWAY) {
                aside.extend(frame.bytes());
            }
            if over {
                break false;
            }
        };
        self.wire.inbox.splice(..0, aside);
        sent
    }

    /// The error of the connection: its GOAWAY, or that it closed without one. `None` if it goes on.
    pub(crate) fn connection_error(&mut self, time: Duration) -> Option<Option<u32>> {
        let give_up = Instant::now() + time;
        loop {
            match self.frame(give_up.saturating_duration_since(Instant::now())) {
                Some(frame) if frame.kind == kind::GOAWAY => return Some(Some(frame.number(4))),
                Some(_) => {}
                None => return self.wire.end.map(|_: End| None),
            }
        }
    }
}

/// A request's pseudo headers.
pub(crate) fn head<'a>(method: &'a str, path: &'a str) -> [(&'a str, &'a str); 4] {
    [(":method", method), (":scheme", "http"), (":authority", "localhost"), (":path", path)]
}
