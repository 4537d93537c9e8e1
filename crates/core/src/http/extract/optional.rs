//! Arguments that may be absent, and arguments that may be refused: `Option<T>` and `Result<T, Rejection>`.
//!
//! `Option` is about absence alone: what is there and wrong is refused as without it (as in axum 0.8). `Result` hands
//! every mistake of the client to the handler; what is the app's own fault (a status of 500 or above) is answered as
//! without it.

use std::future::Future;
use std::marker::PhantomData;

use super::{FromRequest, FromRequestParts, PathShape, ViaBody};
use crate::http::{Description, Parts, Request};
use crate::{Error, Rejection, Result};

/// What `Option<T>` needs to be an argument that is made from a request without its body.
#[diagnostic::on_unimplemented(
    message = "`Option<{Self}>` can not be extracted from a request's head",
    label = "is never absent, or does not say when it is",
    note = "take `{Self}` itself, `Result<{Self}, Rejection>`, or implement `OptionalFromRequestParts`"
)]
pub trait OptionalFromRequestParts: FromRequestParts {
    /// Makes the argument; `None` if the request has nothing of it.
    ///
    /// # Errors
    /// If there is something and it is wrong.
    fn from_request_parts_if_any(parts: &mut Parts) -> impl Future<Output = Result<Option<Self>>> + Send;
}

/// What `Option<T>` needs to be an argument that is made from a whole request.
#[diagnostic::on_unimplemented(
    message = "`Option<{Self}>` can not be extracted from a request",
    label = "is never absent, or does not say when it is",
    note = "take `{Self}` itself, `Result<{Self}, Rejection>`, or implement `OptionalFromRequest`"
)]
pub trait OptionalFromRequest: FromRequest<ViaBody> {
    /// Makes the argument; `None` if the request has no body.
    ///
    /// # Errors
    /// If there is one and it is wrong.
    fn from_request_if_any(request: Request) -> impl Future<Output = Result<Option<Self>>> + Send;
}

/// What an argument takes from a path that need not have it.
struct OrNone<T>(PhantomData<T>);

impl<T: OptionalFromRequestParts> OrNone<T> {
    const SHAPE: PathShape = match T::PATH {
        Some(shape) => shape.or_none(),
        None => PathShape::NOTHING,
    };
}

impl<T: OptionalFromRequestParts> FromRequestParts for Option<T> {
    const PATH: Option<&'static PathShape> = match T::PATH {
        Some(_) => Some(&OrNone::<T>::SHAPE),
        None => None,
    };

    fn describe(description: &mut Description) {
        description.optional(T::describe);
    }

    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        T::from_request_parts_if_any(parts).await
    }
}

impl<T: OptionalFromRequest> FromRequest<ViaBody> for Option<T> {
    const PATH: Option<&'static PathShape> = T::PATH;

    fn describe(description: &mut Description) {
        description.optional(T::describe);
    }

    async fn from_request(request: Request) -> Result<Self> {
        T::from_request_if_any(request).await
    }
}

/// What the extractor does not take is the handler's to deal with.
impl<T: FromRequestParts> FromRequestParts for Result<T, Rejection> {
    const PATH: Option<&'static PathShape> = T::PATH;

    fn describe(description: &mut Description) {
        T::describe(description);
    }

    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        sorted(T::from_request_parts(parts).await)
    }
}

/// What the extractor does not take is the handler's to deal with.
impl<T: FromRequest<ViaBody>> FromRequest<ViaBody> for Result<T, Rejection> {
    const PATH: Option<&'static PathShape> = T::PATH;

    fn describe(description: &mut Description) {
        T::describe(description);
    }

    async fn from_request(request: Request) -> Result<Self> {
        sorted(T::from_request(request).await)
    }
}

fn sorted<T>(result: Result<T>) -> Result<Result<T, Rejection>, Error> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => Rejection::of_error(error).map(Err),
    }
}
