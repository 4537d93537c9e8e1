//! One request over any transport, so that an attack is written once and holds on every path.

use std::time::Duration;

use super::PATIENCE;
use super::h1::{self, NoReply};
use super::h2::{self, Outcome};
use super::hpack;
use super::target::Target;
use super::tls;
use super::wire::Wire;

/// How a request with a body travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// HTTP/1.1 with Content-Length.
    H1Length,
    /// HTTP/1.1 with chunks.
    H1Chunked,
    /// HTTP/1.1 with Content-Length over TLS.
    H1Tls,
    /// HTTP/2 by prior knowledge.
    H2c,
    /// HTTP/2 over TLS, agreed on with ALPN.
    H2Tls,
}

/// Every one of them.
pub(crate) const TRANSPORTS: [Transport; 5] =
    [Transport::H1Length, Transport::H1Chunked, Transport::H1Tls, Transport::H2c, Transport::H2Tls];

impl Transport {
    pub(crate) fn is_h2(self) -> bool {
        matches!(self, Self::H2c | Self::H2Tls)
    }

    pub(crate) fn is_tls(self) -> bool {
        matches!(self, Self::H1Tls | Self::H2Tls)
    }

    pub(crate) fn connect(self, target: &Target) -> Wire {
        if !self.is_tls() {
            return Wire::connect(target.plain);
        }
        let protocol = if self.is_h2() { "h2" } else { "http/1.1" };
        let mut wire = Wire::secure(target.secure, tls::client(&[&tls::LOCALHOST], &[protocol]), "localhost");
        assert!(wire.shake_hands(), "no handshake: {}", wire.why);
        assert_eq!(wire.tls().alpn_protocol(), Some(protocol.as_bytes()));
        wire
    }
}

/// Runs an attack over every transport; a failure names the one.
pub(crate) fn over_all(attack: impl Fn(Transport)) {
    for transport in TRANSPORTS {
        eprintln!("over {transport:?}");
        attack(transport);
    }
}

/// As [`over_all`], all at once, for attacks that mostly wait; each needs a target of its own.
pub(crate) fn over_all_at_once(attack: impl Fn(Transport) + Sync) {
    std::thread::scope(|scope| {
        for transport in TRANSPORTS {
            let attack = &attack;
            scope.spawn(move || attack(transport));
        }
    });
}

/// As [`over_all`], for attacks that are HTTP/2's own.
pub(crate) fn over_h2(attack: impl Fn(Transport)) {
    over_all(|transport| {
        if transport.is_h2() {
            attack(transport);
        }
    });
}

/// A request whose body is sent in pieces.
pub(crate) struct Flow {
    transport: Transport,
    side: Side,
}

enum Side {
    H1(Wire),
    H2(Box<h2::Client>),
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// `None` if no head came.
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) fate: Fate,
}

/// How a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// As it should.
    Complete,
    /// The stream was reset with this code.
    Reset(u32),
    /// The connection's end came first.
    Closed,
    /// Nothing came in time.
    Late,
}

impl Answer {
    fn none(fate: Fate) -> Self {
        Self { status: None, headers: Vec::new(), body: Vec::new(), fate }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Flow {
    /// Sends a head that announces a body of `length` bytes (where the transport announces it).
    pub(crate) fn open(
        transport: Transport,
        target: &Target,
        request: (&str, &str),
        headers: &[(&str, &str)],
        length: u64,
    ) -> Self {
        Self::open_on(transport, transport.connect(target), request, headers, length)
    }

    fn open_on(
        transport: Transport,
        wire: Wire,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        length: u64,
    ) -> Self {
        let side = if transport.is_h2() {
            let mut client = h2::Client::open(wire);
            let mut all = h2::head(method, path).to_vec();
            all.extend(headers);
            client.wire.send(&h2::head_in_frames(1, &hpack::encode(&all), false));
            Side::H2(Box::new(client))
        } else {
            let mut wire = wire;
            let framing = match transport {
                Transport::H1Chunked => "transfer-encoding: chunked".to_owned(),
                _ => format!("content-length: {length}"),
            };
            let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            wire.send(
                format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{framing}\r\n{lines}\r\n").as_bytes(),
            );
            Side::H1(wire)
        };
        Self { transport, side }
    }

    /// Sends a piece of the body; false if the server takes no more.
    pub(crate) fn send(&mut self, piece: &[u8]) -> bool {
        // An empty chunk would be the last.
        if piece.is_empty() {
            return true;
        }
        match &mut self.side {
            Side::H1(wire) if self.transport == Transport::H1Chunked => {
                let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
                chunk.extend(piece);
                chunk.extend(b"\r\n");
                wire.send(&chunk)
            }
            Side::H1(wire) => wire.send(piece),
            Side::H2(client) => client.send_body(1, piece, false),
        }
    }

    /// Says that the body is complete.
    pub(crate) fn end(&mut self) -> bool {
        match &mut self.side {
            Side::H1(wire) if self.transport == Transport::H1Chunked => wire.send(b"0\r\n\r\n"),
            Side::H1(_) => true,
            Side::H2(client) => client.send(&h2::data(1, [], true)),
        }
    }

    /// What the server answers.
    pub(crate) fn answer(&mut self) -> Answer {
        self.answer_within(PATIENCE)
    }

    pub(crate) fn answer_within(&mut self, time: Duration) -> Answer {
        match &mut self.side {
            Side::H1(wire) => match h1::reply_within(wire, false, time) {
                Ok(reply) => Answer {
                    status: Some(reply.status),
                    headers: reply.headers,
                    body: reply.body,
                    fate: Fate::Complete,
                },
                Err(NoReply::Cut(came)) => Answer { status: begun(&came), ..Answer::none(Fate::Closed) },
                Err(NoReply::Late(came)) => Answer { status: begun(&came), ..Answer::none(Fate::Late) },
                Err(NoReply::Garbled(why)) => panic!("a garbled response: {why}"),
            },
            Side::H2(client) => match client.outcome_within(1, time) {
                Outcome::Response { status, headers, body } => {
                    Answer { status: Some(status), headers, body, fate: Fate::Complete }
                }
                Outcome::Reset { code, status } => Answer { status, ..Answer::none(Fate::Reset(code)) },
                Outcome::GoAway(_) | Outcome::Closed => Answer::none(Fate::Closed),
                Outcome::Late => Answer::none(Fate::Late),
            },
        }
    }

    /// The connection beneath.
    pub(crate) fn wire(&mut self) -> &mut Wire {
        match &mut self.side {
            Side::H1(wire) => wire,
            Side::H2(client) => &mut client.wire,
        }
    }

    /// Breaks off as a client that dies.
    pub(crate) fn abort(self) {
        match self.side {
            Side::H1(wire) => wire.abort(),
            Side::H2(client) => client.wire.abort(),
        }
    }
}

/// The status of a response that was cut after its head.
fn begun(came: &str) -> Option<u16> {
    came.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// A whole request and its answer.
pub(crate) fn ask(
    transport: Transport,
    target: &Target,
    request: (&str, &str),
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut flow = Flow::open(transport, target, request, headers, body.len() as u64);
    if flow.send(body) {
        flow.end();
    }
    flow.answer()
}
