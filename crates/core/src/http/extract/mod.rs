//! Extractors: what a handler's arguments are made of.
//!
//! [`FromRequestParts`] looks at everything but the body; [`FromRequest`] takes the body too and so can only be
//! a handler's last argument.

mod assign;
mod body_stream;
mod form;
mod json;
mod path;
mod query;
mod service;
#[cfg(test)]
mod tests;
mod whole;

pub use assign::Assign;
pub use body_stream::BodyStream;
pub use form::{Form, FormData};
pub use json::Json;
pub use path::{Path, PathParam, PathValues};
pub use query::Query;
pub use service::Service;

use std::future::Future;

use super::{Parts, Request};
use crate::{Error, Result};

/// An argument that is made from a request without its body.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be extracted from a request's head",
    label = "not an extractor",
    note = "use Path, Query, Assign, Svc, HeaderMap, Method, Uri, RequestId, or implement `FromRequestParts`",
    note = "Form, Json, Bytes, String and Request take the body: they must be the last argument"
)]
pub trait FromRequestParts: Sized {
    /// Makes the argument; an error is the response.
    ///
    /// # Errors
    /// A status and a message that say what is wrong with the request.
    fn from_request_parts(parts: &mut Parts) -> impl Future<Output = Result<Self>> + Send;
}

/// An argument that is made from a whole request.
///
/// `Via` tells the two ways apart and is never written: every [`FromRequestParts`] is a `FromRequest<ViaParts>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be extracted from a request",
    label = "not an extractor",
    note = "use one of zzz's extractors (Path, Query, Form, Json, Assign, Svc, ...) or implement `FromRequestParts` or `FromRequest`"
)]
pub trait FromRequest<Via = ViaBody>: Sized {
    /// Makes the argument; an error is the response.
    ///
    /// # Errors
    /// A status and a message that say what is wrong with the request.
    fn from_request(request: Request) -> impl Future<Output = Result<Self>> + Send;
}

/// Marks an extractor that takes the body.
#[derive(Debug)]
pub enum ViaBody {}

/// Marks an extractor that needs only the head.
#[derive(Debug)]
pub enum ViaParts {}

impl<T: FromRequestParts> FromRequest<ViaParts> for T {
    async fn from_request(mut request: Request) -> Result<Self> {
        T::from_request_parts(&mut request).await
    }
}

/// The extractor's error is the handler's to deal with.
impl<T: FromRequestParts> FromRequestParts for Result<T, Error> {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        Ok(T::from_request_parts(parts).await)
    }
}

/// The extractor's error is the handler's to deal with.
impl<T: FromRequest<ViaBody>> FromRequest<ViaBody> for Result<T, Error> {
    async fn from_request(request: Request) -> Result<Self> {
        Ok(T::from_request(request).await)
    }
}
