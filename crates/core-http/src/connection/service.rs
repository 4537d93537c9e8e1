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
use zzz_core::http::{Body, BodyError, BoxFuture, Handover, Overdue, Request, Response, Service};

use super::inbound::Framing;
use super::lane::Lane;
use super::{ConnectionState, strict, upgrade};

/// What the requests of a connection of HTTP/1 are answered with.
pub(super) struct Dispatch {
    pub(super) service: Arc<dyn Service>,
    pub(super) state: Arc<ConnectionState>,
    pub(super) limits: RequestLimits,
    pub(super) hosts: strict::Hosts,
}

/// What every request is held to before its route is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestLimits {
    pub(super) max_target: usize,
    pub(super) max_head: u64,
    /// hyper's parser holds requests of HTTP/1 to it.
    #[cfg(feature = "http2")]
    pub(super) max_headers: usize,
    pub(super) body: u64,
    /// Whether bodies are decoded.
    #[cfg(feature = "decompress")]
    pub(super) decompress: bool,
    /// In milliseconds.
    pub(super) timeout: u64,
}

impl RequestLimits {
    /// A request's body as handlers read it.
    #[cfg_attr(
        not(feature = "decompress"),
        expect(clippy::unused_self, reason = "there is nothing to choose")
    )]
    fn readable(&self, parts: &mut http::request::Parts, incoming: IncomingBody) -> Body {
        #[cfg(feature = "decompress")]
        if self.decompress {
            return crate::decompress::body(&mut parts.headers, incoming, self.body);
        }
        let _ = parts;
        Body::from_http_body(incoming)
    }
}

impl hyper::service::Service<http::Request<Incoming>> for Dispatch {
    // The app's own body and not a wrapper: a response is some 150 bytes, and each wrapping moves them all.
    type Response = Response;
    type Error = Infallible;
    type Future = Call;

    fn call(&self, request: http::Request<Incoming>) -> Call {
        let (mut parts, incoming) = request.into_parts();
        let has_body = !incoming.is_end_stream();
        let framing = match incoming.size_hint().exact() {
            _ if !has_body => Framing::Empty,
            Some(length) => Framing::Length(length),
            None => Framing::Chunked,
        };
        let length = self.state.request_began(parts.headers.len(), framing, self.limits.timeout);
        let lane = Lane::Connection(Arc::clone(&self.state));
        let chunked = framing == Framing::Chunked;
        match length {
            None => return Call::refused(StatusCode::BAD_REQUEST, lane),
            // hyper bounds its buffer, but takes a longer head if it comes in one piece.
            Some(length) if length > self.limits.max_head => {
                return Call::refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, lane);
            }
            Some(_) => {}
        }
        match strict::http1(&mut parts, self.limits.max_target, chunked, &self.hosts) {
            Ok(()) => Call::begin(&*self.service, &self.limits, parts, incoming, has_body, lane),
            Err(status) => Call::refused(status, lane),
        }
    }
}

/// A status without a page, after which the connection closes.
#[cold]
fn bare(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    close_after(&mut response);
    response
}

/// Makes a response the last of its connection. HTTP/2 has no such header, and hyper takes it out there.
#[cold]
fn close_after(response: &mut Response) {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
}

/// A request in flight.
pub(super) struct Call {
    answer: Answer,
    lane: Lane,
}

enum Answer {
    Handler(BoxFuture<Response>),
    Refused(StatusCode),
}

impl Call {
    /// A request that the service does not see.
    #[cold]
    pub(super) fn refused(status: StatusCode, lane: Lane) -> Self {
        Self { answer: Answer::Refused(status), lane }
    }

    /// Hands a request to the service. Inlined, since the parts of a request would be moved once more.
    #[inline(always)]
    pub(super) fn begin(
        service: &dyn Service,
        limits: &RequestLimits,
        mut parts: http::request::Parts,
        incoming: Incoming,
        has_body: bool,
        lane: Lane,
    ) -> Self {
        if !parts.extensions.is_empty() {
            upgrade::offer(&mut parts, has_body);
        }
        let mut body = if has_body {
            limits.readable(&mut parts, IncomingBody { incoming, lane: lane.clone() })
        } else {
            Body::empty()
        };
        body.set_limit(limits.body);
        let request = Request::with_connection(parts, body, Some(lane.seen_by_request()));
        Self { answer: Answer::Handler(service.call(request)), lane }
    }

