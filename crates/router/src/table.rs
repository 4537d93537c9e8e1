//! [`RouteTable`]: the built table, and how a request finds its route in it.

use std::borrow::Cow;
use std::sync::Arc;

use zzz_core::Error;
use zzz_core::http::forwarded::{self, AskedHost};
use zzz_core::http::{
    Folder, Format, IntoResponse, Limits, Method, ParamPlaces, Request, Response, RouteInfo, Stack,
    StatusCode, header,
};
use zzz_core::services::{Need, Requirement};

use crate::encoding;
use crate::hosts::Hosts;
use crate::paths::{Lookup, Paths};
use crate::preset::Preset;
use crate::slash::{self, TrailingSlash};
use crate::tree::Hit;

/// The routes of an app, ready for matching.
pub struct RouteTable {
    pub(crate) entries: Vec<Entry>,
    /// The paths of all hosts.
    pub(crate) main: Paths,
    /// The paths of those hosts that have some of their own, which are asked first.
    pub(crate) hosts: Option<Box<Hosts>>,
    /// Every route, in the order of declaration.
    pub(crate) listed: Vec<Arc<RouteInfo>>,
    /// The folders of assets.
    pub(crate) folders: Vec<(Arc<RouteInfo>, Folder)>,
    /// What middleware needs.
    pub(crate) needs: Vec<Requirement>,
    pub(crate) traits: Traits,
}

/// What a table has that most have not, so that it costs the others nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Traits {
    /// Whether any route sets a limit for bodies.
    pub(crate) body_limits: bool,
    /// Whether any route takes paths with a `/` too many or too few.
    pub(crate) lenient_slashes: bool,
    /// Whether it forwards to another router.
    pub(crate) routers: bool,
    /// Whether any route is logged at a level above that of most.
    pub(crate) loud: bool,
}

/// What stands behind a path.
pub(crate) struct Entry {
    pub(crate) info: Arc<RouteInfo>,
    pub(crate) stack: Stack,
    pub(crate) presets: Box<[Preset]>,
    pub(crate) slash: TrailingSlash,
    /// What its pipelines speak.
    pub(crate) format: Option<Format>,
    /// The table of the router that it forwards to.
    pub(crate) inner: Option<Arc<RouteTable>>,
}

/// What a request found.
pub(crate) enum Found<'a> {
    /// A route; the request knows it now.
    Route(&'a Arc<RouteInfo>, &'a Stack),
    /// Nothing, or an answer that needs no handler.
    Answer(Response),
}

/// What is done with a request.
enum Decision<'a> {
    /// It goes to the entry of this number.
    Route(u32, ParamPlaces),
    /// It is sent to the path that the entry has.
    Redirect(&'a Entry, String),
    /// It learns which methods there are.
    Options(String),
    /// It is refused, in the format that is spoken there.
    Refuse(Box<Error>, Option<Format>),
}

/// What becomes of a request, as [`RouteTable::explain`] tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The route takes it, with these names and values of its parameters.
    Route(Arc<RouteInfo>, Vec<(String, String)>),
    /// It is redirected to this path, where the route is.
    Redirect(Arc<RouteInfo>, String),
    /// OPTIONS is answered with these methods.
    Options(String),
    /// It is refused: the status, what the client reads, and for 405 the methods that are allowed.
    Refused(u16, String, Option<String>),
}

impl RouteTable {
    /// Every route, in the order of declaration; those of a router that another forwards to stand behind the
    /// forward.
    pub fn routes(&self) -> impl Iterator<Item = &Arc<RouteInfo>> {
        self.listed.iter()
    }

    /// The folders of assets with their lines of the table, in the order of declaration. What is a file there answers
    /// before any route is asked, of which [`explain`](Self::explain) knows nothing.
    pub fn folders(&self) -> impl Iterator<Item = (&RouteInfo, &Folder)> {
        self.folders.iter().map(|(info, folder)| (&**info, folder))
    }

