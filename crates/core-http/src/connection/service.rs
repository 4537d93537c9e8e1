//! Between hyper and a [`Service`]: requests in, responses out, and the state told of both.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use zzz_core::ErrorStatus;
use zzz_core::http::{Answer, Body, BodyError, Handover, Overdue, Request, RequestBody, Response, Service};

use super::inbound::Framing;
use super::lane::Lane;
use super::{ConnectionState, strict, upgrade};
use crate::budget::FREE;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

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
    fn readable(&self, request: &mut Request, incoming: IncomingBody) -> Body {
        #[cfg(feature = "decompress")]
        if self.decompress {
            return crate::decompress::body(request.headers_mut(), incoming, self.body);
        }
        let _ = request;
        Body::from_request_body(incoming)
    }
}

impl hyper::service::Service<http::Request<Incoming>> for Dispatch {
    // The app's own body and not a wrapper: a response is some 150 bytes, and each wrapping moves them all.
    type Response = Response;
    type Error = Infallible;
    type Future = Call;

    // Not within hyper's code: there the compiler knows less of what the request may share, and moves it once more.
    #[inline(never)]
    fn call(&self, request: http::Request<Incoming>) -> Call {
        let framing = match request.body().size_hint().exact() {
            Some(0) => Framing::Empty,
            Some(length) => Framing::Length(length),
            None => Framing::Chunked,
        };
        let has_body = framing != Framing::Empty;
        let length = self.state.request_began(request.headers().len(), framing, self.limits.timeout);
        let (parts, incoming) = request.into_parts();
        let lane = Lane::Connection(Arc::clone(&self.state));
        let chunked = framing == Framing::Chunked;
        // Put at once where they stay: the parts of a request are large, and moved at every step.
        let mut request = Request::with_connection(parts, Body::empty(), Some(lane.seen_by_request()));
        match length {
            None => return Call::refused(StatusCode::BAD_REQUEST, lane),
            Some(length) if length > FREE => {
                // hyper bounds its buffer, but takes a longer head if it comes in one piece.
                if length > self.limits.max_head {
                    return Call::refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, lane);
                }
                self.state.long_head_began(length);
            }
            Some(_) => {}
        }
        match strict::http1(&mut request, self.limits.max_target, chunked, &self.hosts) {
            Ok(()) => {}
            Err(status) => return Call::refused(status, lane),
        }
        // Each that took the request by value would move it.
        match Call::prepare(&self.limits, &mut request, incoming, has_body, &lane) {
            Ok(()) => Call::answered_by(self.service.answer(&mut request), lane),
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
    outcome: Outcome,
    lane: Lane,
}

enum Outcome {
    Answer(Answer),
    Refused(StatusCode),
    /// The response is made.
    Answered,
}

impl Call {
    /// A request that the service does not see.
    #[cold]
    pub(super) fn refused(status: StatusCode, lane: Lane) -> Self {
        Self { outcome: Outcome::Refused(status), lane }
    }

    /// A request that a service answers.
    #[inline(always)]
    pub(super) fn answered_by(answer: Answer, lane: Lane) -> Self {
        Self { outcome: Outcome::Answer(answer), lane }
    }

