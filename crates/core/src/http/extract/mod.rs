//! Extractors: what a handler's arguments are made of.
//!
//! [`FromRequestParts`] looks at everything but the body; [`FromRequest`] takes the body too and so can only be
//! a handler's last argument. [`Option`](OptionalFromRequestParts) and `Result<T, Rejection>` around one say what to do
//! when there is nothing, or nothing that fits.

mod assign;
mod body_stream;
mod client;
mod connect_info;
mod cookies;
mod form;
mod header;
mod json;
mod matched_route;
mod optional;
#[cfg(any(feature = "chrono", feature = "uuid"))]
mod param_types;
mod path;
mod query;
mod service;
#[cfg(test)]
mod tests;
mod whole;

pub use assign::Assign;
pub use body_stream::BodyStream;
pub use client::{ClientInfo, ClientIp, Host};
pub use connect_info::ConnectInfo;
pub use cookies::Cookies;
pub use form::{Form, FormData};
pub use header::{AcceptLanguage, Bearer, FromHeader, TypedHeader, UserAgent};
pub use json::Json;
pub use matched_route::MatchedRoute;
pub use optional::{OptionalFromRequest, OptionalFromRequestParts};
pub use path::{ParamShape, Path, PathParam, PathParams, PathShape, named_param};
pub use query::Query;

use std::future::Future;

use super::{Description, Parts, Request};
use crate::{Error, Result};

/// An argument that is made from a request without its body.
///
/// ```
/// use zzz_core::{Rejection, Result};
/// use zzz_core::http::{FromRequestParts, Parts};
///
/// struct ApiKey(String);
///
/// impl FromRequestParts for ApiKey {
///     async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
///         match parts.header("x-api-key") {
///             Some(key) => Ok(Self(key.to_owned())),
///             None => Err(Rejection::new(401, "Send your key in the header `x-api-key`.").into()),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be extracted from a request's head",
    label = "not an extractor",
    note = "use Path, Query, TypedHeader, Cookies, Assign, Svc, HeaderMap, Method, Uri, or implement `FromRequestParts`",
    note = "Form, Json, Multipart, Bytes, String, BodyStream and Request take the body: they must be the last argument"
)]
pub trait FromRequestParts: Sized {
    /// What it takes from the route's parameters, for checks at compile time; [`Path`] says it, and what wraps
    /// another extractor hands it on.
    const PATH: Option<&'static PathShape> = None;

    /// Says what it needs, before there is a request. What is said is checked when the app starts, so that a
    /// service that nobody registered is found there, and not by the first client.
    fn describe(_description: &mut Description) {}

    /// Makes the argument; an error is the response.
    ///
    /// # Errors
    /// A status and a message that say what is wrong with the request, best as a [`Rejection`](crate::Rejection).
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
    /// As [`FromRequestParts::PATH`].
    const PATH: Option<&'static PathShape> = None;

    /// Says what it needs, before there is a request. What is said is checked when the app starts, so that a
    /// service that nobody registered is found there, and not by the first client.
    fn describe(_description: &mut Description) {}

    /// Makes the argument; an error is the response.
    ///
    /// # Errors
    /// A status and a message that say what is wrong with the request, best as a [`Rejection`](crate::Rejection).
    fn from_request(request: Request) -> impl Future<Output = Result<Self>> + Send;

    /// As [`from_request`](Self::from_request), from the place where a handler has its request. What needs only the head
    /// leaves it there, which saves moving it.
    ///
    /// # Errors
    /// As those of [`from_request`](Self::from_request).
    fn from_request_in(request: &mut Request) -> impl Future<Output = Result<Self>> + Send {
        Self::from_request(std::mem::take(request))
    }
}

/// Marks an extractor that takes the body.
#[derive(Debug)]
pub enum ViaBody {}

/// Marks an extractor that needs only the head.
#[derive(Debug)]
pub enum ViaParts {}

impl<T: FromRequestParts> FromRequest<ViaParts> for T {
    const PATH: Option<&'static PathShape> = T::PATH;

    fn describe(description: &mut Description) {
        T::describe(description);
    }

    async fn from_request(mut request: Request) -> Result<Self> {
        T::from_request_parts(&mut request).await
    }

    fn from_request_in(request: &mut Request) -> impl Future<Output = Result<Self>> + Send {
        T::from_request_parts(request)
    }
}

/// The extractor's error is the handler's to deal with.
impl<T: FromRequestParts> FromRequestParts for Result<T, Error> {
    const PATH: Option<&'static PathShape> = T::PATH;

    fn describe(description: &mut Description) {
        description.optional(T::describe);
    }

    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        Ok(T::from_request_parts(parts).await)
    }
}

/// The extractor's error is the handler's to deal with.
impl<T: FromRequest<ViaBody>> FromRequest<ViaBody> for Result<T, Error> {
    fn describe(description: &mut Description) {
        description.optional(T::describe);
    }

    async fn from_request(request: Request) -> Result<Self> {
        Ok(T::from_request(request).await)
    }
}
