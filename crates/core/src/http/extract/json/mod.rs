//! [`Json`]: a JSON body, in both directions.

mod rejection;
mod strict;
#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;

use super::{FromRequest, OptionalFromRequest, ViaBody};
use crate::http::Request;
use crate::{Rejection, Result};

/// A JSON document: as an argument, the request's body as a `T`; as a response, `T` as `application/json`.
///
/// | a body that | is answered with |
/// |---|---|
/// | is not `application/json` or `+json`, or says that it is not in UTF-8 | 415 |
/// | is no JSON (RFC 8259), nests more than 127 deep, has a number beyond what a `f64` holds, or is not UTF-8 | 400, with line and column |
/// | has two members of one name in an object (RFC 7493, section 2.3) | 422, with the field |
/// | is JSON that does not fit `T` | 422, with the field (`post.tags[2].name`), what was expected and what came |
/// | is longer than the route's limit | 413 |
///
/// All of it is held to this, also what `T` passes over. `Option<Json<T>>` is `None` for a request without a body and
/// without a `Content-Type`; `Json<Option<T>>` is `None` for `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<ViaBody> for Json<T> {
    async fn from_request(request: Request) -> Result<Self> {
        let bytes = rejection::body(request).await?;
        let text = rejection::text(&bytes)?;
        match serde_json::from_str(text) {
            Ok(value) => {
                strict::check(text)?;
                Ok(Self(value))
            }
            Err(error) if error.is_data() => {
                strict::check(text)?;
                // Keeping track of the path takes longer than reading does, so it is done only now.
                let reader = &mut serde_json::Deserializer::from_str(text);
                let path = serde_path_to_error::deserialize::<_, T>(reader).err();
                Err(rejection::of_shape(&error, path.as_ref().map(serde_path_to_error::Error::path)).into())
            }
            Err(error) => Err(rejection::of_syntax(&error).into()),
        }
    }
}

impl<T: DeserializeOwned> OptionalFromRequest for Json<T> {
    async fn from_request_if_any(request: Request) -> Result<Option<Self>> {
        if request.announces_body() { Self::from_request(request).await.map(Some) } else { Ok(None) }
    }
}

/// Refuses what is not announced as JSON.
fn expect_json(request: &Request) -> Result<()> {
    match request.media_type().filter(|media| media.is_json()) {
        Some(media) => media.expect_utf8(),
        None => Err(Rejection::new(415, "Send the body as application/json.").into()),
    }
}
