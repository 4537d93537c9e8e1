//! [`Mount`]: another service under a path, such as a part of the site that another framework serves.

use zzz_core::http::{Middleware, Next, Request, Response, Service};

/// Hands every request under a path to a [`Service`], which sees the path without that prefix, as in axum's
/// `nest_service`. All others go on.
///
/// The prefix ends at a `/`: a mount at `/blog` takes `/blog`, `/blog/` and `/blog/posts`, and neither `/blogs`
/// nor `/blog%2fposts`. Paths are compared as they came, so the service must not take more from a path than its
/// characters say. What was taken off is in [`script_name`](zzz_core::http::Parts::script_name).
///
/// ```
/// use zzz_core::http::{BoxFuture, IntoResponse, Request, Response, Service};
///
/// struct Echo;
/// impl Service for Echo {
///     fn call(&self, request: Request) -> BoxFuture<Response> {
///         Box::pin(async move { request.uri().to_string().into_response() })
///     }
/// }
/// let mount = zzz_middleware::Mount::new("/blog", Echo);
/// // In an app: `.plug(mount)`; GET /blog/posts?page=2 then answers "/posts?page=2".
/// # let _ = mount;
/// ```
#[derive(Debug)]
pub struct Mount<S> {
    /// Without a `/` at its end.
    prefix: String,
    service: S,
}

impl<S: Service> Mount<S> {
    /// Mounts `service` under `path`; a `/` at the end makes no difference.
    #[must_use]
    pub fn new(path: &str, service: S) -> Self {
        Self { prefix: format!("/{}", path.trim_matches('/')).trim_end_matches('/').to_owned(), service }
    }
}

impl<S: Service> Middleware for Mount<S> {
    async fn handle(&self, mut request: Request, next: Next) -> Response {
        if request.mount(&self.prefix) { self.service.call(request).await } else { next.run(request).await }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::http::{BoxFuture, HandlerExt, IntoResponse, MiddlewareExt, Stack, now_or_never};

    struct Echo;

    impl Service for Echo {
        fn call(&self, request: Request) -> BoxFuture<Response> {
            Box::pin(async move { request.uri().to_string().into_response() })
        }
    }

    async fn own() -> &'static str {
        "own"
    }

    #[test]
    fn takes_what_is_under_its_path_and_nothing_else() {
        for (prefix, target, seen) in [
            ("/blog", "/blog", "/"),
            ("/blog/", "/blog/", "/"),
            ("blog", "/blog?page=2", "/?page=2"),
            ("/blog", "/blog/posts/1?page=2", "/posts/1?page=2"),
            ("/blog", "http://x/blog/posts", "http://x/posts"),
            ("/blog", "/blog//posts", "//posts"),
            ("/", "/anything", "/anything"),
            ("/blog", "/blogs", "own"),
            ("/blog", "/blog%2fposts", "own"),
            ("/blog", "/other/blog", "own"),
            ("/blog", "/", "own"),
        ] {
            let stack = Stack::new(vec![Mount::new(prefix, Echo).erase()], own.erase());
            let response = now_or_never(stack.run(Request::get(target))).unwrap();
            assert_eq!(response.into_body().full_bytes().unwrap(), seen, "{target} under {prefix}");
        }
    }
}
