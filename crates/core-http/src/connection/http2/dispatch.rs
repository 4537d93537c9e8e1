//! Requests of HTTP/2 to the service, each in a task of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::Reason;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode};
use hyper::body::Incoming;
use hyper::rt::Executor;
use zzz_core::http::{Body, Request, Response, Service};

use super::StreamState;
use crate::connection::lane::Lane;
use crate::connection::service::{Call, RequestLimits};
use crate::connection::{ConnectionState, Serving, strict};

/// What the requests of a connection of HTTP/2 are answered with.
pub(in crate::connection) struct Http2Dispatch {
    service: Arc<dyn Service>,
    state: Arc<ConnectionState>,
    limits: RequestLimits,
}

impl Http2Dispatch {
    pub(super) fn new(serving: &Serving, state: &Arc<ConnectionState>) -> Self {
        Self { service: Arc::clone(&serving.service), state: Arc::clone(state), limits: serving.limits }
    }

    /// Why a request is refused, if it is; what is in order comes out with a `Host` header.
    fn refusal(&self, parts: &mut http::request::Parts) -> Option<StatusCode> {
        join_cookies(&mut parts.headers);
        if parts.headers.len() > self.limits.max_headers {
            Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
        } else {
            strict::http2(parts, self.limits.max_target).err()
        }
    }
}

/// Makes one header of the cookies, which clients send apart since that compresses better (RFC 9113, 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut crumbs = headers.get_all(COOKIE).iter();
    let (Some(first), Some(second)) = (crumbs.next(), crumbs.next()) else { return };
    let mut cookies = first.as_bytes().to_vec();
    for crumb in std::iter::once(second).chain(crumbs) {
        cookies.extend_from_slice(b"; ");
        cookies.extend_from_slice(crumb.as_bytes());
    }
    // What valid headers are made of is valid.
    if let Ok(cookies) = HeaderValue::from_maybe_shared(Bytes::from(cookies)) {
        headers.insert(COOKIE, cookies);
    }
}

impl hyper::service::Service<http::Request<Incoming>> for Http2Dispatch {
    type Response = Response;
    /// hyper resets the stream with its reason.
    type Error = h2::Error;
    type Future = Http2Call;

    fn call(&self, request: http::Request<Incoming>) -> Http2Call {
        let (mut parts, incoming) = request.into_parts();
        let has_body = !http_body::Body::is_end_stream(&incoming);
        let Ok(head) = strict::well_formed(&parts) else {
            return Http2Call::Refused(Reason::PROTOCOL_ERROR);
        };
        let begun = self
            .state
            .streams()
            .and_then(|streams| streams.begin(&self.state, self.limits.timeout, has_body, head));
        let Some(stream) = begun else { return Http2Call::Refused(Reason::REFUSED_STREAM) };
        let lane = Lane::Stream(Arc::clone(&stream));
        let call = match self.refusal(&mut parts) {
            Some(status) => Call::refused(status, lane),
            None => {
                let mut request =
                    Request::with_connection(parts, Body::empty(), Some(lane.seen_by_request()));
                match Call::prepare(&self.limits, &mut request, incoming, has_body, &lane) {
                    Ok(()) => Call::answered_by(self.service.answer(&mut request), lane),
                    Err(status) => Call::refused(status, lane),
                }
            }
        };
        Http2Call::Begun(Begun { call, stream, known: false, answered: false })
    }
}

/// A request in flight on a stream.
pub(in crate::connection) enum Http2Call {
    /// It is malformed, or there are as many in flight already as may be.
    Refused(Reason),
    Begun(Begun),
}

pub(in crate::connection) struct Begun {
    call: Call,
    stream: Arc<StreamState>,
    /// Whether the stream knows its task's waker.
    known: bool,
    answered: bool,
}

impl Future for Http2Call {
    type Output = Result<Response, h2::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let begun = match self.get_mut() {
            Self::Refused(reason) => return Poll::Ready(Err((*reason).into())),
            Self::Begun(begun) => begun,
        };
        if !begun.known {
            begun.known = true;
            begun.stream.set_waker(cx.waker().clone());
        }
        let Ok(response) = std::task::ready!(Pin::new(&mut begun.call).poll(cx));
        begun.answered = true;
        Poll::Ready(Ok(response))
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        // The client has reset the stream, or is gone.
        if !self.answered {
            self.stream.ended();
        }
    }
}

/// Spawns the tasks of streams.
#[derive(Clone)]
pub(in crate::connection) struct StreamSpawner {
    state: Arc<ConnectionState>,
}

impl StreamSpawner {
    pub(super) fn new(state: Arc<ConnectionState>) -> Self {
        Self { state }
    }
}

impl<F> Executor<F> for StreamSpawner
where
    F: Future<Output = ()> + Send + 'static,
{
    /// hyper calls this right after the service, with the future that drives the service's.
    fn execute(&self, stream: F) {
        let task = tokio::spawn(stream);
        if let Some(begun) = self.state.streams().and_then(super::Streams::take_begun) {
            begun.runs_in(task.abort_handle());
        }
    }
}
