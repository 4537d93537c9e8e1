//! [`JsonLines`]: a response of JSON values, one on each line.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use serde::Serialize;
use zzz_core::http::{Body, HeaderValue, IntoResponse, Response, Share, header};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Values that are there already are sent together until they are this long.
const TOGETHER: usize = 8 * 1024;

/// The same when so many clients do not read that no memory is left for their responses.
const LEAST: usize = 1024;

/// A stream of values as `application/jsonl`: each a line of JSON, ended by LF (<https://jsonlines.org>).
///
/// Values are taken from their stream only as fast as the client reads. When the stream fails, or a value can not be
/// serialized, the response is broken off; a client that read it to its end has all of it.
///
/// The media type is the one that OpenAPI's registry names for JSON Lines; clients that look for
/// `application/x-ndjson` find the same format.
#[must_use = "a response has to be returned"]
pub struct JsonLines {
    body: Body,
}

impl JsonLines {
    /// The values of a stream.
    pub fn new<T: Serialize + 'static>(values: impl Stream<Item = T> + Send + 'static) -> Self {
        Self::of(Box::pin(values), |value: T, out: &mut Vec<u8>| write_line(&value, out))
    }

    /// The values of a stream that may fail.
    pub fn try_new<T, E>(values: impl Stream<Item = Result<T, E>> + Send + 'static) -> Self
    where
        T: Serialize + 'static,
        E: Into<BoxError> + 'static,
    {
        Self::of(Box::pin(values), |value: Result<T, E>, out: &mut Vec<u8>| {
            write_line(&value.map_err(Into::into)?, out)
        })
    }

    fn of<S, W>(values: Pin<Box<S>>, write: W) -> Self
    where
        S: Stream + Send + 'static,
        W: Fn(S::Item, &mut Vec<u8>) -> Result<(), BoxError> + Send + Unpin + 'static,
    {
        Self { body: Body::from_stream(Lines { values, write, failed: None, is_over: false }) }
    }

    /// For values that go on for ever: the response ends when the server shuts down, instead of being cut when the
    /// grace is over.
    pub fn ends_on_shutdown(self) -> Self {
        Self { body: self.body.ends_on_shutdown() }
    }
}

fn write_line(value: &impl Serialize, out: &mut Vec<u8>) -> Result<(), BoxError> {
    serde_json::to_writer(&mut *out, value)?;
    out.push(b'\n');
    Ok(())
}

impl IntoResponse for JsonLines {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jsonl"));
        response
    }
}

impl fmt::Debug for JsonLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsonLines")
    }
}

/// Values as lines.
struct Lines<S, W> {
    values: Pin<Box<S>>,
    write: W,
    /// What is told after the lines before it.
    failed: Option<BoxError>,
    /// Whether the values have ended: a stream must not be asked again after that.
    is_over: bool,
}

impl<S, W> Stream for Lines<S, W>
where
    S: Stream,
    W: Fn(S::Item, &mut Vec<u8>) -> Result<(), BoxError> + Unpin,
{
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(error) = this.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let share = Share::of(TOGETHER, LEAST);
        let mut lines = Vec::new();
        while !this.is_over && lines.len() < share.size() {
            match this.values.as_mut().poll_next(cx) {
                Poll::Ready(Some(value)) => {
                    let whole = lines.len();
                    if let Err(error) = (this.write)(value, &mut lines) {
                        lines.truncate(whole);
                        if lines.is_empty() {
                            return Poll::Ready(Some(Err(error)));
                        }
                        this.failed = Some(error);
                        break;
                    }
                }
                Poll::Ready(None) => this.is_over = true,
                Poll::Pending if lines.is_empty() => return Poll::Pending,
                // It is asked again when these are sent.
                Poll::Pending => break,
            }
        }
        if lines.is_empty() {
            return Poll::Ready(None);
        }
        // It may be twice as large as what is in it.
        lines.shrink_to_fit();
        Poll::Ready(Some(Ok(share.hold(lines))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::http::{BodyStream, now_or_never};

    /// The items that are there, then the end; `None` stands for something that is not there yet.
    struct Items<T>(std::vec::IntoIter<Option<T>>, bool);

    fn items<T>(items: Vec<Option<T>>) -> Items<T> {
        Items(items.into_iter(), false)
    }

    impl<T> Stream for Items<T> {
        type Item = T;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
            match self.as_mut().get_mut().0.next() {
                Some(None) => Poll::Pending,
                Some(item) => Poll::Ready(item),
                None => {
                    assert!(!std::mem::replace(&mut self.1, true), "asked again after its end");
                    Poll::Ready(None)
                }
            }
        }
    }

    impl<T> Unpin for Items<T> {}

    fn stream(lines: JsonLines) -> BodyStream {
        BodyStream::new(lines.into_response().into_body())
    }

    fn next(body: &mut BodyStream) -> Option<Result<String, String>> {
        let chunk = now_or_never(body.chunk())?;
        let text = |bytes: Bytes| String::from_utf8(bytes.into()).unwrap();
        Some(chunk.map(|chunk| chunk.map(text).unwrap_or_default()).map_err(|error| error.to_string()))
    }

    #[test]
    fn each_value_is_a_line_and_what_is_there_goes_together() {
        let values = vec![Some(("a\nb", 1)), Some(("c", 2)), None, Some(("d", 3))];
        let response = JsonLines::new(items(values)).into_response();
        assert_eq!(response.headers()["content-type"], "application/jsonl");
        let mut body = BodyStream::new(response.into_body());
        assert_eq!(next(&mut body), Some(Ok("[\"a\\nb\",1]\n[\"c\",2]\n".into())));
        assert_eq!(next(&mut body), Some(Ok("[\"d\",3]\n".into())));
        assert_eq!(next(&mut body), Some(Ok(String::new())));
    }

    #[test]
    fn a_long_answer_is_not_collected() {
        let mut body = stream(JsonLines::new(items(vec![Some("x".repeat(998)); 20])));
        assert_eq!(next(&mut body).unwrap().unwrap().len(), 9 * 1_001);
    }

    #[test]
    fn an_error_breaks_it_off_after_the_lines_before_it() {
        let mut body = stream(JsonLines::try_new(items(vec![Some(Ok(1)), Some(Err("gone")), Some(Ok(2))])));
        assert_eq!(next(&mut body), Some(Ok("1\n".into())));
        assert_eq!(next(&mut body), Some(Err("the body could not be read: gone".into())));
        let map = |key: Vec<u8>| std::collections::HashMap::from([(key, 1)]);
        let mut body = stream(JsonLines::new(items(vec![Some(map(vec![1]))])));
        assert!(next(&mut body).unwrap().unwrap_err().contains("key must be a string"));
    }
}
