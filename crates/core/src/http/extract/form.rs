//! [`Form`]: a form's fields; [`FormData`]: the same, parsed once and kept on the request.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{FromRequest, OptionalFromRequest, ViaBody};
use crate::http::{Body, Request, urlencoded};
use crate::params::{self, Params};
use crate::{Place, Rejection, Result};

/// The media type of HTML forms.
const URLENCODED: &str = "application/x-www-form-urlencoded";

/// The fields of an urlencoded form as a `T`: a struct, a map, or [`Params`].
///
/// Names nest and texts become numbers and booleans as in a [`Query`](super::Query). Another media type is answered with
/// 415, a body that is no form with 400, a field that does not fit with 422 and the field's name, more than the route's
/// limit of bytes or [`MAX_PAIRS`](urlencoded::MAX_PAIRS) fields with 413.
///
/// `_method` and `_csrf_token` are the framework's own ([`OWN_FIELDS`](params::OWN_FIELDS)) and not among the fields, so
/// that a `T` may refuse those that it does not know; a struct with a field of that name gets it.
///
/// `Option<Form<T>>` is `None` for a request without a body and without a `Content-Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Form<T>(pub T);

/// The fields of a form, parsed once: method override, CSRF protection and [`Form`] share them.
#[derive(Debug, Clone)]
pub struct FormData(pub Arc<Params>);

impl FormData {
    /// Whether the request says that its body is an urlencoded form.
    #[must_use]
    pub fn is_form(request: &Request) -> bool {
        request.media_type().is_some_and(|media| media.is(URLENCODED))
    }

    /// Reads and parses the form, or takes what was parsed before. The body stays readable.
    ///
    /// # Errors
    /// As [`Body::read`] and [`urlencoded::parse`].
    pub async fn of(request: &mut Request) -> Result<Self> {
        // What was read before the route was known is held to the route's limit now.
        request.body().check_limit()?;
        if let Some(data) = request.assigns().get::<Self>() {
            return Ok(data.clone());
        }
        let bytes = std::mem::take(request.body_mut()).read().await?;
        *request.body_mut() = Body::full(bytes.clone());
        Self::parse(request, &bytes)
    }

    /// As [`of`](Self::of), for what only looks on: `None` if the form can not be read, or is longer than may be read,
    /// and then the request is as it was, so that whoever takes the body tells why.
    pub async fn if_readable(request: &mut Request) -> Option<Self> {
        request.body().check_limit().ok()?;
        if let Some(data) = request.assigns().get::<Self>() {
            return Some(data.clone());
        }
        let bytes = request.body_mut().peek_all().await?;
        Self::parse(request, &bytes).ok()
    }

    fn parse(request: &mut Request, bytes: &[u8]) -> Result<Self> {
        let data = Self(Arc::new(urlencoded::parse(Place::Form, bytes)?));
        request.assigns_mut().insert(data.clone());
        Ok(data)
    }
}

impl<T: DeserializeOwned + Send> FromRequest<ViaBody> for Form<T> {
    async fn from_request(mut request: Request) -> Result<Self> {
        match request.media_type().filter(|media| media.is(URLENCODED)) {
            Some(media) => media.expect_utf8()?,
            None => return Err(Rejection::new(415, format!("Send the form as {URLENCODED}.")).into()),
        }
        let FormData(params) = FormData::of(&mut request).await?;
        drop(request);
        let params = Arc::unwrap_or_clone(params);
        params::from_form(params).map(Self).map_err(|error| error.into_rejection(Place::Form).into())
    }
}

impl<T: DeserializeOwned + Send> OptionalFromRequest for Form<T> {
    async fn from_request_if_any(request: Request) -> Result<Option<Self>> {
        if request.announces_body() { Self::from_request(request).await.map(Some) } else { Ok(None) }
    }
}
