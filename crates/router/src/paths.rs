//! [`Paths`]: what one host's requests are matched against.

use zzz_core::http::{Method, ParamPlaces};

use crate::fixed::FixedPaths;
use crate::pattern::Pattern;
use crate::tree::{Builder, Hit, Tree};

/// The paths of one host, or of all.
///
/// There is a tree for each method, since the routes of one method must not shadow those of another:
/// `POST /posts/:id` takes `/posts/new` although `GET /posts/new` exists.
#[derive(Debug)]
pub(crate) struct Paths {
    /// The trees, GET first since it is asked for most. The one of HEAD has the routes of GET too.
    trees: Vec<(Method, Lookup)>,
    /// Routes that take every method, for methods that have no tree.
    any: Lookup,
    /// What answers where nothing matches, by the path of its scope.
    pub(crate) fallbacks: Lookup,
    /// What is spoken where nothing matches, by the path of the scope.
    pub(crate) formats: Lookup,
}

/// The paths of one method, each with the number of what stands there.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    /// Paths without parameters, which win over all others and are found by one look.
    pub(crate) fixed: FixedPaths,
    /// Paths with parameters, if there are any.
    open: Option<Tree>,
    /// The same, while they are collected.
    growing: Builder,
}

impl Paths {
    /// No paths, with a tree for each of these methods, and for those that most requests have.
    pub(crate) fn new(declared: impl Iterator<Item = Method>) -> Self {
        let mut trees: Vec<(Method, Lookup)> = Vec::new();
        let usual = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        for method in usual.into_iter().chain(declared).chain([Method::HEAD]) {
            if trees.iter().all(|(known, _)| *known != method) {
                trees.push((method, Lookup::default()));
            }
        }
        Self { trees, any: Lookup::default(), fallbacks: Lookup::default(), formats: Lookup::default() }
    }

    /// The trees with their methods; the last is the one of all methods that have none of their own.
    pub(crate) fn trees_mut(&mut self) -> impl Iterator<Item = (Option<&Method>, &mut Lookup)> {
        let any = std::iter::once((None, &mut self.any));
        self.trees.iter_mut().map(|(method, tree)| (Some(&*method), tree)).chain(any)
    }

    /// The tree of a method.
    #[inline]
    pub(crate) fn tree(&self, method: &Method) -> &Lookup {
        self.trees.iter().find(|(known, _)| known == method).map_or(&self.any, |(_, tree)| tree)
    }

    /// What every method finds at a path.
    pub(crate) fn at_all<'a, 'p>(
        &'a self,
        path: &'p str,
    ) -> impl Iterator<Item = (Option<&'a Method>, u32)> + use<'a, 'p> {
        let any = std::iter::once((None, &self.any));
        let trees = self.trees.iter().map(|(method, tree)| (Some(method), tree)).chain(any);
        trees.filter_map(move |(method, tree)| Some((method, tree.find(path)?.value)))
    }

    /// The methods that any route is for.
    pub(crate) fn methods(&self) -> impl Iterator<Item = &Method> {
        self.trees.iter().filter(|(_, tree)| !tree.is_empty()).map(|(method, _)| method)
    }

    /// Makes the trees ready for look-ups. `false` if one of them has more alternatives within each other than a
    /// look-up can keep in mind.
    pub(crate) fn build(&mut self) -> bool {
        let named = [&mut self.any, &mut self.fallbacks, &mut self.formats];
        let mut trees = self.trees.iter_mut().map(|(_, tree)| tree).chain(named);
        trees.all(Lookup::build)
    }
}

impl Lookup {
    /// What the most specific pattern for this path has, with the places of its parameters in `params`.
    #[inline(never)]
    pub(crate) fn find_with(&self, path: &str, params: &mut ParamPlaces) -> Option<Hit> {
        match self.fixed.get(path) {
            Some(value) => Some(Hit { value, is_odd: false }),
            None => self.find_open(path, params),
        }
    }

    /// As [`find_with`](Self::find_with), without the places.
    pub(crate) fn find(&self, path: &str) -> Option<Hit> {
        self.find_with(path, &mut ParamPlaces::default())
    }

    /// What the most specific pattern with parameters for this path has.
    #[inline]
    pub(crate) fn find_open(&self, path: &str, params: &mut ParamPlaces) -> Option<Hit> {
        self.open.as_ref()?.find(path, params)
    }

    /// Adds a pattern; the value of one for the same paths, if it is there already, stays and is returned.
    pub(crate) fn insert(&mut self, pattern: &Pattern, value: u32) -> Option<u32> {
        match pattern.as_fixed() {
            Some(path) => self.insert_fixed(path, value),
            None => self.growing.insert(pattern, value),
        }
    }

    /// Adds a path without parameters, as [`insert`](Self::insert) does.
    pub(crate) fn insert_fixed(&mut self, path: &str, value: u32) -> Option<u32> {
        self.fixed.insert(path, value)
    }

    /// Adds everything that lies at or below a path; what is there already stays.
    pub(crate) fn insert_below(&mut self, path: &Pattern, value: u32) {
        for pattern in path.and_below() {
            self.insert(&pattern, value);
        }
    }

    /// Whether it has no path.
    pub(crate) fn is_empty(&self) -> bool {
        self.fixed.is_empty() && self.open.is_none()
    }

    fn build(&mut self) -> bool {
        let growing = std::mem::take(&mut self.growing);
        let is_empty = growing.is_empty();
        let built = growing.build();
        let is_built = built.is_some();
        self.open = built.filter(|_| !is_empty);
        is_built
    }
}
