//! Extractors without a type of their own: the request itself, its body, and the plain parts of its head.

use ::http::{HeaderMap, Method, Uri, Version};
use bytes::Bytes;

use super::{FromRequest, FromRequestParts, OptionalFromRequest, ViaBody};
use crate::http::{Body, Parts, Request, RequestId};
use crate::{Error, Rejection, Result};

impl FromRequest<ViaBody> for Request {
    async fn from_request(request: Request) -> Result<Self> {
        Ok(request)
    }
}

impl FromRequest<ViaBody> for Body {
    async fn from_request(request: Request) -> Result<Self> {
        Ok(request.into_parts().1)
    }
}

impl FromRequest<ViaBody> for Bytes {
    async fn from_request(request: Request) -> Result<Self> {
        Ok(request.into_parts().1.read().await?)
    }
}

/// The body as a text. One that says that it is in another encoding than UTF-8 is answered with 415, bytes that are not
/// UTF-8 with 400.
impl FromRequest<ViaBody> for String {
    async fn from_request(request: Request) -> Result<Self> {
        if let Some(media) = request.media_type() {
            media.expect_utf8()?;
        }
        let bytes = Bytes::from_request(request).await?;
        Self::from_utf8(bytes.into()).map_err(|_| Rejection::new(400, "The body is not valid UTF-8.").into())
    }
}

macro_rules! optional {
    ($($type:ty),*) => {$(
        /// `None` for a request without a body and without a `Content-Type`.
        impl OptionalFromRequest for $type {
            async fn from_request_if_any(request: Request) -> Result<Option<Self>> {
                if request.announces_body() { Self::from_request(request).await.map(Some) } else { Ok(None) }
            }
        }
    )*};
}
optional!(Bytes, String);

macro_rules! from_parts {
    ($($type:ty => |$parts:ident| $value:expr),* $(,)?) => {$(
        impl FromRequestParts for $type {
            async fn from_request_parts($parts: &mut Parts) -> Result<Self> {
                Ok($value)
            }
        }
    )*};
}
from_parts! {
    Method => |parts| parts.method().clone(),
    Uri => |parts| parts.uri().clone(),
    HeaderMap => |parts| parts.headers().clone(),
    Version => |parts| parts.version(),
}

impl FromRequestParts for RequestId {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        parts
            .id()
            .cloned()
            .ok_or_else(|| Error::internal("the request has no id: it did not pass an endpoint"))
    }
}
