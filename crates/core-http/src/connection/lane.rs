//! [`Lane`]: what a request and its response run in: a connection of HTTP/1, or a stream of HTTP/2.

use std::sync::Arc;

use bytes::Bytes;
use zzz_core::http::Connection;

use super::ConnectionState;
use super::exchange::Exchange;
#[cfg(feature = "http2")]
use super::http2::StreamState;
use crate::budget::FREE;

/// What a request and its response run in.
#[derive(Clone)]
pub(super) enum Lane {
    /// HTTP/1: a connection is a lane of one request after the other.
    Connection(Arc<ConnectionState>),
    /// HTTP/2: a stream is a lane of one request.
    #[cfg(feature = "http2")]
    Stream(Arc<StreamState>),
}

impl Lane {
    pub(super) fn connection(&self) -> &Arc<ConnectionState> {
        match self {
            Self::Connection(connection) => connection,
            #[cfg(feature = "http2")]
            Self::Stream(stream) => &stream.connection,
        }
    }

    pub(super) fn exchange(&self) -> &Exchange {
        match self {
            Self::Connection(connection) => &connection.exchange,
            #[cfg(feature = "http2")]
            Self::Stream(stream) => &stream.exchange,
        }
    }

    /// The connection as its request sees it.
    pub(super) fn seen_by_request(&self) -> Arc<dyn Connection> {
        match self {
            Self::Connection(connection) => Arc::clone(connection) as Arc<dyn Connection>,
            #[cfg(feature = "http2")]
            Self::Stream(stream) => Arc::clone(stream) as Arc<dyn Connection>,
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.connection().now()
    }

    /// The request's body has come as a whole.
    pub(super) fn request_body_ended(&self) {
        self.exchange().body_ended();
        match self {
            Self::Connection(connection) => connection.request_body_ended(),
            #[cfg(feature = "http2")]
            Self::Stream(_) => {}
        }
    }

    /// The request has a body.
    pub(super) fn request_body_begins(&self) {
        #[cfg(feature = "http2")]
        if let Self::Stream(stream) = self {
            stream.body_begins();
        }
    }

    /// So many bytes of the request's body were read.
    pub(super) fn request_body_came(&self, bytes: u64) {
        self.exchange().body_came(self.now(), bytes);
        match self {
            Self::Connection(connection) if bytes > FREE => connection.grew(),
            Self::Connection(_) => {}
            #[cfg(feature = "http2")]
            Self::Stream(stream) => stream.body_taken(bytes),
        }
    }

    /// Nobody reads the request's body any more.
    pub(super) fn request_body_let_go(&self) {
        self.exchange().body_ended();
        self.exchange().account.close(self.connection().budget());
        match self {
            Self::Connection(connection) => connection.request_body_let_go(),
            #[cfg(feature = "http2")]
            Self::Stream(stream) => stream.body_ends(),
        }
    }

    /// The response was handed over as a whole.
    pub(super) fn response_ended(&self) {
        match self {
            Self::Connection(connection) => connection.response_ended(),
            #[cfg(feature = "http2")]
            Self::Stream(stream) => stream.ended(),
        }
    }

    /// How many bytes of a body's frame are handed over at once. What is shorter than one piece needs no watching.
    ///
    /// Over HTTP/1 hyper copies a piece into its buffer, and that stays that large while the connection is kept. Over
    /// HTTP/2 the machine takes a piece as soon as the peer has room for a single byte of it, and nobody hears of the rest
    /// any more. So the last KiB is a piece of its own: until the peer has room for what is before it, the body is there
    /// and its time is watched.
    pub(super) fn piece(&self, left: usize) -> usize {
        match self {
            Self::Connection(_) => left.min(32 * 1024),
            #[cfg(feature = "http2")]
            Self::Stream(_) => {
                const LAST: usize = 1024;
                if left > LAST { (left - LAST).min(16 * 1024) } else { left }
            }
        }
    }

    /// Hands over the next piece of a response, cut off from what is left of it. Over HTTP/1 the socket tells whether the
    /// peer takes it, over HTTP/2 the piece itself.
    pub(super) fn hand_over(&self, left: &mut Bytes) -> Bytes {
        let wanted = self.piece(left.len());
        match self {
            Self::Connection(connection) => left.split_to(connection.piece_handed_over(wanted)),
            #[cfg(feature = "http2")]
            Self::Stream(stream) => stream.hand_over(left.split_to(wanted)),
        }
    }

    /// The next piece is asked for; whether it may be given. If not, the task is woken when it may. Over HTTP/1 hyper
    /// asks before the last one has left; over HTTP/2 when the peer's window has room.
    pub(super) fn has_room(&self) -> bool {
        match self {
            Self::Connection(connection) => connection.has_piece_left(),
            #[cfg(feature = "http2")]
            Self::Stream(stream) => stream.has_room(),
        }
    }
}
