//! Between hyper and a [`Service`]: requests in, responses out, and the state told of both.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use zzz_core::http::{Body, BodyError, BoxFuture, Connection, Request, Response, Service};

use super::state::ConnectionState;

/// What the requests of a connection are answered with.
#[derive(Clone)]
pub(super) struct Dispatch {
    pub(super) service: Arc<dyn Service>,
    pub(super) state: Arc<ConnectionState>,
    pub(super) limits: RequestLimits,
}

/// What every request is held to before its route is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestLimits {
    pub(super) max_target: usize,
    pub(super) max_head: u64,
    pub(super) body: u64,
    /// In milliseconds.
    pub(super) timeout: u64,
}

impl hyper::service::Service<http::Request<Incoming>> for Dispatch {
    type Response = http::Response<OutgoingBody>;
    type Error = Infallible;
    type Future = Call;

    fn call(&self, request: http::Request<Incoming>) -> Call {
        let (parts, incoming) = request.into_parts();
        let has_body = !incoming.is_end_stream();
        let came = self.state.request_began(has_body, self.limits.timeout);
        let answer = if target_length(&parts.uri) > self.limits.max_target {
            Answer::Ready(Some(bare(StatusCode::URI_TOO_LONG)))
        } else if came > self.limits.max_head && head_length(&parts) > self.limits.max_head {
            // hyper bounds its buffer, but takes a longer head if it comes in one piece.
            Answer::Ready(Some(bare(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)))
        } else {
            let mut body = if has_body {
                Body::from_http_body(IncomingBody { incoming, state: Arc::clone(&self.state) })
            } else {
                Body::empty()
            };
            body.set_limit(self.limits.body);
            let mut request = Request::from_http(parts, body);
            request.set_connection(Arc::clone(&self.state) as Arc<dyn Connection>);
            Answer::Handler(self.service.call(request))
        };
        Call { answer, state: Arc::clone(&self.state) }
    }
}

/// How long a request's target was as it came.
fn target_length(uri: &http::Uri) -> usize {
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    uri.path_and_query().map_or(0, |target| target.as_str().len()) + authority
}

/// How long a head was as it came, give or take a few bytes of white space.
fn head_length(parts: &http::request::Parts) -> u64 {
    let headers: usize =
        parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    (headers + target_length(&parts.uri) + parts.method.as_str().len() + "  HTTP/1.1\r\n\r\n".len()) as u64
}

/// A status without a page, after which the connection closes.
fn bare(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A request in flight.
pub(super) struct Call {
    answer: Answer,
    state: Arc<ConnectionState>,
}

enum Answer {
    Handler(BoxFuture<Response>),
    Ready(Option<Response>),
}

impl Future for Call {
    type Output = Result<http::Response<OutgoingBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let response = match &mut this.answer {
            Answer::Ready(response) => response.take().unwrap_or_default(),
            Answer::Handler(handler) => match handler.as_mut().poll(cx) {
                Poll::Ready(response) => response,
                // A service that does not watch its time itself is answered for.
                Poll::Pending if this.state.is_timed_out() => bare(StatusCode::SERVICE_UNAVAILABLE),
                Poll::Pending => return Poll::Pending,
            },
        };
        this.state.response_began();
        let state = Arc::clone(&this.state);
        Poll::Ready(Ok(response.map(|mut body| {
            body.watch_shutdown(&state.shutdown);
            OutgoingBody { body, state }
        })))
    }
}

/// A request's body, which tells the state when it has come as a whole.
struct IncomingBody {
    incoming: Incoming,
    state: Arc<ConnectionState>,
}

impl HttpBody for IncomingBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.incoming).poll_frame(cx);
        // hyper knows the end of a chunked body only when it is asked for more.
        if matches!(frame, Poll::Ready(None)) || self.incoming.is_end_stream() {
            self.state.request_body_ended();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// A response's body, which tells the state when it was handed over as a whole: hyper drops it then.
pub(super) struct OutgoingBody {
    body: Body,
    state: Arc<ConnectionState>,
}

impl HttpBody for OutgoingBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Err(error))) = &frame {
            tracing::error!(target: "zzz::http", %error, "a response was broken off");
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for OutgoingBody {
    fn drop(&mut self) {
        self.state.response_ended();
    }
}
