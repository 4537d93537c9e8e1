//! [`service_fn`]: an async function as a service.

use std::future::Future;

use zzz_core::http::{Answer, BoxFuture, IntoResponse, Request, Response, Service};

/// Makes a [`Service`] of an async function.
///
/// ```
/// use zzz_core::http::{Request, Service, now_or_never};
/// use zzz_core_http::service_fn;
///
/// let hello = service_fn(|request: Request| async move { format!("You asked for {}", request.path()) });
/// let response = now_or_never(hello.call(Request::get("/news"))).unwrap();
/// assert_eq!(response.into_body().full_bytes().unwrap(), "You asked for /news");
/// // `Server::run(hello, stop)` serves it.
/// ```
pub fn service_fn<F, Fut, R>(function: F) -> impl Service + Clone
where
    F: Fn(Request) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: IntoResponse,
{
    ServiceFn(function)
}

#[derive(Clone)]
struct ServiceFn<F>(F);

impl<F, Fut, R> Service for ServiceFn<F>
where
    F: Fn(Request) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: IntoResponse,
{
    fn call(&self, request: Request) -> BoxFuture<Response> {
        let answer = (self.0)(request);
        Box::pin(async move { answer.await.into_response() })
    }

    fn answer(&self, request: &mut Request) -> Answer {
        Answer::of((self.0)(std::mem::take(request)))
    }
}
