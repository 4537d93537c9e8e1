//! [`RouteHandler`]: a handler as `router!` sees it while the app compiles.
//!
//! `handler(posts::show)` finds out how many arguments the function has, with nothing asked of them, and then asks one
//! thing of each argument, so that the compiler names what is at fault. `.shape` is what they take from the path;
//! `.route()` asks of the output what a handler's must be.
//!
//! The two are asked in two places: a handler that makes a path with `path!` depends on the shapes of handlers, its
//! own among them, and whether its future is `Send` depends on the handler's body. In one place that were a cycle.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use super::extract::PathShape;
use super::{AnyFn, Arguments, BoxHandler, Description, Handler, HandlerExt as _, IntoResponse, Request};
use crate::Result;

/// A handler that fits its route, with its type erased.
#[derive(Clone)]
pub struct RouteHandler {
    handler: BoxHandler,
    name: &'static str,
}

/// What a handler takes from the path.
#[derive(Debug, Clone, Copy)]
pub struct HandlerShape {
    pub(crate) missing: bool,
    /// What each argument takes.
    pub(crate) paths: &'static [Option<&'static PathShape>],
}

impl RouteHandler {
    /// The handler for a router, its type erased as every handler's is.
    #[must_use]
    pub fn erase(&self) -> BoxHandler {
        self.handler.clone()
    }

    /// Its path in the program: `example_app::controllers::posts::show`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Debug for RouteHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RouteHandler").field(&self.name()).finish()
    }
}

/// What an `async fn` returns.
#[diagnostic::on_unimplemented(
    message = "a handler must be async, but this one returns `{Self}`, which is no future",
    label = "write `async fn`"
)]
pub trait HandlerFuture: Future<Output = Self::Response> {
    /// What comes of it.
    type Response;
}

#[diagnostic::do_not_recommend]
impl<F: Future> HandlerFuture for F {
    type Response = F::Output;
}

/// A handler whose arguments are known.
#[derive(Debug)]
pub struct Inspected<F, Args, Via> {
    /// What it takes from the path.
    // A field, since a call in a constant has a price for each handler.
    pub shape: HandlerShape,
    function: F,
    args: PhantomData<fn(Args, Via)>,
}

/// Looks at a handler.
#[must_use]
pub const fn handler<F, Args, Via>(function: F) -> Inspected<F, Args, Via>
where
    F: AnyFn<Args>,
    Args: Arguments<Via>,
{
    Inspected {
        shape: HandlerShape { missing: Args::MISSING, paths: Args::PATHS },
        function,
        args: PhantomData,
    }
}

impl<F, Args, Via> Inspected<F, Args, Via> {
    /// The handler for a route.
    #[must_use]
    pub fn route(self) -> RouteHandler
    where
        F: AnyFn<Args>,
        Args: Arguments<Via>,
        Via: 'static,
        F::Output: HandlerFuture + Send + 'static,
        <F::Output as HandlerFuture>::Response: IntoResponse,
    {
        let routed = Routed { function: self.function, args: PhantomData::<fn(Args, Via)> };
        RouteHandler { handler: routed.erase(), name: type_name::<F>() }
    }
}

/// A function with its arguments, as a [`Handler`].
struct Routed<F, Args, Via> {
    function: F,
    args: PhantomData<fn(Args, Via)>,
}

impl<F: Clone, Args, Via> Clone for Routed<F, Args, Via> {
    fn clone(&self) -> Self {
        Self { function: self.function.clone(), args: PhantomData }
    }
}

/// Tells [`Routed`] from plain functions.
enum ByArguments {}

impl<F, Args, Via> Handler<ByArguments> for Routed<F, Args, Via>
where
    F: AnyFn<Args>,
    Args: Arguments<Via>,
    Via: 'static,
    F::Output: Future<Output: IntoResponse> + Send + 'static,
{
    fn describe(description: &mut Description) {
        Args::describe(description);
    }

    fn call(self, request: &mut Request) -> impl Future<Output: IntoResponse> + Send + 'static {
        Args::answer(self.function, request)
    }
}

/// What stands for an action that the module of a `resources` does not have.
#[derive(Debug, Clone, Copy)]
pub struct Missing;

/// The arguments of no function.
#[derive(Debug)]
pub struct NoFunction;

/// Nothing is checked here; [`Checks`](super::verified::Checks) tells what is missing.
#[diagnostic::do_not_recommend]
impl AnyFn<NoFunction> for Missing {
    type Output = std::future::Ready<()>;
    fn call(self, _: NoFunction) -> Self::Output {
        std::future::ready(())
    }
}

#[diagnostic::do_not_recommend]
impl Arguments<()> for NoFunction {
    const PATHS: &'static [Option<&'static PathShape>] = &[];
    const MISSING: bool = true;

    fn describe(_: &mut Description) {}

    async fn from_request_in(_: &mut Request) -> Result<Self> {
        Ok(Self)
    }
}

/// The actions that a `resources` may have; a glob import of the app's own module goes before them.
#[allow(non_upper_case_globals, reason = "they stand for functions")]
pub mod missing {
    use super::Missing;

    macro_rules! actions {
        ($($name:ident)*) => {$(
            #[doc = concat!("No `", stringify!($name), "`.")]
            pub const $name: Missing = Missing;
        )*};
    }
    actions!(index new create show edit update delete);

    /// What the name of a module is where a value is wanted.
    pub const __zzz_module: () = ();
}
