//! The target's handlers.

use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body as HttpBody, Frame};
use serde_json::{Value, json};
use zzz::http::{Body, Parts, header};
use zzz::middleware::files::SendFile;
use zzz::middleware::files::disposition::{self, Disposition};
use zzz::prelude::*;
use zzz::streaming::{Event, JsonLines, Sse};

use super::board::BOARD;

/// For the well-behaved client.
pub(crate) async fn ok() -> &'static str {
    "ok"
}

/// Answers without looking at the body.
pub(crate) async fn hello() -> &'static str {
    "hello"
}

/// The head, as the app sees it.
pub(crate) async fn head(request: Request) -> Json<Value> {
    let headers: Vec<Value> = request
        .headers()
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let connection = request.connection();
    Json(json!({
        "method": request.method().as_str(),
        "uri": request.uri().to_string(),
        "path": request.path(),
        "authority": request.uri().authority().map(ToString::to_string),
        "version": format!("{:?}", request.version()),
        "headers": headers,
        "peer": connection.and_then(|connection| connection.peer_addr()).map(|peer| peer.to_string()),
        "secure": connection.is_some_and(|connection| connection.is_secure()),
    }))
}

/// Who the client is, as far as anybody can know.
pub(crate) async fn client(client: ClientInfo) -> String {
    let ip = client.ip().map_or("nobody".to_owned(), |ip| ip.to_string());
    format!("{ip} {} {}", client.scheme(), client.host().unwrap_or("nowhere"))
}

/// What a careless handler does with a text of the client's.
pub(crate) async fn reflect(Path(place): Path<String>, Query(query): Query<Params>) -> Result<Response> {
    let value = query.text("value").unwrap_or_default().to_owned();
    Ok(match &*place {
        "redirect" => Redirect::to(value).into_response(),
        "path" => Redirect::to(format!("/{value}")).into_response(),
        "external" => Redirect::external(format!("https://example.org/{value}")).into_response(),
        "cookie" => (SetCookie::new("theme", value), "set").into_response(),
        "cookie-path" => (SetCookie::new("theme", "dark").path(format!("/{value}")), "set").into_response(),
        "etag" => ([(header::ETAG, value)], "tagged").into_response(),
        "file" => {
            let name = disposition::header(Disposition::Attachment, &value);
            let mut response = "content".into_response();
            response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
            response
        }
        _ => return Err(Error::new(404, value)),
    })
}

/// The body, back again.
pub(crate) async fn echo(request: Request) -> Result<Response> {
    let body = request.into_parts().1.read().await?;
    BOARD.committed.fetch_add(1, SeqCst);
    Ok(body.into_response())
}

/// How long the body was; keeps none of it.
pub(crate) async fn sink(request: Request) -> Result<String> {
    let mut body = pin!(request.into_parts().1);
    body.check_limit()?;
    let mut length = 0;
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        length += frame?.data_ref().map_or(0, Bytes::len);
    }
    BOARD.committed.fetch_add(1, SeqCst);
    Ok(length.to_string())
}

/// Keeps the files of a form in `TARGET_UPLOADS`, under names of ours.
pub(crate) async fn upload(form: MultipartForm) -> Result<Json<Value>> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let folder = std::env::var_os("TARGET_UPLOADS").map(PathBuf::from);
    let mut files = Vec::new();
    for file in form.files.iter() {
        let (field, name) = (file.name().to_owned(), file.file_name().map(String::from));
        files.push(json!({ "field": field, "name": name, "size": file.file().len() }));
    }
    for file in form.files {
        if let Some(folder) = &folder {
            file.save_to(folder.join(format!("upload-{}", NEXT.fetch_add(1, SeqCst)))).await?;
        }
    }
    BOARD.committed.fetch_add(1, SeqCst);
    Ok(Json(json!({ "files": files })))
}

pub(crate) async fn json(Json(value): Json<Value>) -> String {
    BOARD.committed.fetch_add(1, SeqCst);
    match value {
        Value::Object(map) => map.len().to_string(),
        Value::Array(list) => list.len().to_string(),
        _ => "0".into(),
    }
}

/// Knows one field, and passes over all others.
#[derive(serde::Deserialize)]
pub(crate) struct Title {
    title: String,
}

pub(crate) async fn title(Json(Title { title }): Json<Title>) -> String {
    BOARD.committed.fetch_add(1, SeqCst);
    title
}

/// Lets nobody through.
pub(crate) async fn refuse_everybody(_: Request, _: Next) -> Response {
    Error::new(401, "Nobody may see this.").into_response()
}

/// What nobody may see.
pub(crate) async fn secret() -> &'static str {
    BOARD.committed.fetch_add(1, SeqCst);
    "SECRET"
}

/// For everybody.
pub(crate) async fn opened() -> &'static str {
    "open"
}

