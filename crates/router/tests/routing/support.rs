//! Handlers that say what reached them, and how the tests ask.

use std::sync::Arc;

use zzz_core::http::{
    BoxFuture, Format, IntoResponse, Method, Middleware, Next, Request, Response, RouteInfo, Service,
    now_or_never,
};
use zzz_router::{Endpoint, Router};

/// An endpoint before these routes.
pub(crate) fn endpoint(router: Router) -> Endpoint {
    Endpoint::new(router).build().unwrap()
}

/// What a request is answered with.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    response: Response,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends a request.
pub(crate) fn send(endpoint: &Endpoint, request: Request) -> Answer {
    let response = now_or_never(endpoint.call(request)).unwrap();
    let body = String::from_utf8(response.body().full_bytes().unwrap().to_vec()).unwrap();
    Answer { status: response.status().as_u16(), body, response }
}

/// Sends a request of this method for this path.
pub(crate) fn ask(endpoint: &Endpoint, method: &str, path: &str) -> Answer {
    send(endpoint, Request::new(Method::from_bytes(method.as_bytes()).unwrap(), path, ""))
}

/// The body of a GET request's answer, or its status if that is not 200.
pub(crate) fn get(endpoint: &Endpoint, path: &str) -> String {
    of(ask(endpoint, "GET", path))
}

/// The same for a host.
pub(crate) fn get_at(endpoint: &Endpoint, host: &str, path: &str) -> String {
    of(send(endpoint, Request::get(path).with_header("host", host)))
}

fn of(answer: Answer) -> String {
    if answer.status == 200 { answer.body } else { answer.status.to_string() }
}

/// Says which route was taken, with which values: `GET /posts/:id id=7`.
pub(crate) async fn echo(request: Request) -> String {
    let mut text = request.route().unwrap().to_string();
    for index in 0..request.param_count() {
        let (name, value) = request.param_at(index).unwrap();
        text.push_str(&format!(" {name}={value}"));
    }
    text
}

/// Says what a request went through, as [`Mark`]s noted it.
pub(crate) async fn trail(request: Request) -> String {
    request.assigns().get::<Trail>().map(|trail| trail.0.join(" ")).unwrap_or_default()
}

#[derive(Clone)]
struct Trail(Vec<&'static str>);

/// Notes that a request has passed.
pub(crate) struct Mark(pub(crate) &'static str);

impl Middleware for Mark {
    async fn handle(&self, mut request: Request, next: Next) -> Response {
        let assigns = request.assigns_mut();
        match assigns.get_mut::<Trail>() {
            Some(trail) => trail.0.push(self.0),
            None => drop(assigns.insert(Trail(vec![self.0]))),
        }
        let mut response = next.run(request).await;
        response.headers_mut().append("passed", self.0.parse().unwrap());
        response
    }
}

/// What a pipeline speaks.
pub(crate) struct Speaks(pub(crate) Format);

impl Middleware for Speaks {
    async fn handle(&self, request: Request, next: Next) -> Response {
        next.run(request).await
    }

    fn format(&self) -> Option<Format> {
        Some(self.0)
    }
}

/// A service that says what it sees.
pub(crate) struct Seen;

impl Service for Seen {
    fn call(&self, request: Request) -> BoxFuture<Response> {
        let text = format!("{} below {:?}", request.uri(), request.script_name());
        Box::pin(async move { text.into_response() })
    }
}

/// The routes of a router as text, by its table.
pub(crate) fn listed(router: Router) -> Vec<Arc<RouteInfo>> {
    router.build().unwrap().routes().cloned().collect()
}
