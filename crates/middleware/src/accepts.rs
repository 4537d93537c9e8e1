//! [`accepts`]: what a pipeline speaks.

use zzz_core::Error;
use zzz_core::http::{Format, IntoResponse, Middleware, Next, Request, Response};

/// A pipeline that speaks this format: a client that refuses it in its `Accept` header is answered with 406,
/// and errors leave in this format whatever the client would like.
#[must_use]
pub fn accepts(format: Format) -> Accepts {
    Accepts { format }
}

/// The middleware that [`accepts`] makes.
#[derive(Debug, Clone, Copy)]
pub struct Accepts {
    format: Format,
}

impl Middleware for Accepts {
    async fn handle(&self, request: Request, next: Next) -> Response {
        let mut response = if self.format.quality(request.headers()) > 0.0 {
            next.run(request).await
        } else {
            Error::new(406, format!("This address answers with {}.", self.format.media_type()))
                .into_response()
        };
        if response.status().as_u16() >= 400 {
            response.extensions_mut().insert(self.format);
        }
        response
    }

    fn format(&self) -> Option<Format> {
        Some(self.format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::http::{HandlerExt, MiddlewareExt, Stack, now_or_never};

    async fn handler() {}

    #[test]
    fn refuses_only_clients_that_refuse_it() {
        let status = |accept: &str| {
            let request = match accept {
                "" => Request::get("/"),
                _ => Request::get("/").with_header("accept", accept),
            };
            let stack = Stack::new(vec![accepts(Format::Json).erase()], handler.erase());
            now_or_never(stack.run(request)).unwrap().status().as_u16()
        };
        for accept in [
            "",
            "*/*",
            "application/*",
            "application/json",
            "text/html, application/json;q=0.1",
            "application/problem+json",
            "text/html, application/*;q=0.1, */*;q=0",
        ] {
            assert_eq!(status(accept), 200, "{accept}");
        }
        for accept in ["text/html", "application/json;q=0", "application/json; Q=0, */*", "text/*, image/png"]
        {
            assert_eq!(status(accept), 406, "{accept}");
        }
    }
}