    /// What to answer for a handler that is not done, if it has to be.
    fn overdue(&self) -> Option<Response> {
        // A service that does not watch its time itself is answered for.
        self.lane.exchange().overdue().map(|overdue| {
            bare(match overdue {
                Overdue::Response => StatusCode::SERVICE_UNAVAILABLE,
                Overdue::Body => StatusCode::REQUEST_TIMEOUT,
            })
        })
    }

    /// Prepares a response to leave.
    #[inline(always)]
    fn settle(&self, response: &mut Response) {
        let rare = matches!(
            response.status(),
            StatusCode::SWITCHING_PROTOCOLS | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT
        );
        if rare || self.lane.connection().is_finishing() {
            self.adjust(response);
        }
        self.lane.exchange().answered();
        OutgoingBody::watch(response.body_mut(), &self.lane);
    }

    /// The rare cases of a response.
    #[cold]
    fn adjust(&self, response: &mut Response) {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            if let Some(next) = response.extensions_mut().remove::<Handover>() {
                self.lane.connection().hand_over_to(next);
            }
        } else {
            // It is the last: the connection is to finish, and its task may not have seen the order yet; or the body
            // that was too large or too slow may be coming still, or be here with a request behind it.
            close_after(response);
        }
    }
}

impl Future for Call {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        // Changed where it lies: every binding of the response by itself would move it once more.
        let mut answer = match &mut this.answer {
            Answer::Handler(handler) => handler.as_mut().poll(cx),
            Answer::Refused(status) => Poll::Ready(bare(*status)),
        };
        if answer.is_pending()
            && let Some(response) = this.overdue()
        {
            answer = Poll::Ready(response);
        }
        if let Poll::Ready(response) = &mut answer {
            this.settle(response);
        }
        answer.map(Ok)
    }
}

/// A request's body, which tells the state when it has come as a whole.
struct IncomingBody {
    incoming: Incoming,
    lane: Lane,
}

impl HttpBody for IncomingBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.incoming).poll_frame(cx);
        let exchange = self.lane.exchange();
        match &frame {
            Poll::Pending => exchange.body_awaited(self.lane.now()),
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                exchange.body_came(self.lane.now(), bytes as u64);
            }
            Poll::Ready(_) => {}
        }
        // hyper knows the end of a chunked body only when it is asked for more.
        if matches!(frame, Poll::Ready(None)) || self.incoming.is_end_stream() {
            self.lane.request_body_ended();
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

impl Drop for IncomingBody {
    fn drop(&mut self) {
        self.lane.request_body_let_go();
    }
}

/// The body of a response that takes a while: it tells the state when it was handed over as a whole, which is
/// when hyper drops it, and is handed over in pieces, since hyper copies them into its buffer.
struct OutgoingBody {
    body: Body,
    /// What is left of a frame that was too long for one piece.
    rest: Bytes,
    lane: Lane,
}

impl OutgoingBody {
    /// Wraps a body that is a stream or long; one that is here and short is handed over at once.
    fn watch(body: &mut Body, lane: &Lane) {
        if body.known_length().is_some_and(|length| lane.piece(length) == length) {
            lane.response_ended();
            return;
        }
        let mut body_of_app = std::mem::take(body);
        body_of_app.watch_shutdown(&lane.connection().shutdown);
        *body = Body::from_http_body(Self { body: body_of_app, rest: Bytes::new(), lane: lane.clone() });
    }

    fn piece(&mut self) -> Frame<Bytes> {
        let length = self.lane.piece(self.rest.len());
        self.lane.handed_over();
        Frame::data(self.rest.split_to(length))
    }
}

impl HttpBody for OutgoingBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if !this.lane.has_room() {
            return Poll::Pending;
        }
        if !this.rest.is_empty() {
            return Poll::Ready(Some(Ok(this.piece())));
        }
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(Ok(match frame.into_data() {
                Ok(data) => {
                    this.rest = data;
                    this.piece()
                }
                Err(other) => other,
            }))),
            Poll::Ready(Some(Err(error))) => {
                tracing::error!(target: "zzz::http", %error, "a response was broken off");
                Poll::Ready(Some(Err(error)))
            }
            other => other,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, inner) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(rest));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}

impl Drop for OutgoingBody {
    fn drop(&mut self) {
        self.lane.response_ended();
    }
}