    /// The services that middleware needs, each with its pipeline, and those that handlers need, each with its route.
    #[must_use]
    pub fn requirements(&self) -> Vec<Requirement> {
        let of_route = |route: &Arc<RouteInfo>| {
            let source = route.source.map(|source| format!(", {source}")).unwrap_or_default();
            let by = format!("{} ({}{source})", route, route.handler);
            let required = move |need: &Need| Requirement { need: *need, by: by.clone() };
            route.services.iter().map(required).collect::<Vec<_>>()
        };
        self.needs.iter().cloned().chain(self.routes().flat_map(of_route)).collect()
    }

    /// The route that a request of this method and path would take, for no host in particular.
    #[must_use]
    pub fn find(&self, method: &Method, path: &str) -> Option<&Arc<RouteInfo>> {
        let Some(hit) = self.main.tree(method).find(path) else {
            return if self.traits.lenient_slashes { self.find_leniently(method, path) } else { None };
        };
        if hit.is_odd && (encoding::check(path).is_err() || encoding::has_dot_segment(path)) {
            return None;
        }
        let entry = &self.entries[hit.value as usize];
        match &entry.inner {
            Some(inner) => inner.find(method, path),
            None => Some(&entry.info),
        }
    }

    /// The route that takes a path with a `/` too many or too few.
    #[cold]
    fn find_leniently(&self, method: &Method, path: &str) -> Option<&Arc<RouteInfo>> {
        let other = slash::toggled(path)?;
        let entry = &self.entries[self.main.tree(method).find(&other)?.value as usize];
        let takes = entry.slash == TrailingSlash::Ignore
            && encoding::check(path).is_ok()
            && !encoding::has_dot_segment(path);
        takes.then_some(&entry.info)
    }

    /// What becomes of a request: which route it takes, with which parameters, or why none.
    #[must_use]
    pub fn explain(&self, request: &Request) -> Outcome {
        match self.decide(request) {
            Decision::Route(number, params) => {
                let entry = &self.entries[number as usize];
                if let Some(inner) = &entry.inner {
                    return inner.explain(request);
                }
                let values = entry.info.params.iter().enumerate().map(|(index, param)| {
                    let value = params.decode(request.path(), index).unwrap_or_default();
                    (param.name.clone(), value.into_owned())
                });
                Outcome::Route(Arc::clone(&entry.info), values.collect())
            }
            Decision::Redirect(entry, to) => Outcome::Redirect(Arc::clone(&entry.info), to),
            Decision::Options(allow) => Outcome::Options(allow),
            Decision::Refuse(error, format) => {
                let message = error.public_message().unwrap_or_default().to_owned();
                let status = error.status();
                let response = refusal(*error, format);
                let allow = response.headers().get(header::ALLOW).and_then(|allow| allow.to_str().ok());
                Outcome::Refused(status, message, allow.map(str::to_owned))
            }
        }
    }

