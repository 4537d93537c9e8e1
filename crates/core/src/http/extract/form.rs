//! [`Form`]: a form's fields; [`FormData`]: the same, parsed once and kept on the request.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{FromRequest, ViaBody};
use crate::http::{Body, Request, urlencoded};
use crate::params::{self, Params};
use crate::{Error, Result};

/// The media type of HTML forms.
const URLENCODED: &str = "application/x-www-form-urlencoded";

/// The fields of an urlencoded form as a `T`: a struct, a map, or [`Params`].
///
/// Another media type is answered with 415, a field that does not fit with 422 and the field's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form<T>(pub T);

/// The fields of a form, parsed once: method override, CSRF protection and [`Form`] share them.
#[derive(Debug, Clone)]
pub struct FormData(pub Arc<Params>);

impl FormData {
    /// Whether the request says that its body is an urlencoded form.
    #[must_use]
    pub fn is_form(request: &Request) -> bool {
        request.content_type().is_some_and(|media| media == URLENCODED)
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
        let data = Self(Arc::new(urlencoded::parse(&bytes)?));
        *request.body_mut() = Body::full(bytes);
        request.assigns_mut().insert(data.clone());
        Ok(data)
    }
}

impl<T: DeserializeOwned + Send> FromRequest<ViaBody> for Form<T> {
    async fn from_request(mut request: Request) -> Result<Self> {
        if !FormData::is_form(&request) {
            return Err(Error::new(415, format!("Send the form as {URLENCODED}.")));
        }
        let FormData(params) = FormData::of(&mut request).await?;
        drop(request);
        let params = Arc::unwrap_or_clone(params);
        params::from_text(params).map(Self).map_err(|error| error.into_error(422, "The field"))
    }
}
