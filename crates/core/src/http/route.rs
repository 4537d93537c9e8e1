//! [`RouteInfo`] and [`PathParams`]: what the router found for a request.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::{Limits, Method};

/// A route as it was declared: what logs, metrics, error pages and the `routes` command know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteInfo {
    /// The method; `None` for every method.
    pub method: Option<Method>,
    /// The path as declared, with its scopes: `/posts/:id`.
    pub pattern: String,
    /// The route's name, if it has one.
    pub name: Option<String>,
    /// The handler's path in the program: `example_app::controllers::posts::show`.
    pub handler: &'static str,
    /// The names of the parameters in `pattern`, in order.
    pub params: Vec<String>,
    /// The names of the pipelines that a request passes before the handler.
    pub pipelines: Vec<String>,
    /// What it lets a client do.
    pub limits: Limits,
}

/// How many parameters are kept without allocating.
const INLINE: usize = 4;

/// The values of a route's parameters: places in the request's path, percent-encoded as they came.
#[derive(Debug, Clone, Default)]
pub struct PathParams {
    inline: [(u16, u16); INLINE],
    count: u32,
    spilled: Option<Box<Spilled>>,
}

/// The places that are more than inline ones; in a box, since few routes have this many and a vector is three words.
#[derive(Debug, Clone, Default)]
struct Spilled {
    places: Vec<(u16, u16)>,
}

impl PathParams {
    /// Adds the value that stands from byte `start` to byte `end` of the path.
    pub fn push(&mut self, start: u16, end: u16) {
        match self.inline.get_mut(self.count as usize) {
            Some(place) => *place = (start, end),
            None => self.spilled.get_or_insert_default().places.push((start, end)),
        }
        self.count += 1;
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count as usize
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
        if !raw.as_bytes().contains(&b'%') {
            return Some(Cow::Borrowed(raw));
        }
        percent_decode_str(raw).decode_utf8().ok()
    }
}
