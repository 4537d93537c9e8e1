//! [`Query`]: the query string.

use serde::de::DeserializeOwned;

use super::FromRequestParts;
use crate::Result;
use crate::http::{Parts, urlencoded};
use crate::params;

/// The query string as a `T`: a struct, a map, or [`Params`](crate::Params). A query string that does not fit
/// is answered with 400 and the parameter's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts for Query<T> {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        let params = urlencoded::parse(parts.query().unwrap_or_default().as_bytes())?;
        params::from_text(params).map(Self).map_err(|error| error.into_error(400, "The query parameter"))
    }
}
