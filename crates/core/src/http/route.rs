//! [`RouteInfo`] and [`ParamPlaces`]: what the router found for a request.

use std::borrow::Cow;
use std::fmt;
use std::panic::Location;

use percent_encoding::percent_decode_str;

use super::{Limits, Method};
use crate::services::Need;

/// A route as it was declared: what logs, metrics, error pages and the `routes` command know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteInfo {
    /// What stands behind the path.
    pub kind: RouteKind,
    /// The method; `None` for every method.
    pub method: Option<Method>,
    /// The path as declared, with its scopes: `/posts/:id`.
    pub pattern: String,
    /// The route's name with those of its scopes, if it has one.
    pub name: Option<String>,
    /// The handler's path in the program: `example_app::controllers::posts::show`.
    pub handler: &'static str,
    /// The parameters in `pattern`, in order.
    pub params: Vec<RouteParam>,
    /// The names of the pipelines that a request passes before the handler.
    pub pipelines: Vec<String>,
    /// The host that requests have to be for: `example.com`, `*.example.com` or `admin.*`; `None` for every host.
    pub host: Option<String>,
    /// What it lets a client do.
    pub limits: Limits,
    /// The services that the handler's arguments need.
    pub services: Vec<Need>,
    /// How its requests are logged.
    pub log: RouteLog,
    /// The types of the values that are assigned before its pipelines run, those of the outermost scope first.
    pub assigns: Vec<&'static str>,
    /// The path under which the router that declares it is mounted: `/jobs`; empty if it is mounted nowhere.
    pub script_name: String,
    /// Where it is declared.
    pub source: Option<SourceLine>,
}

impl RouteInfo {
    /// A route of a handler with this method (`None` for every method), path and name of the handler, and nothing else.
    #[must_use]
    pub fn new(method: Option<Method>, pattern: impl Into<String>, handler: &'static str) -> Self {
        Self {
            kind: RouteKind::Handler,
            method,
            pattern: pattern.into(),
            name: None,
            handler,
            params: Vec::new(),
            pipelines: Vec::new(),
            host: None,
            limits: Limits::new(),
            services: Vec::new(),
            log: RouteLog::default(),
            assigns: Vec::new(),
            script_name: String::new(),
            source: None,
        }
    }

    /// Sets the parameters, by their names.
    #[must_use]
    pub fn with_params<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.params = names.into_iter().map(RouteParam::new).collect();
        self
    }

    /// Sets the limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

impl fmt::Display for RouteInfo {
    /// `GET /posts/:id`, or `ANY /posts/:id`, with the host before the path if there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.method.as_ref().map_or("ANY", Method::as_str);
        write!(f, "{method} {}{}", self.host.as_deref().unwrap_or_default(), self.pattern)
    }
}

/// A parameter of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteParam {
    /// Its name: `id` for `:id`.
    pub name: String,
    /// The type that the handler reads it as, where that is known.
    pub type_name: Option<&'static str>,
}

impl RouteParam {
    /// A parameter whose type is not known.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), type_name: None }
    }
}

/// What stands behind a route's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteKind {
    /// A handler.
    Handler,
    /// A service or a router that takes everything under the path.
    Forward,
    /// What answers under a scope where no route matches.
    Fallback,
    /// A transport of a socket.
    Socket,
    /// The files of a folder.
    Assets,
}

impl RouteKind {
    /// Its name in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Handler => "handler",
            Self::Forward => "forward",
            Self::Fallback => "fallback",
            Self::Socket => "socket",
            Self::Assets => "assets",
        }
    }
}

/// At which level the line of a request stands in the log.
///
/// What fails on the server's side (5xx) is an error in the log whatever this says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RouteLog {
    /// Nowhere.
    Off,
    /// As `trace`.
    Trace,
    /// As `debug`.
    Debug,
    /// As `info`.
    #[default]
    Info,
    /// As `warn`.
    Warn,
    /// As `error`.
    Error,
}

impl RouteLog {
    /// Its name in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// Whether the line is to be seen where lines of most requests are not.
    #[must_use]
    pub fn is_loud(self) -> bool {
        matches!(self, Self::Warn | Self::Error)
    }
}

/// A line of the program's source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLine {
    /// The file, as the compiler knows it: relative to the workspace, for an app's own.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
}

impl SourceLine {
    /// Where the caller stands.
    #[must_use]
    #[track_caller]
    pub fn here() -> Self {
        let at = Location::caller();
        Self { file: at.file(), line: at.line() }
    }
}

impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// How many parameters are kept without allocating.
const INLINE: usize = 4;

/// The values of a route's parameters: places in the request's path, percent-encoded as they came.
#[derive(Debug, Clone, Default)]
pub struct ParamPlaces {
    inline: [(u16, u16); INLINE],
    count: u16,
    /// Whether it is known that none of them is percent-encoded.
    pub(super) plain: bool,
    spilled: Option<Box<Spilled>>,
}

/// The places that are more than inline ones; in a box, since few routes have this many and a vector is three words.
#[derive(Debug, Clone, Default)]
struct Spilled {
    places: Vec<(u16, u16)>,
}

impl ParamPlaces {
    /// Adds the value that stands from byte `start` to byte `end` of the path.
    #[inline]
    pub fn push(&mut self, start: u16, end: u16) {
        match self.inline.get_mut(usize::from(self.count)) {
            Some(place) => *place = (start, end),
            None => self.spill(start, end),
        }
        self.count += 1;
    }

    #[cold]
    fn spill(&mut self, start: u16, end: u16) {
        self.spilled.get_or_insert_default().places.push((start, end));
    }

    /// Keeps the first `count`, as a router does that has gone a way in vain.
    pub fn truncate(&mut self, count: usize) {
        if count < self.len() {
            self.count = count as u16;
            if let Some(spilled) = &mut self.spilled {
                spilled.places.truncate(count.saturating_sub(INLINE));
            }
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.count)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The value at `index`, percent-decoded, from the path of the same request.
    #[must_use]
    pub fn decode<'a>(&self, path: &'a str, index: usize) -> Option<Cow<'a, str>> {
        if index >= self.len() {
            return None;
        }
        let place = self.inline.get(index).or_else(|| self.spilled.as_ref()?.places.get(index - INLINE))?;
        let raw = path.get(usize::from(place.0)..usize::from(place.1))?;
        if self.plain || !raw.as_bytes().contains(&b'%') {
            return Some(Cow::Borrowed(raw));
        }
        percent_decode_str(raw).decode_utf8().ok()
    }
}
