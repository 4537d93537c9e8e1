//! [`Arguments`]: what a handler is called with; [`AnyFn`]: a function that can be called with it.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::extract::PathShape;
use super::{Description, FromRequest, FromRequestParts, IntoResponse, Request};
use crate::{Error, Result};

/// A function of up to ten arguments, whatever they are.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be used as a handler",
    label = "not a function of up to ten arguments",
    note = "a handler is an `async fn` whose arguments are extractors"
)]
pub trait AnyFn<Args>: Clone + Send + Sync + 'static {
    /// What it returns.
    type Output;

    /// Calls it.
    fn call(self, args: Args) -> Self::Output;
}

/// The arguments of a handler together: every one can be extracted, and only the last takes the body.
///
/// Handlers whose arguments have the same types share the code that makes them, which is most of what there is to
/// compile of a handler.
pub trait Arguments<Via>: Sized + Send + 'static {
    /// What each takes from the path.
    const PATHS: &'static [Option<&'static PathShape>];

    /// Whether there is no function.
    const MISSING: bool = false;

    /// Says what they need, before there is a request.
    fn describe(description: &mut Description);

    /// Makes them.
    ///
    /// # Errors
    /// That of the first that refuses.
    fn from_request_in(request: &mut Request) -> impl Future<Output = Result<Self>> + Send;

    /// Answers a request with a function of these arguments; takes the request out of its place if it needs it.
    // No `async fn`: that would have a place for the request as it comes, and another for when it is used.
    fn answer<F>(
        function: F,
        request: &mut Request,
    ) -> impl Future<Output: IntoResponse> + Send + use<F, Self, Via>
    where
        F: AnyFn<Self>,
        F::Output: Future<Output: IntoResponse> + Send + 'static,
    {
        let mut request = mem::take(request);
        async move {
            let arguments = Self::from_request_in(&mut request).await?;
            drop(request);
            Ok::<_, Error>(function.call(arguments).await)
        }
    }
}

impl<F, Fut> AnyFn<()> for F
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
{
    type Output = Fut;
    fn call(self, (): ()) -> Fut {
        self()
    }
}

impl Arguments<()> for () {
    const PATHS: &'static [Option<&'static PathShape>] = &[];

    fn describe(_: &mut Description) {}

    async fn from_request_in(_: &mut Request) -> Result<Self> {
        Ok(())
    }

    #[inline(always)]
    fn answer<F>(function: F, request: &mut Request) -> impl Future<Output: IntoResponse> + Send + use<F>
    where
        F: AnyFn<Self>,
        F::Output: Future<Output: IntoResponse> + Send + 'static,
    {
        // It asks for nothing, so what it does not need is not moved along. A body is held till the end: to let go of
        // one before it has come tells the server to give up on the connection.
        let unread = (!request.body().is_empty()).then(|| Box::new(mem::take(request)));
        Bare { function, work: None, _unread: unread }
    }
}

pin_project_lite::pin_project! {
    /// The future of a handler without arguments.
    struct Bare<F, Fut> {
        function: F,
        // What the handler does. It begins with the first poll, which is guarded against panics.
        #[pin]
        work: Option<Fut>,
        _unread: Option<Box<Request>>,
    }
}

impl<F: AnyFn<(), Output = Fut>, Fut: Future> Future for Bare<F, Fut> {
    type Output = Fut::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Fut::Output> {
        let mut this = self.project();
        if this.work.is_none() {
            this.work.set(Some(this.function.clone().call(())));
        }
        match this.work.as_pin_mut() {
            Some(work) => work.poll(cx),
            None => Poll::Pending,
        }
    }
}

impl<F, Fut, A> AnyFn<(A,)> for F
where
    F: Fn(A) -> Fut + Clone + Send + Sync + 'static,
{
    type Output = Fut;
    fn call(self, (argument,): (A,)) -> Fut {
        self(argument)
    }
}

impl<A, Via> Arguments<Via> for (A,)
where
    A: FromRequest<Via> + Send + 'static,
    Via: 'static,
{
    const PATHS: &'static [Option<&'static PathShape>] = &[A::PATH];

    fn describe(description: &mut Description) {
        description.take_paths(Self::PATHS);
        A::describe(description);
    }

    async fn from_request_in(request: &mut Request) -> Result<Self> {
        Ok((A::from_request_in(request).await?,))
    }

    // Without the tuple around it there is one future less.
    fn answer<F>(
        function: F,
        request: &mut Request,
    ) -> impl Future<Output: IntoResponse> + Send + use<F, A, Via>
    where
        F: AnyFn<Self>,
        F::Output: Future<Output: IntoResponse> + Send + 'static,
    {
        let mut request = mem::take(request);
        async move {
            let argument = A::from_request_in(&mut request).await?;
            drop(request);
            Ok::<_, Error>(function.call((argument,)).await)
        }
    }
}

macro_rules! arguments {
    ($($part:ident),+; $last:ident) => {
        impl<F, Fut, $($part,)+ $last> AnyFn<($($part,)+ $last,)> for F
        where
            F: Fn($($part,)+ $last) -> Fut + Clone + Send + Sync + 'static,
        {
            type Output = Fut;
            #[allow(non_snake_case)]
            fn call(self, ($($part,)+ $last,): ($($part,)+ $last,)) -> Fut {
                self($($part,)+ $last)
            }
        }

        impl<Via, $($part,)+ $last> Arguments<Via> for ($($part,)+ $last,)
        where
            $($part: FromRequestParts + Send + 'static,)+
            $last: FromRequest<Via> + Send + 'static,
            Via: 'static,
        {
            const PATHS: &'static [Option<&'static PathShape>] = &[$($part::PATH,)+ $last::PATH];

            fn describe(description: &mut Description) {
                description.take_paths(Self::PATHS);
                $($part::describe(description);)+
                $last::describe(description);
            }

            #[allow(non_snake_case)]
            async fn from_request_in(request: &mut Request) -> Result<Self> {
                $(let $part = $part::from_request_parts(request).await?;)+
                Ok(($($part,)+ $last::from_request_in(request).await?,))
            }
        }
    };
}

arguments!(A; B);
arguments!(A, B; C);
arguments!(A, B, C; D);
arguments!(A, B, C, D; E);
arguments!(A, B, C, D, E; G);
arguments!(A, B, C, D, E, G; H);
arguments!(A, B, C, D, E, G, H; I);
arguments!(A, B, C, D, E, G, H, I; J);
arguments!(A, B, C, D, E, G, H, I, J; K);
