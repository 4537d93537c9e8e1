//! HTTP/2 on hyper's machine: a state and a task per stream, and a watch over frames that are free of charge
//! for a client and not for us.

mod dispatch;
mod frames;
mod streams;

use std::sync::Arc;

use hyper::server::conn::http2;
use hyper_util::rt::TokioIo;

pub(super) use dispatch::Http2Dispatch;
pub(super) use frames::{FrameWatch, PREFACE};
pub(crate) use streams::{StreamState, Streams};

use dispatch::StreamSpawner;

use super::io::TrackedIo;
use super::{ConnectionState, Serving};
use crate::config::HttpConfig;

/// hyper's machine for a connection of HTTP/2.
pub(super) type Http2 = http2::Connection<TokioIo<TrackedIo>, Http2Dispatch, StreamSpawner>;

/// How much of the bodies of all streams the peer may send before an app has read it. The machine bounds what small
/// frames cost by half of it: some 4,000 of them may wait for apps.
const CONNECTION_WINDOW: u32 = 2 * 1024 * 1024;

/// The same of one stream: an eighth, so that an app that does not read can not hold up the other streams.
const STREAM_WINDOW: u32 = 256 * 1024;

/// How much of a response's body may wait for the socket.
const SEND_BUFFER: usize = 64 * 1024;

/// The settings of HTTP/2 that connections share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Http2Settings {
    max_streams: u32,
    max_resets: u32,
    max_head: u32,
}

impl Http2Settings {
    pub(super) fn new(config: &HttpConfig) -> Self {
        Self {
            max_streams: config.h2_max_streams,
            max_resets: config.h2_max_resets,
            max_head: u32::try_from(config.max_head_size.0).unwrap_or(u32::MAX),
        }
    }
}

/// Begins to speak HTTP/2; the client's preface has not been read yet, or will be replayed.
pub(super) fn serve(serving: &Serving, state: &Arc<ConnectionState>, mut io: TrackedIo) -> Http2 {
    let settings = serving.http2;
    state.speaks_http2(settings.max_streams as usize);
    io.watch_frames(FrameWatch::new(settings.max_resets));
    let mut builder = http2::Builder::new(StreamSpawner::new(Arc::clone(state)));
    builder
        .max_concurrent_streams(settings.max_streams)
        .max_header_list_size(settings.max_head)
        // Those that come with their request: the same rate holds for them.
        .max_pending_accept_reset_streams(settings.max_resets as usize)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_stream_window_size(STREAM_WINDOW)
        .max_send_buf_size(SEND_BUFFER);
    builder.serve_connection(TokioIo::new(io), Http2Dispatch::new(serving, state))
}
