//! The client against a small app: cookies, redirects, HEAD, and what it refuses to send.

use zzz_core::http::cookies::{self, SetCookie};
use zzz_core::http::{HeaderMap, Method, Path, Response, StatusCode, Uri, header, redirect};
use zzz_core::{Result, http::IntoResponse};
use zzz_router::{Endpoint, Router, Scope};

use crate::{TempDatabase, TestClient};

fn set(cookie: &SetCookie) -> Result<Response> {
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().append(header::SET_COOKIE, cookie.to_header()?);
    Ok(response)
}

async fn paint(Path(theme): Path<String>) -> Result<Response> {
    set(&SetCookie::new("theme", theme))
}

async fn wash() -> Result<Response> {
    set(&SetCookie::removal("theme"))
}

async fn theme(headers: HeaderMap) -> String {
    cookies::get(&headers, "theme").unwrap_or("none").to_owned()
}

async fn away() -> Result<Response> {
    redirect("/theme")
}

async fn nowhere() -> StatusCode {
    StatusCode::SEE_OTHER
}

async fn target(uri: Uri) -> String {
    uri.to_string()
}

async fn echo(headers: HeaderMap) -> String {
    headers.get_all("x-word").iter().filter_map(|word| word.to_str().ok()).collect::<Vec<_>>().join("+")
}

fn client() -> TestClient {
    let scope = Scope::new("/")
        .post("/paint/:theme", paint)
        .post("/wash", wash)
        .get("/theme", theme)
        .get("/away", away)
        .get("/nowhere", nowhere)
        .get("/target", target)
        .get("/echo", echo);
    TestClient::new(Endpoint::new(Router::new().scope(scope)).build().unwrap())
}

#[tokio::test]
async fn keeps_cookies_until_they_are_taken_away() {
    let client = client();
    assert_eq!(client.get("/theme").await.text(), "none");
    client.post("/paint/dark").await.assert_status(204);
    assert_eq!(client.get("/theme").await.text(), "dark");
    client.post("/paint/light").await.assert_status(204);
    assert_eq!(client.clone().get("/theme").await.text(), "light");
    client.post("/wash").await.assert_status(204);
    assert_eq!(client.get("/theme").await.text(), "none");
}

#[tokio::test]
async fn another_browser_has_cookies_of_its_own() {
    let client = client();
    client.post("/paint/dark").await.assert_status(204);
    assert_eq!(client.another().get("/theme").await.text(), "none");
}

#[tokio::test]
async fn follows_a_redirect() {
    let client = client();
    client.post("/paint/dark").await.assert_status(204);
    let away = client.get("/away").await;
    away.assert_redirect("/theme");
    assert_eq!(client.follow(&away).await.text(), "dark");
}

#[tokio::test]
#[should_panic(expected = "status 200 is no redirect")]
async fn follows_nothing_but_redirects() {
    let client = client();
    let answer = client.get("/theme").await;
    client.follow(&answer).await;
}

#[tokio::test]
#[should_panic(expected = "status 303 comes without a location")]
async fn follows_only_where_there_is_a_place_to_go() {
    let client = client();
    let answer = client.get("/nowhere").await;
    client.follow(&answer).await;
}

#[tokio::test]
async fn a_head_request_comes_back_without_a_body() {
    let answer = client().request(Method::HEAD, "/theme").await;
    assert_eq!((answer.status(), answer.text()), (200, ""));
}

#[tokio::test]
async fn sends_the_target_and_every_header_as_they_are_given() {
    let client = client();
    assert_eq!(client.get("/target?q=a%20b").await.text(), "/target?q=a%20b");
    assert_eq!(client.get("/echo").header("x-word", "a").header("x-word", "b").await.text(), "a+b");
}

#[test]
#[should_panic(expected = "GET \"/a b\": no client could send this target")]
fn refuses_a_target_that_no_client_could_send() {
    let _ = client().get("/a b");
}

#[test]
#[should_panic(expected = "DELETE \"theme\": a target begins with a slash")]
fn refuses_a_target_without_its_slash() {
    let _ = client().delete("theme");
}

#[test]
#[should_panic(expected = "\"x word\" is no name that a header can have")]
fn refuses_a_name_that_no_header_can_have() {
    let _ = client().get("/").header("x word", "a");
}

#[test]
#[should_panic(expected = "\"a\\nb\" is no value that the header `x-word` can have")]
fn refuses_a_value_that_no_header_can_have() {
    let _ = client().get("/").header("x-word", "a\nb");
}

#[tokio::test]
#[should_panic(expected = "GET /theme: expected status 404, got status 200")]
async fn a_failed_assertion_says_what_came_instead() {
    client().get("/theme").await.assert_status(404);
}

#[test]
fn a_temporary_database_leaves_nothing_behind() {
    let database = TempDatabase::new();
    let folder = database.folder().to_owned();
    std::fs::write(database.file(), "rows").unwrap();
    assert_eq!(database.url(), format!("sqlite://{}", folder.join("test.db").display()));
    drop(database);
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_body_that_goes_on_is_read_as_it_comes() {
    async fn talk() -> zzz_core::http::Body {
        let (mut sender, body) = zzz_core::http::Body::channel(100);
        tokio::spawn(async move {
            for text in ["data: o", "ne\n\ndata: two\n\n", "rest"] {
                sender.send(text).await.unwrap();
            }
            sender.closed().await;
        });
        body
    }
    let router = Router::new().scope(Scope::new("/").get("/talk", talk));
    let client = TestClient::new(Endpoint::new(router).build().unwrap());
    let mut stream = client.get("/talk").stream().await;
    assert_eq!((stream.status(), stream.header("content-type")), (200, ""));
    assert_eq!(stream.event().await, "data: one");
    assert_eq!(stream.event().await, "data: two");
    assert_eq!(stream.until("st").await, "rest");
}
