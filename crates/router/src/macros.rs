//! `router!` and `routes!`, and what their expansions call.

use zzz_core::http::Method;
use zzz_core::http::inspect::RouteHandler;

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

/// The handlers of a table, in groups.
#[derive(Debug)]
pub struct RouteHandlers(Vec<HandlerGroup>);

/// Handlers that are compiled together, in lists.
#[derive(Debug, Default)]
pub struct HandlerGroup(Vec<Vec<RouteHandler>>);

impl RouteHandlers {
    /// What the functions of all groups make.
    #[must_use]
    pub fn new(groups: &[fn(&mut HandlerGroup)]) -> Self {
        let made = groups.iter().map(|make| {
            let mut group = HandlerGroup::default();
            make(&mut group);
            group
        });
        Self(made.collect())
    }

    /// The handler of this place: the numbers of its group and list, and its place there, with a space between each.
    fn at(&self, place: &str) -> &RouteHandler {
        let mut numbers = place.split(' ').map(|number| number.parse::<usize>().unwrap_or_default());
        let mut number = || numbers.next().unwrap_or_default();
        // The macro has made the lists too, so there is such a handler.
        let HandlerGroup(lists) = &self.0[number()];
        &lists[number()][number()]
    }
}

impl HandlerGroup {
    /// Adds a list.
    pub fn list(&mut self, handlers: &[RouteHandler]) {
        self.0.push(handlers.to_vec());
    }
}

/// Adds routes to a scope: one of each line, as [`route`] reads it.
#[must_use]
pub fn rows(scope: Scope, file: &'static str, lines: &str, handlers: &RouteHandlers) -> Scope {
    lines.lines().fold(scope, |scope, line| scope.route(route(file, line, handlers)))
}

/// The route of a line: words with a tab between each, as `router!` writes them.
///
/// They are the line in the file; the methods, with a comma between each, none for every method; the path below the scope;
/// the place of the handler; and the route's name, if it has one.
#[must_use]
pub fn route(file: &'static str, line: &str, handlers: &RouteHandlers) -> Route {
    let mut words = line.split('\t');
    let mut word = || words.next().unwrap_or_default();
    let line = word().parse().unwrap_or_default();
    let (methods, path, handler) = (word(), word(), handlers.at(word()));
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
pub fn fallback(scope: Scope, handlers: &RouteHandlers, place: &str, file: &'static str, line: u32) -> Scope {
    let handler = handlers.at(place);
    scope::erased_fallback(scope, handler.erase(), handler.name()).at(file, line)
}
