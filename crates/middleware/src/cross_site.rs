//! Refuses unsafe requests that other sites cause, by what browsers say of their origin.
//!
//! Every browser of today sends `Sec-Fetch-Site` and, with unsafe methods, `Origin`; a page of another site can
//! not change either (Fetch Metadata; OWASP's CSRF cheat sheet, "Fetch Metadata headers"). A client that sends
//! neither is no browser, so nobody can use it to act in a reader's name.

use zzz_core::Error;
use zzz_core::http::{ClientInfo, IntoResponse, Method, Next, Parts, Request, Response, header};

/// Answers 403 to POST, PUT, PATCH, DELETE and any other unsafe method if the browser says that another site
/// caused the request.
pub async fn refuse_cross_site(request: Request, next: Next) -> Response {
    if is_safe(request.method()) || is_same_origin(&request) {
        return next.run(request).await;
    }
    Error::forbidden("This request was sent by a page of another site, so it was refused.").into_response()
}

/// Methods that change nothing (RFC 9110, section 9.2.1).
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

fn is_same_origin(parts: &Parts) -> bool {
    // Both have to agree where both are sent.
    let by_fetch_site = match parts.headers().get("sec-fetch-site").map(|value| value.as_bytes()) {
        None | Some(b"same-origin" | b"none") => true,
        Some(_) => false,
    };
    let by_origin = match parts.headers().get(header::ORIGIN) {
        None => true,
        Some(origin) => origin.to_str().is_ok_and(|origin| is_origin_of(origin, parts)),
    };
    by_fetch_site && by_origin
}

/// Whether the authority of `origin` is the one that the request was sent to. The scheme is not compared:
/// behind a proxy that ends TLS it differs, and no other site can be served at our authority.
fn is_origin_of(origin: &str, parts: &Parts) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    // Behind a trusted proxy it is what the proxy was asked for.
    let host = ClientInfo::of(parts.head()).authority();
    let port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    let without_default =
        |authority: &str| authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase();
    host.is_some_and(|host| without_default(&host) == without_default(authority))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::http::{HandlerExt, MiddlewareExt, Stack, now_or_never};

    async fn handler() {}

    fn status(method: Method, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::new(method, "/posts", "").with_header("host", "example.org:4000");
        for (name, value) in headers {
            request = request.with_header(name, value);
        }
        let stack = Stack::new(vec![refuse_cross_site.erase()], handler.erase());
        now_or_never(stack.run(request)).unwrap().status().as_u16()
    }

    #[test]
    fn refuses_what_another_site_caused() {
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.org")],
            &[("origin", "http://example.org")],
            &[("origin", "http://example.org:4000.evil.org")],
            &[("origin", "null")],
            &[("origin", "http://example.org:4000"), ("sec-fetch-site", "cross-site")],
            &[("origin", "http://evil.org"), ("sec-fetch-site", "same-origin")],
        ] {
            assert_eq!(status(Method::POST, headers), 403, "{headers:?}");
            assert_eq!(status(Method::DELETE, headers), 403, "{headers:?}");
            assert_eq!(status(Method::GET, headers), 200, "{headers:?}");
        }
    }

    #[test]
    fn lets_our_own_pages_and_plain_clients_through() {
        for headers in [
            &[][..],
            &[("sec-fetch-site", "same-origin"), ("origin", "http://example.org:4000")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://EXAMPLE.org:4000")],
        ] {
            assert_eq!(status(Method::POST, headers), 200, "{headers:?}");
        }
    }
}