    /// Finds the route of a request, tells the request, and holds it to the route's limits, or to `defaults`
    /// where the route has none.
    #[inline(always)]
    pub(crate) fn route(&self, request: &mut Request, defaults: &Limits) -> Found<'_> {
        // Where no host has paths of its own, a path without parameters is one look.
        // Written without closures, which the compiler may take for functions to call.
        let lookup = if self.hosts.is_none() { Some(self.main.tree(request.method())) } else { None };
        let fixed = if let Some(lookup) = lookup { lookup.fixed.get(request.path()) } else { None };
        let number = match fixed {
            Some(number) => number,
            None => match self.search(lookup, request) {
                Ok(number) => number,
                Err(response) => return Found::Answer(*response),
            },
        };
        let entry = &self.entries[number as usize];
        let limits = &entry.info.limits;
        if let Some(limit) = limits.body.or(defaults.body) {
            request.body_mut().set_limit(limit);
        }
        if let (Some(timeout), Some(connection)) = (limits.timeout, request.connection()) {
            connection.set_request_timeout(timeout);
        }
        for preset in &entry.presets {
            preset.set(request.assigns_mut());
        }
        request.set_route(Arc::clone(&entry.info));
        Found::Route(&entry.info, &entry.stack)
    }

    /// The number of the route of a request whose path was not found at one look, or what the request gets instead.
    #[inline(never)]
    fn search(&self, lookup: Option<&Lookup>, request: &mut Request) -> Result<u32, Box<Response>> {
        if let Some(lookup) = lookup {
            let mut params = ParamPlaces::default();
            let hit = lookup.find_open(request.path(), &mut params).filter(|hit| !hit.is_odd);
            if let Some(hit) = hit {
                // What is encoded is odd.
                request.set_plain_params(params);
                return Ok(hit.value);
            }
        }
        match self.decide(request) {
            Decision::Route(number, params) => {
                request.set_params(params);
                Ok(number)
            }
            other => Err(Box::new(other.into_response())),
        }
    }

    /// What is done with a request, whatever it is.
    #[cold]
    fn decide(&self, request: &Request) -> Decision<'_> {
        let (method, path) = (request.method(), request.path());
        if !path.starts_with('/') {
            return self.about_the_server(request);
        }
        let sites = Sites::of(self, request);
        if let Some((hit, params)) = sites.find(method, path) {
            let refusal = if hit.is_odd { misspelt(path, &sites) } else { None };
            return refusal.unwrap_or(Decision::Route(hit.value, params));
        }
        if let Some(refusal) = misspelt(path, &sites) {
            return refusal;
        }
        let other = self.other_slash(path);
        if let Some(other) = &other
            && let Some((hit, params)) = sites.find(method, other)
        {
            return self.at_other_slash(request, hit, params, other);
        }
        let there = || sites.at_all(path).chain(other.iter().flat_map(|other| sites.at_all(other)));
        if let Some((_, first)) = there().next() {
            let format = self.entries[first as usize].format;
            return not_allowed(method, allow(there().filter_map(|(method, _)| method)), format);
        }
        for paths in sites.paths() {
            let mut params = ParamPlaces::default();
            if let Some(hit) = paths.fallbacks.find_with(path, &mut params) {
                // Those of the scope, without what lies below it.
                params.truncate(self.entries[hit.value as usize].info.params.len());
                return Decision::Route(hit.value, params);
            }
        }
        Decision::Refuse(Box::new(nothing_here()), sites.format_at(path))
    }

    /// The path with a `/` less or more, where that makes no other address of it.
    fn other_slash<'a>(&self, path: &'a str) -> Option<Cow<'a, str>> {
        if self.traits.lenient_slashes { slash::toggled(path) } else { None }
    }

    /// What becomes of a request whose path has a `/` too many or too few, and that has a route at the other path.
    fn at_other_slash(&self, request: &Request, hit: Hit, params: ParamPlaces, other: &str) -> Decision<'_> {
        let entry = &self.entries[hit.value as usize];
        if entry.slash == TrailingSlash::Ignore {
            return Decision::Route(hit.value, params);
        }
        let query = request.query().map(|query| format!("?{query}")).unwrap_or_default();
        Decision::Redirect(entry, format!("{}{other}{query}", request.mount_path()))
    }

    /// A request whose target is no path: `OPTIONS *` (RFC 9110, section 9.3.7), or an error.
    fn about_the_server(&self, request: &Request) -> Decision<'_> {
        if request.method() != Method::OPTIONS {
            let error = Error::bad_request("Only OPTIONS may have a target that is no path.");
            return Decision::Refuse(Box::new(error), None);
        }
        let all = self.hosts.iter().flat_map(|hosts| hosts.all()).chain([&self.main]);
        Decision::Options(allow(all.flat_map(Paths::methods)))
    }

    /// The largest body that any route or fallback at the request's path takes, be its `/` at the end one too many, for what reads the body before the method is
    /// certain; `None` if no route sets a limit.
    pub(crate) fn largest_body(&self, request: &Request) -> Option<u64> {
        if !self.traits.body_limits {
            return None;
        }
        let (path, sites) = (request.path(), Sites::of(self, request));
        let other = self.other_slash(path);
        let fallbacks = sites.paths().filter_map(|paths| Some(paths.fallbacks.find(path)?.value));
        let routes = sites.at_all(path).chain(other.iter().flat_map(|other| sites.at_all(other)));
        let there = routes.map(|(_, number)| number).chain(fallbacks);
        let limits = there.filter_map(|number| {
            let entry = &self.entries[number as usize];
            let inner = entry.inner.as_ref().and_then(|inner| inner.largest_body(request));
            inner.max(entry.info.limits.body)
        });
        limits.max()
    }
}

