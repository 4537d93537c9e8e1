//! [`RouteHandler`]: a handler as `router!` sees it while the app compiles.
//!
//! `handler(&posts::show)` finds out how many arguments the function has, with nothing asked of them, and then asks one
//! thing of each argument, so that the compiler names what is at fault. `.shape()` says what they take from the path;
//! `.route()` asks of the output what a handler's must be.
//!
//! The two are constants of their own: a handler that makes a path with `path!` depends on the shapes of handlers, its
//! own among them, and whether its future is `Send` depends on the handler's body. In one constant that were a cycle.

use std::any::{Any, type_name};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use super::extract::PathShape;
use super::verified::Message;
use super::{
    AnyFn, Arguments, BoxHandler, Description, Handler, HandlerExt as _, IntoResponse, Request, Response,
};
use crate::{Error, Result};

/// A handler that fits [`Handler`], in a constant.
#[derive(Clone, Copy)]
pub struct RouteHandler {
    function: &'static (dyn Any + Send + Sync),
    erase: fn(&'static (dyn Any + Send + Sync)) -> BoxHandler,
    name: fn() -> &'static str,
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
        (self.erase)(self.function)
    }

    /// Its path in the program: `example_app::controllers::posts::show`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        (self.name)()
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
pub struct Inspected<F: 'static, Args, Via> {
    function: &'static F,
    args: PhantomData<fn(Args, Via)>,
}

/// Looks at a handler.
#[must_use]
pub const fn handler<F, Args, Via>(function: &'static F) -> Inspected<F, Args, Via>
where
    F: AnyFn<Args>,
    Args: Arguments<Via>,
{
    Inspected { function, args: PhantomData }
}

impl<F, Args, Via> Inspected<F, Args, Via> {
    /// What it takes from the path.
    #[must_use]
    pub const fn shape(&self) -> HandlerShape
    where
        Args: Arguments<Via>,
    {
        HandlerShape { missing: Args::MISSING, paths: Args::PATHS }
    }

    /// The handler for a route.
    #[must_use]
    pub const fn route(&self) -> RouteHandler
    where
        F: AnyFn<Args>,
        Args: Arguments<Via>,
        Via: 'static,
        F::Output: HandlerFuture + Send + 'static,
        <F::Output as HandlerFuture>::Response: IntoResponse,
    {
        RouteHandler { function: self.function, erase: erase::<F, Args, Via>, name: type_name::<F> }
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

fn erase<F, Args, Via>(function: &'static (dyn Any + Send + Sync)) -> BoxHandler
where
    F: AnyFn<Args>,
    Args: Arguments<Via>,
    Via: 'static,
    F::Output: Future<Output: IntoResponse> + Send + 'static,
{
    match function.downcast_ref::<F>() {
        Some(function) => Routed { function: function.clone(), args: PhantomData::<fn(Args, Via)> }.erase(),
        // `function` is the one that stands beside this very `erase`.
        None => lost.erase(),
    }
}

async fn lost() -> Response {
    Error::internal("a route lost its handler").into_response()
}

/// What stands for an action that the module of a `resources` does not have.
#[derive(Debug, Clone, Copy)]
pub struct Missing;

/// The arguments of no function.
#[derive(Debug)]
pub struct NoFunction;

/// Nothing is checked here; [`Complete`] tells what is missing.
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

/// Whether a module has all the functions that its `resources` asks for.
#[derive(Debug)]
pub struct Complete {
    module: &'static str,
    actions: &'static [&'static str],
}

impl Complete {
    /// The module as it is written, and the functions that it must have.
    #[must_use]
    pub const fn new(module: &'static str, actions: &'static [&'static str]) -> Self {
        Self { module, actions }
    }

    /// Checks the handlers that were found for the actions; if one is missing, that is a compile error at the caller.
    #[track_caller]
    #[allow(clippy::panic, reason = "in a constant a panic is a compile error")]
    pub const fn check(self, handlers: &[HandlerShape]) {
        let mut absent = 0;
        let mut message = Message::new().text("`").text(self.module).text("` has no public function ");
        let mut at = 0;
        while at < handlers.len() {
            if handlers[at].missing {
                message =
                    message.text(if absent == 0 { "`" } else { ", `" }).text(self.actions[at]).text("`");
                absent += 1;
            }
            at += 1;
        }
        if absent == 0 {
            return;
        }
        let present = handlers.len() - absent;
        let only = present > 0 && present < absent;
        message = message
            .text("; write ")
            .text(if absent == 1 { "it" } else { "them" })
            .text(", or leave ")
            .text(if absent == 1 { "the route" } else { "the routes" })
            .text(" out with `")
            .text(if only { "only: [" } else { "except: [" });
        let (mut at, mut listed) = (0, 0);
        while at < handlers.len() {
            if handlers[at].missing != only {
                message = message.text(if listed == 0 { "" } else { ", " }).text(self.actions[at]);
                listed += 1;
            }
            at += 1;
        }
        message = message.text("]`");
        panic!("{}", message.as_str());
    }
}
