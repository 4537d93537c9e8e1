//! [`Serving`]: what every connection of a server is served with.

use std::sync::Arc;

use hyper::server::conn::http1;
use zzz_core::http::Service;

#[cfg(feature = "http2")]
use super::http2::Http2Settings;
use super::millis;
use super::service::RequestLimits;
use crate::config::HttpConfig;

/// The service and the settings that the connections of a server share.
pub(crate) struct Serving {
    pub(super) service: Arc<dyn Service>,
    pub(super) http1: http1::Builder,
    #[cfg(feature = "http2")]
    pub(super) http2: Http2Settings,
    pub(super) limits: RequestLimits,
}

impl Serving {
    pub(crate) fn new(service: Arc<dyn Service>, config: &HttpConfig) -> Self {
        let limits = RequestLimits {
            max_target: config.max_target.as_usize(),
            max_head: config.max_head_size.0,
            #[cfg(feature = "http2")]
            max_headers: config.max_headers,
            body: config.body_limit.0,
            #[cfg(feature = "decompress")]
            decompress: config.decompress,
            timeout: millis(config.request_timeout),
        };
        Self {
            service,
            http1: http1_builder(config),
            #[cfg(feature = "http2")]
            http2: Http2Settings::new(config),
            limits,
        }
    }
}

fn http1_builder(config: &HttpConfig) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // The deadlines are ours (see `connection`); hyper's would need a timer for every head.
        .header_read_timeout(None)
        // Whether the peer is gone is noticed by our own socket, which allocates nothing for it.
        .half_close(true)
        // Head and body leave in one buffer: for what most answers are, a copy costs less than a list of two.
        .writev(false)
        .max_buf_size(config.max_head_size.as_usize());
    // Any other number makes hyper keep headers on the heap.
    if config.max_headers != 100 {
        builder.max_headers(config.max_headers);
    }
    builder
}
