//! [`Json`]: a JSON body, in both directions.

use serde::de::DeserializeOwned;

use super::{FromRequest, ViaBody};
use crate::http::Request;
use crate::http::format::is_json;
use crate::{Error, Result};

/// A JSON document: as an argument, the request's body as a `T`; as a response, `T` as `application/json`.
///
/// A body that is not `application/json` (or `+json`) is answered with 415, one that is no JSON with 400 and
/// the line and column, one that is JSON of another shape with 422 and what was expected where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<ViaBody> for Json<T> {
    async fn from_request(request: Request) -> Result<Self> {
        if !request.content_type().is_some_and(|media| is_json(&media)) {
            return Err(Error::new(415, "Send the body as application/json."));
        }
        let (_, body) = request.into_parts();
        let bytes = body.read().await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| rejection(&error))
    }
}

fn rejection(error: &serde_json::Error) -> Error {
    let status = if error.is_data() { 422 } else { 400 };
    let what = if error.is_data() { "does not have the expected shape" } else { "is not valid JSON" };
    Error::new(status, format!("The body {what}: {error}."))
}
