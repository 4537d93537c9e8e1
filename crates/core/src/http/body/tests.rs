//! Bodies: their limits, how they are written, and how they end.

use super::*;
use crate::http::{BodyStream, HeaderValue, now_or_never};
use crate::{Error, ErrorStatus};

/// Gives its chunks one after the other and does not know its length.
struct Pieces(Vec<Result<&'static str, &'static str>>);

impl Stream for Pieces {
    type Item = Result<&'static str, &'static str>;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(if self.0.is_empty() { None } else { Some(self.0.remove(0)) })
    }
}

fn pieces(chunks: &[&'static str]) -> Body {
    Body::from_stream(Pieces(chunks.iter().copied().map(Ok).collect()))
}

fn read(mut body: Body, limit: u64) -> Result<Bytes, BodyError> {
    body.set_limit(limit);
    now_or_never(body.read()).unwrap()
}

/// What comes next, without waiting; `None` if nothing is there yet.
fn next(body: &mut Body) -> Option<Option<Result<Bytes, String>>> {
    let frame = now_or_never(std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)))?;
    Some(frame.map(|frame| {
        frame.map(|frame| frame.into_data().unwrap_or_default()).map_err(|error| error.to_string())
    }))
}

#[test]
fn the_limit_holds_for_known_and_unknown_lengths() {
    assert_eq!(read(Body::from("12345"), 5).unwrap(), "12345");
    assert!(read(Body::from("123456"), 5).unwrap_err().is_too_large());
    let chunks = || pieces(&["12", "34", "5"]);
    assert_eq!(read(chunks(), 5).unwrap(), "12345");
    let error = Error::from(read(chunks(), 4).unwrap_err());
    assert_eq!(error.status(), 413);
    assert_eq!(error.public_message(), Some("The body is larger than the 4B allowed here."));
}

fn peek(body: &mut Body, most: usize, enough: &[u8]) -> Bytes {
    now_or_never(body.peek(most, |seen| seen.ends_with(enough))).unwrap()
}

#[test]
fn what_was_looked_at_is_read_again() {
    for (most, enough, seen) in [
        (0, "-", ""),
        (1, "-", "12"),
        (3, "-", "1234"),
        (100, "-", "12345"),
        (100, "34", "1234"),
        (100, "", ""),
    ] {
        let mut body = pieces(&["12", "34", "5"]);
        assert_eq!(peek(&mut body, most, enough.as_bytes()), seen, "{most} {enough}");
        assert_eq!(peek(&mut body, 1, b"-"), if seen.is_empty() { "12" } else { seen });
        assert_eq!(read(body, 5).unwrap(), "12345", "{most} {enough}");
    }
    let mut whole = Body::from("12345");
    assert_eq!(peek(&mut whole, 1, b"-"), "12345");
    assert_eq!(whole.known_length(), Some(5));
    assert_eq!(peek(&mut Body::empty(), 1, b"-"), "");
}

#[test]
fn what_was_looked_at_counts_when_it_is_read() {
    let mut body = pieces(&["12", "34", "5"]);
    body.set_limit(4);
    assert_eq!(peek(&mut body, 100, b"-"), "12345", "the route may have a larger limit");
    assert!(now_or_never(body.read()).unwrap().unwrap_err().is_too_large());
    let mut body = pieces(&["12", "34", "5"]);
    assert_eq!(peek(&mut body, 3, b"-"), "1234");
    assert_eq!(body.size_hint().lower(), 4);
    assert!(read(body, 4).unwrap_err().is_too_large());
}

#[test]
fn trailers_come_after_what_was_looked_at() {
    let trailers = HeaderMap::from_iter([("digest".parse().unwrap(), HeaderValue::from_static("x"))]);
    let mut body = pieces(&["12", "34"]).with_trailers(trailers.clone());
    assert_eq!(peek(&mut body, 100, b"-"), "1234");
    let mut stream = BodyStream::new(body);
    assert_eq!(now_or_never(stream.chunk()).unwrap().unwrap().unwrap(), "1234");
    assert!(now_or_never(stream.chunk()).unwrap().unwrap().is_none());
    assert_eq!(stream.trailers(), Some(&trailers));
}

#[test]
fn a_body_that_breaks_off_while_it_is_looked_at_breaks_off_where_it_is_read() {
    for (most, seen) in [(0, ""), (1, "12"), (2, "12"), (100, "12")] {
        let mut failing = Body::from_stream(Pieces(vec![Ok("12"), Err("gone"), Ok("34")]));
        assert_eq!(peek(&mut failing, most, b"-"), seen, "{most}");
        assert_eq!(peek(&mut failing, most, b"-"), seen, "{most}, again");
        assert!(!failing.is_end_stream());
        assert_eq!(next(&mut failing), Some(Some(Ok("12".into()))), "{most}");
        let error = "the body could not be read: gone".to_owned();
        assert_eq!(next(&mut failing), Some(Some(Err(error))), "{most}");
        assert!(matches!(next(&mut failing), Some(Some(Err(_)))), "{most}");
    }
    let mut at_once = Body::from_stream(Pieces(vec![Err("gone")]));
    assert_eq!(peek(&mut at_once, 10, b"-"), "");
    assert_eq!(read(at_once, 100).unwrap_err().to_string(), "the body could not be read: gone");
    let mut busy = Body::from_stream(busy());
    assert_eq!(peek(&mut busy, 10, b"-"), "");
    assert_eq!(Error::from(read(busy, 100).unwrap_err()).status(), 503, "its own status is kept");
}

