//! [`method_override`]: PUT, PATCH and DELETE from HTML forms, which know only GET and POST.

mod first_part;

use zzz_core::Error;
use zzz_core::http::{FormData, Format, IntoResponse, Method, Next, Request, Response, StatusCode};

/// The form field that holds the method.
const FIELD: &str = "_method";

/// Turns a POST whose form says `_method=put`, `patch` or `delete`, in any case, into that method, before the route is
/// looked up.
///
/// The field may stand anywhere in an urlencoded form, and must be the first of a form with files: of such a form no more
/// than the beginning is looked at, and the handler reads all of it. Only a POST and only its body count, never the query
/// string (as in Plug and Rack), so that a link can not delete. The field itself is not among those that
/// [`Form`](zzz_core::http::Form) gives.
///
/// A form that can not be read goes on with its body as it came, and is refused where it is taken, by the route's limit and
/// in its format. A malformed one has the method that its field says all the same; one that is longer than any route at its
/// address takes stays a POST, and is 413 where there is no route for one.
pub async fn method_override(mut request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    if let Some(method) = asked_for(&mut request).await {
        request.set_method(method);
        return next.run(request).await;
    }
    let too_long = if FormData::is_form(&request) { request.body().check_limit().err() } else { None };
    let response = next.run(request).await;
    match too_long {
        // Which method was meant is behind what may be read, so that this says more than that it is not POST.
        Some(error) if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            let mut refusal = Error::from(error).into_response();
            if let Some(format) = response.extensions().get::<Format>() {
                refusal.extensions_mut().insert(*format);
            }
            refusal
        }
        _ => response,
    }
}

/// The method that the form in the body asks for.
async fn asked_for(request: &mut Request) -> Option<Method> {
    if FormData::is_form(request) {
        if let Some(FormData(form)) = FormData::if_readable(request).await {
            return form.text(FIELD).and_then(allowed);
        }
        request.body().check_limit().ok()?;
        return of_malformed(&request.body().full_bytes()?);
    }
    let boundary = first_part::boundary(request)?;
    // In whatever pieces it comes, the answer is the same.
    let beginning = |seen: &[u8]| seen.len().min(first_part::LONGEST);
    let seen = request
        .body_mut()
        .peek(first_part::LONGEST, |seen| first_part::field(&seen[..beginning(seen)], &boundary).is_some())
        .await;
    let field = first_part::field(&seen[..beginning(&seen)], &boundary).flatten();
    field.filter(|field| field.name == FIELD).and_then(|field| allowed(field.value))
}

/// The method that a form asks for of which some other field is malformed.
fn of_malformed(form: &[u8]) -> Option<Method> {
    let mut pairs = form.rsplit(|byte| *byte == b'&');
    let method = pairs.find_map(|pair| pair.strip_prefix(FIELD.as_bytes())?.strip_prefix(b"="))?;
    allowed(std::str::from_utf8(method).ok()?)
}

/// A form may ask for these; anything else stays a POST.
fn allowed(name: &str) -> Option<Method> {
    [Method::PUT, Method::PATCH, Method::DELETE]
        .into_iter()
        .find(|method| name.eq_ignore_ascii_case(method.as_str()))
}

#[cfg(test)]
mod tests;
