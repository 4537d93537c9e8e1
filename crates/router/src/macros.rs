//! `router!` and `routes!`, and what their expansions call.

use zzz_core::http::{Method, RouteHandler};

use crate::route::{Route, erased};
use crate::scope::{self, Scope};

/// The routes of an app, checked while it compiles.
#[doc = include_str!("docs/router.md")]
#[macro_export]
macro_rules! router {
    ($($tokens:tt)*) => {
        $crate::__private::router! { { $crate } [] $($tokens)* }
    };
}

/// Routes in a file of their own, for `include` in [`router!`](crate::router!).
///
/// The names of handlers are looked up where they stand: in the fragment's own module. Pipelines are the router's.
///
/// ```ignore
/// // src/router/admin.rs
/// zzz::routes! {
///     get "/" => dashboard as dashboard;
/// }
///
/// // src/router.rs
/// zzz::router! {
///     pipeline admin { require_admin }
///     scope "/admin" through admin, as: admin { include admin::routes; }
/// }
/// ```
#[macro_export]
macro_rules! routes {
    ($($tokens:tt)*) => {
        $crate::__private::routes! { { $crate } $($tokens)* }
    };
}

/// Adds routes to a scope: one of each line, as [`route`] reads it.
#[must_use]
pub fn rows(scope: Scope, file: &'static str, lines: &str, lists: &[&[RouteHandler]]) -> Scope {
    lines.lines().fold(scope, |scope, line| scope.route(route(file, line, lists)))
}

/// The route of a line: words with a tab between each, as `router!` writes them.
///
/// They are the line in the file; the methods, with a comma between each, none for every method; the path below the scope;
/// the numbers of the list and of the handler in it; and the route's name, if it has one.
#[must_use]
pub fn route(file: &'static str, line: &str, lists: &[&[RouteHandler]]) -> Route {
    let mut words = line.split('\t');
    let mut word = || words.next().unwrap_or_default();
    let line = word().parse().unwrap_or_default();
    let (methods, path) = (word(), word());
    let mut number = || word().parse::<usize>().unwrap_or_default();
    // The macro has made the lists too, so there is such a handler.
    let (list, at) = (number(), number());
    let handler = &lists[list][at];
    let name = words.next();
    // The macro lets through nothing but tokens, which is what a method is.
    let known = methods.split(',').filter_map(|method| Method::from_bytes(method.as_bytes()).ok());
    let methods = (!methods.is_empty()).then(|| known.collect());
    let route = erased(methods, path, handler.erase(), handler.name(), file, line);
    match name {
        Some(name) => route.name(name),
        None => route,
    }
}

/// Sets a scope's fallback.
#[must_use]
pub fn fallback(scope: Scope, handler: &RouteHandler, file: &'static str, line: u32) -> Scope {
    scope::erased_fallback(scope, handler.erase(), handler.name()).at(file, line)
}