#[test]
fn all_of_a_body_is_looked_at_if_it_may_be_read() {
    let all = |body: &mut Body| now_or_never(body.peek_all()).unwrap();
    let trailers = HeaderMap::from_iter([("digest".parse().unwrap(), HeaderValue::from_static("x"))]);
    for body in [
        || pieces(&["12", "34", "5"]),
        || Body::from("12345"),
        || pieces(&["", "12345"]).with_trailers(HeaderMap::new()),
    ] {
        for (limit, seen) in [(5, Some("12345")), (u64::MAX, Some("12345")), (4, None), (0, None)] {
            let mut body = body();
            body.set_limit(limit);
            assert_eq!(all(&mut body).as_deref(), seen.map(str::as_bytes), "{limit}");
            assert_eq!(now_or_never(body.read()).unwrap().is_ok(), seen.is_some(), "{limit}");
        }
    }
    let mut body = pieces(&["12", "3"]).with_trailers(trailers.clone());
    assert_eq!(all(&mut body).as_deref(), Some(&b"123"[..]));
    let mut stream = BodyStream::new(body);
    assert_eq!(now_or_never(stream.chunk()).unwrap().unwrap().unwrap(), "123");
    assert!(now_or_never(stream.chunk()).unwrap().unwrap().is_none());
    assert_eq!(stream.trailers(), Some(&trailers));
    let mut failing = Body::from_stream(Pieces(vec![Ok("12"), Err("gone")]));
    assert_eq!(all(&mut failing), None);
    assert_eq!(read(failing, 100).unwrap_err().to_string(), "the body could not be read: gone");
}

#[test]
fn a_body_that_is_no_longer_looked_at_has_failed() {
    let (mut sender, mut body) = Body::channel(10);
    now_or_never(sender.send("12")).unwrap().unwrap();
    assert_eq!(now_or_never(body.peek_all()), None, "the rest is waited for");
    assert!(sender.is_closed() && sender.finish().is_err());
    assert!(!body.is_end_stream());
    assert!(matches!(next(&mut body), Some(Some(Err(_)))));
}

/// A source that says which status it is.
fn busy() -> impl Stream<Item = Result<Bytes, ErrorStatus>> {
    struct Busy;
    impl Stream for Busy {
        type Item = Result<Bytes, ErrorStatus>;
        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(Some(Err(ErrorStatus::new(503))))
        }
    }
    Busy
}

/// Notes what it is told of how much is held.
struct Holding(Vec<&'static str>, std::sync::Arc<std::sync::atomic::AtomicU64>);

impl HttpBody for Holding {
    type Data = Bytes;
    type Error = BoxError;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let next = if self.0.is_empty() { None } else { Some(Ok(Frame::data(self.0.remove(0).into()))) };
        Poll::Ready(next)
    }
}

impl RequestBody for Holding {
    fn set_held(self: Pin<&mut Self>, bytes: u64) {
        self.1.store(bytes, std::sync::atomic::Ordering::SeqCst);
    }
}

#[test]
fn what_is_held_of_a_body_that_was_looked_at_is_told_to_the_server() {
    const PART: &str = match std::str::from_utf8(&[b'x'; 5000]) {
        Ok(text) => text,
        Err(_) => "",
    };
    let told = std::sync::Arc::<std::sync::atomic::AtomicU64>::default();
    let mut body = Body::from_request_body(Holding(vec![PART; 4], std::sync::Arc::clone(&told)));
    let held = || told.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!((peek(&mut body, 1, b"-").len(), held()), (5000, 0));
    assert_eq!((peek(&mut body, 6000, b"-").len(), held() >= 10_000), (10_000, true));
    let before = held();
    assert_eq!((read(body, 20_000).unwrap().len(), held() >= 20_000), (20_000, true), "{before}");
}

#[test]
fn a_body_that_failed_never_ends_cleanly() {
    let mut failing = Body::from_stream(Pieces(vec![Ok("12"), Err("the disk is on fire"), Ok("34")]));
    assert_eq!(next(&mut failing), Some(Some(Ok("12".into()))));
    let error = "the body could not be read: the disk is on fire".to_owned();
    assert_eq!(next(&mut failing), Some(Some(Err(error))));
    let again = "the body could not be read: it has failed before".to_owned();
    assert_eq!(next(&mut failing), Some(Some(Err(again.clone()))));
    assert!(!failing.is_end_stream());

    let mut long = pieces(&["123"]);
    long.set_limit(2);
    assert_eq!(next(&mut long), Some(Some(Err("the body is larger than 2 bytes".into()))));
    assert_eq!(next(&mut long), Some(Some(Err(again))));
}

