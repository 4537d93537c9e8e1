//! The handlers: each says what it was asked.

use zzz_core::http::{
    Assign, BoxFuture, Next, Path, Request, Response, Service, Socket, Transport, now_or_never,
};
use zzz_core::http::{IntoResponse as _, Method, MiddlewareExt as _};
use zzz_router::{Endpoint, PathParam, PathParams, Router};

/// What a route assigns.
#[derive(Clone)]
pub struct Section(pub &'static str);

/// The name of a post in its address.
#[derive(PathParam, Debug, Clone, PartialEq)]
pub struct Slug(pub String);

/// The number of a member, and of nothing else.
#[derive(PathParam, Debug, Clone, Copy, PartialEq)]
pub struct MemberId(pub u32);

#[derive(PathParams, Debug)]
pub struct Member {
    #[param(name = "team_id")]
    pub team: i64,
    pub id: MemberId,
}

pub async fn home() -> &'static str {
    "home"
}

pub async fn upload(Assign(Section(section)): Assign<Section>) -> String {
    format!("upload in {section}")
}

pub async fn search(request: Request) -> String {
    format!("search by {}", request.method())
}

pub async fn echo(request: Request) -> String {
    format!("echo of {}", request.method())
}

pub async fn purge() -> &'static str {
    "purged"
}

pub async fn file(Path(rest): Path<String>) -> String {
    format!("file {rest}")
}

pub async fn version(Path(version): Path<u8>) -> String {
    format!("version {version}")
}

pub async fn not_found() -> &'static str {
    "nothing here"
}

pub async fn member(Path(Member { team, id }): Path<Member>) -> String {
    format!("member {} of {team}", id.0)
}

pub async fn untyped() -> &'static str {
    "untyped"
}

pub mod posts {
    use super::Path;

    pub async fn index() -> &'static str {
        "posts"
    }
    pub async fn new() -> &'static str {
        "new post"
    }
    pub async fn create() -> &'static str {
        "post created"
    }
    pub async fn show(Path(id): Path<i64>) -> String {
        format!("post {id}")
    }
    /// Which types stand in its path depends on the handlers of the table, and so on this one.
    pub async fn edit(Path(id): Path<i64>) -> String {
        let here = crate::app::router::path!("/posts/{id}/edit");
        std::future::ready(()).await;
        format!("edit post {id} at {here}")
    }
    pub async fn update(Path(id): Path<i64>) -> String {
        format!("update post {id}")
    }
    pub async fn delete(Path(id): Path<i64>) -> String {
        format!("delete post {id}")
    }
}

pub mod comments {
    use super::Path;

    pub async fn create(Path(post_id): Path<i64>) -> String {
        format!("comment on {post_id}")
    }
    pub async fn delete(Path((post_id, id)): Path<(i64, i64)>) -> String {
        format!("delete comment {id} of {post_id}")
    }
}

pub mod profile {
    pub async fn new() -> &'static str {
        "new profile"
    }
    pub async fn create() -> &'static str {
        "profile created"
    }
    pub async fn show() -> &'static str {
        "profile"
    }
    pub async fn edit() -> &'static str {
        "edit profile"
    }
    pub async fn update() -> &'static str {
        "profile updated"
    }
}

pub mod articles {
    use super::{Path, Slug};

    pub async fn show(Path(slug): Path<Slug>) -> String {
        format!("article {}", slug.0)
    }
    pub mod notes {
        use super::super::{Path, Slug};

        pub async fn index(Path(slug): Path<Slug>) -> String {
            format!("notes on {}", slug.0)
        }
    }
}

/// Adds a word to a header, to see in which order requests pass.
async fn mark(word: &'static str, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().append("passed", word.parse().unwrap());
    response
}

pub async fn first(request: Request, next: Next) -> Response {
    mark("first", request, next).await
}

pub async fn second(request: Request, next: Next) -> Response {
    mark("second", request, next).await
}

async fn pass(request: Request, next: Next) -> Response {
    next.run(request).await
}

pub fn named(word: &'static str) -> impl zzz_core::http::Middleware {
    move |request, next| mark(word, request, next)
}

/// Something that takes requests.
pub struct Dashboard;

impl Service for Dashboard {
    fn call(&self, request: Request) -> BoxFuture<Response> {
        Box::pin(async move { format!("dashboard at {}", request.path()).into_response() })
    }
}

pub struct UserSocket;

async fn transport() -> &'static str {
    "socket"
}

impl Socket for UserSocket {
    fn transports(self) -> Vec<Transport> {
        vec![Transport::new("/websocket", &[Method::GET], transport)]
    }
}

/// What the app answers: the status, the header `passed`, and the body.
pub fn ask(request: Request) -> (u16, String, String) {
    let response = call(super::router::router(), request);
    let passed: Vec<&str> =
        response.headers().get_all("passed").iter().map(|value| value.to_str().unwrap()).collect();
    let passed = passed.join(" ");
    let (status, body) = read(response);
    (status, passed, body)
}

/// What a table answers: the status and the body.
pub fn answer(router: Router, request: Request) -> (u16, String) {
    read(call(router, request))
}

fn call(router: Router, request: Request) -> Response {
    // Who serves files is no matter of the router.
    let endpoint = Endpoint::new(router).assets(|_| Ok(pass.erase())).build().unwrap();
    now_or_never(endpoint.call(request)).unwrap()
}

fn read(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body = response.into_body().full_bytes().unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}
