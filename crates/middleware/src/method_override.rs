//! [`method_override`]: PUT, PATCH and DELETE from HTML forms, which know only GET and POST.

use zzz_core::http::{FormData, IntoResponse, Method, Next, Request, Response};

/// The form field that holds the method.
const FIELD: &str = "_method";

/// Turns a POST whose form says `_method=put`, `patch` or `delete` into that method, before the route is looked
/// up. Only a POST and only its body count, never the query string (as in Plug and Rack), so that a link can
/// not delete.
pub async fn method_override(mut request: Request, next: Next) -> Response {
    if request.method() == Method::POST && FormData::is_form(&request) {
        let form = match FormData::of(&mut request).await {
            Ok(form) => form,
            Err(error) => return error.into_response(),
        };
        match form.0.text(FIELD).map(str::to_ascii_uppercase).as_deref() {
            Some("PUT") => request.set_method(Method::PUT),
            Some("PATCH") => request.set_method(Method::PATCH),
            Some("DELETE") => request.set_method(Method::DELETE),
            _ => {}
        }
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::http::{HandlerExt, MiddlewareExt, Stack, now_or_never};

    async fn method(request: Request) -> String {
        format!("{} {:?}", request.method(), request.body())
    }

    fn through(request: Request) -> String {
        let stack = Stack::new(vec![method_override.erase()], method.erase());
        let response = now_or_never(stack.run(request)).unwrap();
        String::from_utf8(response.into_body().full_bytes().unwrap().to_vec()).unwrap()
    }

    fn form(target: &str, body: &'static str) -> Request {
        Request::post(target, body)
            .with_header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
    }

    #[test]
    fn only_the_body_of_a_post_counts() {
        assert_eq!(through(form("/", "_method=delete")), "DELETE Body(14 bytes)");
        assert_eq!(through(form("/", "a=1&_method=PATCH")), "PATCH Body(17 bytes)");
        assert_eq!(through(form("/", "_method=trace")), "POST Body(13 bytes)");
        assert_eq!(through(form("/?_method=delete", "a=1")), "POST Body(3 bytes)");
        assert_eq!(through(Request::post("/", "_method=delete")), "POST Body(14 bytes)", "no form");
        assert_eq!(through(Request::get("/?_method=delete")), "GET Body(empty)");
    }
}