    /// Gives a request its body, before the service gets it.
    ///
    /// # Errors
    /// The status to refuse it with.
    #[inline(always)]
    pub(super) fn prepare(
        limits: &RequestLimits,
        request: &mut Request,
        incoming: Incoming,
        has_body: bool,
        lane: &Lane,
    ) -> Result<(), StatusCode> {
        if !request.extensions().is_empty() {
            upgrade::offer(request.http_mut(), has_body);
        }
        if has_body {
            // Who sends no body has nothing to wait with.
            if strict::expects_too_much(request.headers()) {
                return Err(StatusCode::EXPECTATION_FAILED);
            }
            let incoming = IncomingBody::new(incoming, lane.clone());
            *request.body_mut() = limits.readable(request, incoming);
            request.body_mut().set_limit(limits.body);
        }
        Ok(())
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
    fn settle(&mut self, response: &mut Response) {
        let rare = matches!(
            response.status(),
            StatusCode::SWITCHING_PROTOCOLS | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT
        );
        match &self.lane {
            // By far the most: it is short and here as a whole, so that hyper takes it at once.
            Lane::Connection(connection)
                if !rare
                    && !connection.is_ending()
                    && !connection.has_unread_body()
                    && response.body().known_length().is_some_and(|length| length as u64 <= FREE) =>
            {
                connection.exchange.answered();
                connection.response_ended();
            }
            _ => self.settle_otherwise(response, rare),
        }
    }

    #[inline(never)]
    fn settle_otherwise(&mut self, response: &mut Response, rare: bool) {
        if rare || self.lane.connection().is_ending() {
            self.adjust(response);
        } else if self.is_last_for_its_request() {
            close_after(response);
        }
        self.lane.exchange().answered();
        OutgoingBody::watch(response.body_mut(), &self.lane);
    }

    /// Whether the connection can not go on behind this request, since the rest of its body is in the way. Who is told
    /// so does not send the next request into a connection that closes (RFC 9112, 9.3 and 9.6).
    fn is_last_for_its_request(&mut self) -> bool {
        match &self.lane {
            Lane::Connection(connection) if connection.has_unread_body() => {
                // Of those who could read it only the response may: the handler is done.
                self.outcome = Outcome::Answered;
                connection.is_blocked_by_body()
            }
            _ => false,
        }
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

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        // Changed where it lies: every binding of the response by itself would move it once more.
        let mut place = None;
        match &mut this.outcome {
            Outcome::Answer(answer) => answer.poll_in(cx, &mut place),
            Outcome::Refused(status) => place = Some(bare(*status)),
            Outcome::Answered => {}
        }
        if place.is_none() {
            place = this.overdue();
        }
        if let Some(response) = &mut place {
            this.settle(response);
        }
        place.map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
    }
}

/// A request's body, which tells the state when it has come as a whole.
struct IncomingBody {
    incoming: Incoming,
    lane: Lane,
}

impl IncomingBody {
    fn new(incoming: Incoming, lane: Lane) -> Self {
        lane.request_body_begins();
        Self { incoming, lane }
    }

    /// Waits until there is room for more than is held of this body.
    ///
    /// # Errors
    /// Status 503 if it was given up for others.
    #[cold]
    fn poll_room(&self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        let exchange = self.lane.exchange();
        // Whoever reads need not be the connection's task.
        exchange.account.read_by(cx.waker());
        if exchange.account.is_given_up() {
            return Poll::Ready(Err(GivenUp::new().into()));
        }
        if self.lane.connection().may_keep_more_of(&exchange.account) {
            return Poll::Ready(Ok(()));
        }
        // It is not the client that somebody waits for.
        exchange.body_came(self.lane.now(), 0);
        Poll::Pending
    }
}

/// A body was given up, since it came slowly and took memory that others need.
#[derive(Debug)]
struct GivenUp(ErrorStatus);

impl GivenUp {
    fn new() -> Self {
        let message = "The server has no memory left for bodies that come this slowly. Try again later.";
        Self(ErrorStatus::new(503).message(message).retry_after(10))
    }
}

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "it came slowly and was given up, since `[http] max_buffered` is used up by bodies and heads that are not \
             complete; raise it if such clients are welcome",
        )
    }
}

impl std::error::Error for GivenUp {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl RequestBody for IncomingBody {
    fn set_held(self: Pin<&mut Self>, bytes: u64) {
        let connection = self.lane.connection();
        self.lane.exchange().account.set(connection.budget(), bytes, connection.now());
    }
}

impl HttpBody for IncomingBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        // What is complete needs no more room.
        if self.lane.exchange().account.kept() > 0
            && !self.incoming.is_end_stream()
            && let Err(error) = ready!(self.poll_room(cx))
        {
            return Poll::Ready(Some(Err(error)));
        }
        let frame = Pin::new(&mut self.incoming).poll_frame(cx).map_err(Into::into);
        match &frame {
            Poll::Pending => self.lane.exchange().body_awaited(self.lane.now()),
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.lane.request_body_came(bytes as u64);
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
        if let Some(length) = body.known_length()
            && lane.piece(length) == length
        {
            if length as u64 > FREE {
                lane.connection().grew();
            }
            lane.response_ended();
        } else {
            Self::wrap(body, lane);
        }
    }

    fn wrap(body: &mut Body, lane: &Lane) {
        let mut body_of_app = std::mem::take(body);
        body_of_app.watch_shutdown(&lane.connection().shutdown);
        *body = Body::from_http_body(Self { body: body_of_app, rest: Bytes::new(), lane: lane.clone() });
    }

    fn piece(&mut self) -> Frame<Bytes> {
        Frame::data(self.lane.hand_over(&mut self.rest))
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
