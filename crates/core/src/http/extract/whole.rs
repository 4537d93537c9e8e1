//! Extractors without a type of their own: the request itself, its body, and the plain parts of its head.

use std::sync::Arc;

use ::http::{HeaderMap, Method, Uri};
use bytes::Bytes;

use super::{FromRequest, FromRequestParts, ViaBody};
use crate::http::{Body, Parts, Request, RequestId, RouteInfo};
use crate::{Error, Result};

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

impl FromRequest<ViaBody> for String {
    async fn from_request(request: Request) -> Result<Self> {
        let bytes = Bytes::from_request(request).await?;
        Self::from_utf8(bytes.into()).map_err(|_| Error::bad_request("The body is not valid UTF-8."))
    }
}

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
}

impl FromRequestParts for RequestId {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        parts
            .id()
            .cloned()
            .ok_or_else(|| Error::internal("the request has no id: it did not pass an endpoint"))
    }
}

impl FromRequestParts for Arc<RouteInfo> {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        parts
            .route()
            .cloned()
            .ok_or_else(|| Error::internal("the request has no route: it did not pass a router"))
    }
}