/// A file of the folder `public`, beside which others stand.
pub(crate) async fn file_below(Path(path): Path<String>, send: SendFile) -> Result<Response> {
    let root = std::env::var_os("ZZZ_ROOT").map(PathBuf::from).unwrap_or_default();
    send.file_below(root.join("public"), &path).await
}

pub(crate) async fn form(Form(params): Form<Params>) -> String {
    BOARD.committed.fetch_add(1, SeqCst);
    params.text("name").unwrap_or_default().to_owned()
}

/// Waits until the gate is opened.
pub(crate) async fn wait() -> &'static str {
    let mut gate = BOARD.gate.subscribe();
    let _ = gate.wait_for(|open| *open).await;
    BOARD.committed.fetch_add(1, SeqCst);
    "waited"
}

/// Waits until the gate is opened, with a request in hand whose body it does not read.
pub(crate) async fn hold(request: Request) -> &'static str {
    let answer = wait().await;
    drop(request);
    answer
}

/// Waits for ever.
pub(crate) async fn never() {
    std::future::pending().await
}

pub(crate) async fn named(Path(name): Path<String>) -> String {
    name
}

/// An empty response of this status.
pub(crate) async fn status(Path(code): Path<u16>) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
}

/// How a stream goes on after its chunks.
#[derive(Clone, Copy)]
enum Then {
    End,
    Panic,
    Fail,
}

/// A body that gives `left` chunks of the same content.
struct Chunks {
    chunk: Bytes,
    left: u64,
    then: Then,
}

impl HttpBody for Chunks {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        match (self.left, self.then) {
            (0, Then::End) => Poll::Ready(None),
            (0, Then::Panic) => panic!("a panic within a response's body"),
            (0, Then::Fail) => Poll::Ready(Some(Err(std::io::Error::other("the source of the body failed")))),
            _ => {
                self.left -= 1;
                Poll::Ready(Some(Ok(Frame::data(self.chunk.clone()))))
            }
        }
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        BOARD.streams_dropped.fetch_add(1, SeqCst);
    }
}

/// The longest chunk of a stream.
const LONGEST_CHUNK: usize = 64 << 10;

/// The chunks are parts of one that is always there: a stream keeps nothing of its own.
fn chunks(size: usize, left: u64, then: Then) -> Body {
    static CONTENT: &[u8] = &[b'x'; LONGEST_CHUNK];
    let chunk = Bytes::from_static(&CONTENT[..size.min(LONGEST_CHUNK)]);
    Body::from_http_body(Chunks { chunk, left, then })
}

/// The file that `TARGET_FILE` names.
pub(crate) async fn file(send: SendFile) -> Result<Response> {
    let path = std::env::var_os("TARGET_FILE").ok_or_else(|| Error::new(404, "There is no file."))?;
    send.file(path).await
}

/// Events without an end, made one by one.
pub(crate) async fn events() -> Sse {
    struct Endless(u64);
    impl Stream for Endless {
        type Item = Event;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Event>> {
            self.0 += 1;
            Poll::Ready(Some(Event::new("x".repeat(1000))))
        }
    }
    Sse::new(Endless(0))
}

/// Lines of JSON without an end, made one by one.
pub(crate) async fn lines() -> JsonLines {
    struct Endless(u64);
    impl Stream for Endless {
        type Item = u64;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u64>> {
            self.0 += 1;
            Poll::Ready(Some(self.0))
        }
    }
    JsonLines::new(Endless(0))
}

/// A body that is made as a whole.
pub(crate) async fn made(Query(query): Query<Params>) -> Vec<u8> {
    let size = query.text("size").and_then(|text| text.parse().ok());
    vec![b'x'; size.unwrap_or(1000)]
}

/// A stream of `?chunks=` chunks of `?size=` bytes.
pub(crate) async fn stream(Query(query): Query<Params>) -> Body {
    let number = |name| query.text(name).and_then(|text| text.parse().ok());
    chunks(number("size").unwrap_or(1024) as usize, number("chunks").unwrap_or(10), Then::End)
}

pub(crate) async fn endless() -> Body {
    chunks(64 << 10, u64::MAX, Then::End)
}

pub(crate) async fn stream_that_panics() -> Body {
    chunks(1024, 3, Then::Panic)
}

pub(crate) async fn stream_that_fails() -> Body {
    chunks(1024, 3, Then::Fail)
}

pub(crate) async fn panics() -> &'static str {
    panic!("a panic within a handler")
}

/// An extractor that panics.
pub(crate) struct Panics;

impl FromRequestParts for Panics {
    async fn from_request_parts(_: &mut Parts) -> Result<Self> {
        panic!("a panic within an extractor")
    }
}

pub(crate) async fn panics_in_an_extractor(_: Panics) -> &'static str {
    "not reached"
}

pub(crate) async fn panics_in_middleware(request: Request, next: Next) -> Response {
    assert!(request.path() != "/panic/middleware", "a panic within middleware");
    next.run(request).await
}