#[test]
fn a_panic_of_the_source_breaks_the_body_off() {
    struct Panics;
    impl Stream for Panics {
        type Item = Result<Bytes, BoxError>;
        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            panic!("out of owls")
        }
    }
    let mut body = Body::from_stream(Panics);
    let error = "the body could not be read: its source panicked: out of owls".to_owned();
    assert_eq!(next(&mut body), Some(Some(Err(error))));
    assert!(!body.is_end_stream());
}

#[test]
fn an_error_of_the_source_may_say_its_status() {
    let status = |cause: BoxError| Error::from(BodyError::broken(cause)).status();
    assert_eq!(status("broken".into()), 400);
    assert_eq!(status(Box::new(ErrorStatus::new(415))), 415);
}

#[test]
fn a_sender_waits_for_room() {
    let (mut sender, mut body) = Body::channel(4);
    let mut send = |chunk: &'static str| now_or_never(sender.send(chunk));
    assert_eq!(send("longer than the capacity"), Some(Ok(())), "one chunk always has room");
    assert_eq!(send("ab"), None);
    assert_eq!(next(&mut body), Some(Some(Ok("longer than the capacity".into()))));
    assert_eq!([send("ab"), send("cd"), send("e")], [Some(Ok(())), Some(Ok(())), None]);
    assert_eq!(next(&mut body), Some(Some(Ok("ab".into()))));
    assert_eq!(send("e"), Some(Ok(())));
    sender.finish().unwrap();
    assert!(!body.is_end_stream());
    assert_eq!(now_or_never(body.read()).unwrap().unwrap(), "cde");
}

#[test]
fn a_sender_that_is_dropped_or_aborts_breaks_the_body_off() {
    let (sender, mut body) = Body::channel(4);
    assert_eq!(next(&mut body), None, "nothing yet");
    drop(sender);
    let error = "the body could not be read: its sender was dropped before it was finished".to_owned();
    assert_eq!(next(&mut body), Some(Some(Err(error))));

    let (mut sender, mut body) = Body::channel(4);
    now_or_never(sender.send("ab")).unwrap().unwrap();
    sender.abort("no more rows");
    assert_eq!(next(&mut body), Some(Some(Ok("ab".into()))), "what was sent before still comes");
    let error = "the body could not be read: no more rows".to_owned();
    assert_eq!(next(&mut body), Some(Some(Err(error))));
}

#[test]
fn a_sender_learns_that_nobody_reads() {
    let (mut sender, body) = Body::channel(4);
    assert_eq!((sender.is_closed(), now_or_never(sender.closed())), (false, None));
    now_or_never(sender.send("abcd")).unwrap().unwrap();
    drop(body);
    assert_eq!((sender.is_closed(), now_or_never(sender.closed())), (true, Some(())));
    assert_eq!(now_or_never(sender.send("e")), Some(Err(BodyClosed)));
    assert_eq!(sender.finish(), Err(BodyClosed));
}

#[test]
fn trailers_come_after_the_body() {
    let trailers = || {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("7"));
        trailers
    };
    let (mut sender, sent) = Body::channel(10);
    now_or_never(sender.send("abc")).unwrap().unwrap();
    sender.finish_with(trailers()).unwrap();
    for body in [sent, Body::from("abc").with_trailers(trailers())] {
        let mut stream = BodyStream::new(body);
        assert_eq!(now_or_never(stream.chunk()).unwrap().unwrap().unwrap(), "abc");
        assert!(stream.trailers().is_none());
        assert_eq!(now_or_never(stream.chunk()).unwrap().unwrap(), None);
        assert_eq!(stream.trailers().unwrap()["x-sum"], "7");
    }
}

#[test]
fn an_endless_body_ends_when_the_server_shuts_down() {
    let signal = ShutdownSignal::new();
    let (mut sender, body) = Body::channel(10);
    let mut body = body.ends_on_shutdown();
    body.watch_shutdown(&signal);
    now_or_never(sender.send("event")).unwrap().unwrap();
    assert_eq!(next(&mut body), Some(Some(Ok("event".into()))));
    assert_eq!(next(&mut body), None);
    signal.begin();
    assert_eq!(next(&mut body), Some(None));
    assert!(sender.is_closed());

    let (_sender, mut other) = Body::channel(10);
    other.watch_shutdown(&signal);
    assert_eq!(next(&mut other), None, "any other body may finish");
}

#[test]
fn a_body_is_no_larger_than_it_was() {
    assert!(size_of::<Body>() <= 32, "{}", size_of::<Body>());
}
