//! [`Constructor`]: a function whose arguments are services, and which makes another one.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use super::from_services::{FromServices, Needs, Ready};
use crate::{Error, Result};

/// A function of at most ten arguments.
///
/// Which arguments it may have is another trait's matter ([`FromServices`]), and so is what it may return
/// ([`IntoService`]): so the compiler names the argument that is at fault. `M` tells functions and ways of returning
/// apart; it is never written.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not make a service",
    label = "no function that makes a service",
    note = "a constructor is a function of at most ten arguments, such as `fn new(config: Svc<Config>) -> Gallery`, or a closure that owns what it captures (`move`)"
)]
pub trait Constructor<M>: Send + Sync + 'static {
    /// The arguments, as a tuple.
    type Arguments;
    /// What it returns.
    type Output;

    /// Calls it.
    fn call(&self, arguments: Self::Arguments) -> Self::Output;
}

/// Takes the way of returning out of a [`Constructor`]'s marker.
pub trait Marker {
    /// The way of returning.
    type Via;
}

impl<Via, A> Marker for (Via, A) {
    type Via = Via;
}

/// The arguments of a constructor, together.
pub trait Arguments: Sized {
    /// Says what they need.
    fn needs(needs: &mut Needs);

    /// Makes them of what is ready.
    ///
    /// # Errors
    /// If one can not be had.
    fn from_services(ready: &mut Ready<'_>) -> Result<Self>;
}

macro_rules! constructor {
    ($($part:ident)*) => {
        impl<Fun, Out, Via, $($part,)*> Constructor<(Via, ($($part,)*))> for Fun
        where
            Fun: Fn($($part),*) -> Out + Send + Sync + 'static,
        {
            type Arguments = ($($part,)*);
            type Output = Out;

            #[allow(non_snake_case)]
            fn call(&self, ($($part,)*): ($($part,)*)) -> Out {
                self($($part),*)
            }
        }

        impl<$($part: FromServices),*> Arguments for ($($part,)*) {
            #[allow(unused_variables)]
            fn needs(needs: &mut Needs) {
                $($part::needs(needs);)*
            }

            #[allow(unused_variables, clippy::unused_unit)]
            fn from_services(ready: &mut Ready<'_>) -> Result<Self> {
                Ok(($($part::from_services(ready)?,)*))
            }
        }
    };
}
constructor!();
constructor!(A);
constructor!(A B);
constructor!(A B C);
constructor!(A B C D);
constructor!(A B C D E);
constructor!(A B C D E F);
constructor!(A B C D E F G);
constructor!(A B C D E F G H);
constructor!(A B C D E F G H I);
constructor!(A B C D E F G H I J);

/// What a constructor returns: a service, a `Result` of one, or a future of either.
///
/// `Via` tells these apart. A plain service needs no more; for the others the service's type must be said, since a
/// `Result` or a future could itself be meant: `services.singleton::<Mailer, _>(Mailer::connect)`.
#[diagnostic::on_unimplemented(
    message = "a constructor can not return `{Self}` here",
    label = "does not make a service, or not this one",
    note = "a constructor of `{T}` returns `{T}`, `Result<{T}, E>`, or is an `async fn` that does; a service is `Send + Sync + 'static`, and `E` anything that `?` turns into `zzz_core::Error`"
)]
pub trait IntoService<T, Via> {
    /// The service, or the way to it.
    fn into_building(self) -> Building<T>;
}

/// What an async constructor has in the end: a service, or a `Result` of one.
#[diagnostic::on_unimplemented(
    message = "an async constructor can not return `{Self}` here",
    label = "does not make a service, or not this one",
    note = "an async constructor of `{T}` returns `{T}` or `Result<{T}, E>`; a service is `Send + Sync + 'static`, and `E` anything that `?` turns into `zzz_core::Error`"
)]
pub trait Outcome<T, Via> {
    /// The service.
    ///
    /// # Errors
    /// The constructor's.
    fn into_result(self) -> Result<T>;
}

/// A service that is built, or will be.
pub enum Building<T> {
    /// It is there, or can not be had.
    Done(Result<T>),
    /// It will be there.
    Later(Pin<Box<dyn Future<Output = Result<T>> + Send>>),
}

impl<T: Send + 'static> Building<T> {
    /// Does something with the service as soon as it is there.
    pub(crate) fn map<U: Send + 'static>(self, then: fn(T) -> U) -> Building<U> {
        match self {
            Self::Done(result) => Building::Done(result.map(then)),
            Self::Later(future) => Building::Later(Box::pin(async move { future.await.map(then) })),
        }
    }
}

impl<T> std::fmt::Debug for Building<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Done(Ok(_)) => "Building::Done",
            Self::Done(Err(_)) => "Building::Done(error)",
            Self::Later(_) => "Building::Later",
        })
    }
}

/// A constructor that returns the service itself.
#[derive(Debug)]
pub enum Plain {}

/// A constructor that may fail.
#[derive(Debug)]
pub enum Fallible {}

/// A constructor that is not async.
#[derive(Debug)]
pub struct Now<Via>(PhantomData<Via>);

/// A constructor that is async.
#[derive(Debug)]
pub struct Async<Via>(PhantomData<Via>);

impl<T: Send + Sync + 'static> Outcome<T, Plain> for T {
    fn into_result(self) -> Result<T> {
        Ok(self)
    }
}

impl<T: Send + Sync + 'static, E: Into<Error>> Outcome<T, Fallible> for Result<T, E> {
    fn into_result(self) -> Result<T> {
        self.map_err(Into::into)
    }
}

impl<T, Via, R: Outcome<T, Via>> IntoService<T, Now<Via>> for R {
    fn into_building(self) -> Building<T> {
        Building::Done(self.into_result())
    }
}

impl<T, Via, F> IntoService<T, Async<Via>> for F
where
    T: Send + 'static,
    F: Future<Output: Outcome<T, Via>> + Send + 'static,
{
    fn into_building(self) -> Building<T> {
        Building::Later(Box::pin(async move { self.await.into_result() }))
    }
}
