//! A whole form at once.

use serde::Deserialize;
use zzz_core::http::{FromRequest, Request};
use zzz_core::{Error, Param, Params};
use zzz_multipart::{FileKind, MultipartForm};

fn request(parts: &[(&str, &str)]) -> Request {
    let mut body = String::new();
    for (parameters, content) in parts {
        body.push_str(&format!("--X\r\nContent-Disposition: form-data; {parameters}\r\n\r\n{content}\r\n"));
    }
    body.push_str("--X--\r\n");
    Request::post("/", body).with_header("content-type", "multipart/form-data; boundary=X")
}

async fn refused(request: Request) -> Error {
    MultipartForm::<Params>::from_request(request).await.unwrap_err()
}

#[tokio::test]
async fn texts_nest_and_files_are_kept() {
    let request = request(&[
        ("name=\"post[title]\"", "Größe"),
        ("name=\"tags[]\"", "a"),
        ("name=\"tags[]\"", "b"),
        ("name=image; filename=\"C:\\x\\owl.gif\"", "GIF89a"),
        ("name=image; filename=two", "second"),
        ("name=none; filename=\"\"", ""),
        ("name=nameless; filename=\"\"", "content"),
    ]);
    let MultipartForm { fields, mut files } = MultipartForm::<Params>::from_request(request).await.unwrap();
    let Some(Param::Map(post)) = fields.get("post") else { panic!("{fields:?}") };
    assert_eq!(post.text("title"), Some("Größe"));
    assert_eq!(
        fields.get("tags"),
        Some(&Param::List(vec![Param::Text("a".into()), Param::Text("b".into())]))
    );
    assert_eq!((files.len(), files.get("none").is_none(), files.get("post").is_none()), (3, true, true));
    let lengths = |name: &str| files.get_all(name).map(|upload| upload.file().len()).collect::<Vec<_>>();
    assert_eq!((lengths("image"), lengths("none")), (vec![6, 6], vec![]));
    let image = files.take("image").unwrap();
    assert_eq!((image.file_name().as_deref(), image.raw_file_name()), (Some("owl.gif"), "C:\\x\\owl.gif"));
    assert_eq!((image.kind(), image.content_type(), image.file().len()), (Some(FileKind::Gif), None, 6));
    assert_eq!(files.take("image").unwrap().file().read().await.unwrap(), b"second");
    assert_eq!(files.get("nameless").unwrap().file_name(), None);
    let path = image.file().path().to_owned();
    drop(image);
    assert!(!path.exists());
}

#[tokio::test]
async fn several_files_of_one_name_are_taken_together() {
    let request = request(&[
        ("name=image; filename=one", "1"),
        ("name=other; filename=two", "22"),
        ("name=image; filename=three", "333"),
    ]);
    let mut files = MultipartForm::<Params>::from_request(request).await.unwrap().files;
    let lengths = files.take_all("image").iter().map(|upload| upload.file().len()).collect::<Vec<_>>();
    assert_eq!(lengths, [1, 3]);
    assert_eq!((files.len(), files.take_all("image").len()), (1, 0));
}

#[derive(Deserialize, Debug, PartialEq)]
struct Post {
    title: String,
    stars: Option<u8>,
}

#[tokio::test]
async fn texts_are_read_as_a_type() {
    let form = |stars| request(&[("name=title", "Hi"), ("name=stars", stars), ("name=f; filename=f", "x")]);
    let MultipartForm { fields, files } = MultipartForm::<Post>::from_request(form("5")).await.unwrap();
    assert_eq!((fields, files.len()), (Post { title: "Hi".into(), stars: Some(5) }, 1));
    let error = MultipartForm::<Post>::from_request(form("many")).await.unwrap_err();
    assert_eq!(error.status(), 422);
    assert_eq!(
        error.public_message(),
        Some("The field `stars` does not fit: expected a whole number, not `many`.")
    );
    assert_eq!(error.fields().get("stars"), ["expected a whole number, not `many`"]);
}

#[tokio::test]
async fn a_text_is_utf8_without_nul_and_says_nothing_else() {
    let error = refused(request(&[("name=a", "b\0c")])).await;
    assert_eq!((error.status(), error.public_message()), (400, Some("The part `a` has a NUL character.")));
    let error = refused(request(&[("name=a\r\nContent-Type: text/plain; charset=iso-8859-1", "b")])).await;
    let message = "The part `a` has another charset than UTF-8.";
    assert_eq!((error.status(), error.public_message()), (415, Some(message)));
    let fine = request(&[("name=a\r\nContent-Type: text/plain; charset=\"UTF-8\"", "ü")]);
    assert_eq!(MultipartForm::<Params>::from_request(fine).await.unwrap().fields.text("a"), Some("ü"));
    let latin1 = [&b"--X\r\nContent-Disposition: form-data; name=a\r\n\r\n\xfc"[..], b"\r\n--X--"].concat();
    let request = Request::post("/", latin1).with_header("content-type", "multipart/form-data; boundary=X");
    assert_eq!(refused(request).await.status(), 400);
}

#[tokio::test]
async fn texts_are_bounded_together_and_names_in_their_depth() {
    let half = "x".repeat(1 << 20);
    let mut big = request(&[("name=a", &half), ("name=b", &half)]);
    big.body_mut().set_limit(u64::MAX);
    let limits = zzz_core::http::Limits::new().body(1 << 30);
    let route = zzz_core::http::RouteInfo::new(None, "/", "").with_limits(limits);
    big.set_route(route.into());
    let error = refused(big).await;
    let message = "The texts of the form are larger than the 2MiB allowed for them.";
    assert_eq!((error.status(), error.public_message()), (413, Some(message)));
    let deep = format!("name=\"a{}\"", "[b]".repeat(40));
    assert_eq!(refused(request(&[(&deep, "")])).await.status(), 400);
}
