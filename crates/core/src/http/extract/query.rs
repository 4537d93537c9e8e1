//! [`Query`]: the query string.

use serde::de::DeserializeOwned;

use super::{FromRequestParts, OptionalFromRequestParts};
use crate::http::{Parts, urlencoded};
use crate::{Place, Result, params};

/// The query string as a `T`: a struct, a map, or [`Params`](crate::Params).
///
/// Names nest (`filter[tag]=a`, `ids[]=1&ids[]=2`), the last of two values of a name wins, and texts become numbers,
/// booleans and options as [`from_text`](params::from_text) says. What does not fit, malformed escapes and bytes that
/// are not UTF-8 are answered with 400 and the parameter's name, more than [`MAX_PAIRS`](urlencoded::MAX_PAIRS)
/// parameters with 400 too.
///
/// `Option<Query<T>>` is `None` without a query string, and with an empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts for Query<T> {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        let params = urlencoded::parse(Place::Query, parts.query().unwrap_or_default().as_bytes())?;
        params::from_text(params).map(Self).map_err(|error| error.into_rejection(Place::Query).into())
    }
}

impl<T: DeserializeOwned + Send> OptionalFromRequestParts for Query<T> {
    async fn from_request_parts_if_any(parts: &mut Parts) -> Result<Option<Self>> {
        match parts.query() {
            None | Some("") => Ok(None),
            Some(_) => Self::from_request_parts(parts).await.map(Some),
        }
    }
}
