//! [`Sse`]: a response of events.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, Sleep};
use zzz_core::http::{Body, BodyClosed, HeaderName, HeaderValue, IntoResponse, Response, header};

use crate::event::Event;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Written = Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send>>;

/// Proxies close what is silent for a minute, some for half of one.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A comment without text: the shortest thing that no reader notices.
const NOTHING: Bytes = Bytes::from_static(b":\n\n");

/// A stream of events as a response (server-sent events, WHATWG HTML, section 9.2).
///
/// While there is nothing to send, a comment goes out every 15 seconds, so that nothing on the way takes the connection
/// for dead, and a client that is gone is noticed. Events are taken from their stream only as fast as the client reads.
/// The stream ends when its source does, and when the server shuts down; the browser then comes back.
///
/// An error of the source breaks the stream off; the browser comes back after that too.
#[must_use = "a response has to be returned"]
pub struct Sse {
    written: Written,
    keep_alive: Option<Duration>,
    retry: Option<Duration>,
}

impl Sse {
    /// The events of a stream.
    pub fn new(events: impl Stream<Item = Event> + Send + 'static) -> Self {
        Self::written(Events(Box::pin(events), |event: Event| Ok(event.to_bytes())))
    }

    /// The events of a stream that may fail.
    pub fn try_new<E: Into<BoxError> + 'static>(
        events: impl Stream<Item = Result<Event, E>> + Send + 'static,
    ) -> Self {
        let write = |event: Result<Event, E>| event.map(|event| event.to_bytes()).map_err(Into::into);
        Self::written(Events(Box::pin(events), write))
    }

    /// Events that are sent from elsewhere, such as a task; at most `capacity` of them, and at least one, wait to
    /// be read. The stream ends when the sender and its clones are dropped.
    pub fn channel(capacity: usize) -> (EventSender, Self) {
        let (sender, receiver) = mpsc::channel(capacity.clamp(1, Semaphore::MAX_PERMITS));
        (EventSender { sender }, Self::new(Receiver(receiver)))
    }

    pub(crate) fn written(written: impl Stream<Item = Result<Bytes, BoxError>> + Send + 'static) -> Self {
        Self { written: Box::pin(written), keep_alive: Some(KEEP_ALIVE), retry: None }
    }

    /// How long it may be silent until a comment is sent; by default 15 seconds, at least one.
    pub fn keep_alive(mut self, every: Duration) -> Self {
        self.keep_alive = Some(every.max(Duration::from_secs(1)));
        self
    }

    /// Sends nothing while there is nothing to send.
    pub fn without_keep_alive(mut self) -> Self {
        self.keep_alive = None;
        self
    }

    /// How long the browser waits before it comes back, told with the first bytes.
    pub fn retry(mut self, after: Duration) -> Self {
        self.retry = Some(after);
        self
    }
}

impl IntoResponse for Sse {
    fn into_response(self) -> Response {
        let first = self.retry.map(|after| Event::default().retry(after).to_bytes());
        let kept = Kept { written: self.written, first, every: self.keep_alive, timer: None, since: None };
        let mut response = Body::from_stream(kept).ends_on_shutdown().into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        // nginx would collect events until it has a buffer full of them.
        headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
        response
    }
}

impl fmt::Debug for Sse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sse").field("keep_alive", &self.keep_alive).finish_non_exhaustive()
    }
}

/// Sends events to the [`Sse`] that [`Sse::channel`] made with it. A clone sends to the same.
#[derive(Debug, Clone)]
pub struct EventSender {
    sender: mpsc::Sender<Event>,
}

impl EventSender {
    /// Sends an event, and waits until there is room for it.
    ///
    /// # Errors
    /// [`BodyClosed`] if nobody reads any more.
    pub async fn send(&self, event: Event) -> Result<(), BodyClosed> {
        self.sender.send(event).await.map_err(|_| BodyClosed)
    }

    /// Waits until nobody reads any more.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }
}

struct Receiver(mpsc::Receiver<Event>);

impl Stream for Receiver {
    type Item = Event;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.0.poll_recv(cx)
    }
}

/// Events as they are written.
struct Events<S, W>(Pin<Box<S>>, W);

impl<S: Stream, W: Fn(S::Item) -> Result<Bytes, BoxError> + Unpin> Stream for Events<S, W> {
    type Item = Result<Bytes, BoxError>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.0.as_mut().poll_next(cx);
        next.map(|event| event.map(&self.1))
    }
}