/// The paths that a request is matched against: those of its host, the most specific pattern's first, then those of all
/// hosts. The host is the one that the client asked for, behind trusted proxies too.
struct Sites<'a, 'r> {
    table: &'a RouteTable,
    host: Option<AskedHost<'r>>,
}

impl<'a, 'r> Sites<'a, 'r> {
    fn of(table: &'a RouteTable, request: &'r Request) -> Self {
        let host = table.hosts.as_ref().and_then(|_| forwarded::host(request.head()));
        Self { table, host }
    }

    fn paths(&self) -> impl Iterator<Item = &'a Paths> {
        let own = self.table.hosts.iter().zip(&self.host).flat_map(|(hosts, host)| hosts.of(host));
        own.chain([&self.table.main])
    }

    /// The first route of this method at a path.
    fn find(&self, method: &Method, path: &str) -> Option<(Hit, ParamPlaces)> {
        self.paths().find_map(|paths| {
            let mut params = ParamPlaces::default();
            Some((paths.tree(method).find_with(path, &mut params)?, params))
        })
    }

    /// What every method finds at a path.
    fn at_all(&self, path: &str) -> impl Iterator<Item = (Option<&'a Method>, u32)> {
        self.paths().flat_map(move |paths| paths.at_all(path))
    }

    /// What is spoken below the longest path of a scope that this path lies under.
    fn format_at(&self, path: &str) -> Option<Format> {
        self.paths().find_map(|paths| paths.formats.find(path)).and_then(|hit| format_of(hit.value))
    }
}

impl std::fmt::Debug for RouteTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.routes().map(|info| info.to_string())).finish()
    }
}

impl Decision<'_> {
    #[cold]
    fn into_response(self) -> Response {
        match self {
            Self::Redirect(_, to) => {
                (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, to)], ()).into_response()
            }
            Self::Options(allow) => (StatusCode::NO_CONTENT, [(header::ALLOW, allow)], ()).into_response(),
            Self::Refuse(error, format) => refusal(*error, format),
            Self::Route(..) => Error::internal("a route is no answer").into_response(),
        }
    }
}

/// What a request gets whose path another may take for another path, or that can not be decoded.
fn misspelt<'a>(path: &str, sites: &Sites<'a, '_>) -> Option<Decision<'a>> {
    let error = match encoding::check(path) {
        Err(error) => error,
        Ok(()) if encoding::has_dot_segment(path) => nothing_here(),
        Ok(()) => return None,
    };
    Some(Decision::Refuse(Box::new(error), sites.format_at(path)))
}

fn nothing_here() -> Error {
    Error::not_found("There is nothing at this address.")
}

fn refusal(error: Error, format: Option<Format>) -> Response {
    let mut response = error.into_response();
    if let Some(format) = format {
        response.extensions_mut().insert(format);
    }
    response
}

/// 405, or for OPTIONS 204, with the methods that a path does have (RFC 9110, sections 15.5.6 and 9.3.7).
fn not_allowed<'a>(method: &Method, allow: String, format: Option<Format>) -> Decision<'a> {
    if method == Method::OPTIONS {
        return Decision::Options(allow);
    }
    let error =
        Error::new(405, format!("This address answers {allow}, not {method}.")).with_header("allow", allow);
    Decision::Refuse(Box::new(error), format)
}

/// The value of `Allow`: each method once, and OPTIONS, which every address answers.
fn allow<'a>(methods: impl Iterator<Item = &'a Method>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for method in methods.chain([&Method::OPTIONS]) {
        if !names.contains(&method.as_str()) {
            names.push(method.as_str());
        }
    }
    names.join(", ")
}

/// How a format stands in the tree of formats.
pub(crate) fn number_of(format: Option<Format>) -> u32 {
    match format {
        None => 0,
        Some(Format::Html) => 1,
        Some(Format::Json) => 2,
    }
}

fn format_of(number: u32) -> Option<Format> {
    match number {
        1 => Some(Format::Html),
        2 => Some(Format::Json),
        _ => None,
    }
}