/// A stream that is never silent for long.
struct Kept {
    written: Written,
    first: Option<Bytes>,
    every: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Since when it is silent; `None` when something was sent since the timer was last set.
    since: Option<Instant>,
}

impl Stream for Kept {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let next = this.written.as_mut().poll_next(cx);
        if next.is_ready() {
            this.since = None;
            return next;
        }
        let Some(every) = this.every else { return Poll::Pending };
        let timer = this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(every)));
        if this.since.is_none() {
            let now = Instant::now();
            this.since = Some(now);
            timer.as_mut().reset(now + every);
        }
        timer.as_mut().poll(cx).map(|()| {
            this.since = None;
            Some(Ok(NOTHING))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::http::{BodyStream, ShutdownSignal, now_or_never};

    fn stream(sse: Sse) -> BodyStream {
        BodyStream::new(sse.into_response().into_body())
    }

    /// The next piece, if there is one already; `""` at the end.
    fn next(body: &mut BodyStream) -> Option<String> {
        let chunk = now_or_never(body.chunk())?.unwrap().unwrap_or_default();
        Some(String::from_utf8(chunk.into()).unwrap())
    }

    #[test]
    fn is_a_response_that_nobody_keeps_or_collects() {
        let (_sender, sse) = Sse::channel(1);
        let response = sse.into_response();
        let headers: Vec<(&str, &str)> =
            response.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(
            headers,
            [
                ("content-type", "text/event-stream"),
                ("cache-control", "no-cache"),
                ("x-accel-buffering", "no")
            ]
        );
    }

    #[tokio::test]
    async fn sends_events_as_fast_as_they_are_read() {
        let (sender, sse) = Sse::channel(1);
        let mut body = stream(sse.retry(Duration::from_secs(2)));
        assert_eq!(next(&mut body).as_deref(), Some("retry: 2000\n\n"));
        assert_eq!(next(&mut body), None);
        sender.send(Event::new("one")).await.unwrap();
        assert!(now_or_never(sender.send(Event::new("two"))).is_none(), "there is room for one");
        assert_eq!(next(&mut body).as_deref(), Some("data: one\n\n"));
        assert_eq!(next(&mut body), None);
        drop(sender);
        assert_eq!(next(&mut body).as_deref(), Some(""));
    }

    #[tokio::test(start_paused = true)]
    async fn is_never_silent_for_long() {
        let (sender, sse) = Sse::channel(1);
        let mut body = stream(sse.keep_alive(Duration::from_secs(10)));
        let began = Instant::now();
        assert_eq!(body.chunk().await.unwrap().unwrap(), ":\n\n");
        assert_eq!(body.chunk().await.unwrap().unwrap(), ":\n\n");
        assert_eq!(began.elapsed().as_secs(), 20);
        tokio::time::advance(Duration::from_secs(9)).await;
        sender.send(Event::new("x")).await.unwrap();
        assert_eq!(body.chunk().await.unwrap().unwrap(), "data: x\n\n");
        let sent = Instant::now();
        assert_eq!(body.chunk().await.unwrap().unwrap(), ":\n\n");
        assert_eq!(sent.elapsed().as_secs(), 10, "an event is as good as a comment");

        let (_sender, sse) = Sse::channel(1);
        let mut silent = stream(sse.without_keep_alive());
        let waited = tokio::time::timeout(Duration::from_secs(3_600), silent.chunk()).await;
        assert!(waited.is_err());
    }

    #[tokio::test]
    async fn an_error_breaks_it_off() {
        struct Fails;
        impl Stream for Fails {
            type Item = Result<Event, &'static str>;
            fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
                Poll::Ready(Some(Err("the topic is gone")))
            }
        }
        let error = stream(Sse::try_new(Fails)).chunk().await.unwrap_err();
        assert_eq!(error.to_string(), "the body could not be read: the topic is gone");
    }

    #[tokio::test]
    async fn ends_when_the_server_shuts_down() {
        let signal = ShutdownSignal::new();
        let (sender, sse) = Sse::channel(1);
        let mut response = sse.into_response();
        response.body_mut().watch_shutdown(&signal);
        let mut body = BodyStream::new(response.into_body());
        assert_eq!(next(&mut body), None);
        signal.begin();
        assert_eq!(body.chunk().await.unwrap(), None);
        sender.closed().await;
    }
}
