//! [`Placing`]: where routes stand, by host, and which of them stand in each other's way.

use std::collections::HashMap;

use zzz_core::http::{Format, Method, RouteKind};

use crate::hosts::{HostPattern, Hosts};
use crate::paths::Paths;
use crate::pattern::Pattern;
use crate::table::{Entry, number_of};
use crate::tree::MOST_WAYS;

type Host<'a> = Option<&'a (String, HostPattern)>;

/// Collects what stands where.
#[derive(Default)]
pub(crate) struct Placing {
    /// By host; the one for all hosts among them.
    sites: Vec<Site>,
}

/// What stands where on one host.
struct Site {
    host: Option<HostPattern>,
    routes: Vec<Place>,
    /// Paths that lead to a route where nothing else stands.
    aliases: Vec<(String, Option<Method>, u32)>,
    fallbacks: Vec<(Pattern, u32)>,
    formats: Vec<(Pattern, Option<Format>)>,
}

struct Place {
    pattern: Pattern,
    method: Option<Method>,
    number: u32,
}

impl Placing {
    /// A route of this method, or of every method, at these paths.
    pub(crate) fn route(&mut self, host: Host<'_>, at: &[Pattern], method: Option<&Method>, number: u32) {
        let places =
            at.iter().map(|pattern| Place { pattern: pattern.clone(), method: method.cloned(), number });
        self.site(host).routes.extend(places);
    }

    /// Another path of a route, unless a route stands there.
    pub(crate) fn alias(&mut self, host: Host<'_>, path: &str, method: Option<&Method>, number: u32) {
        self.site(host).aliases.push((path.to_owned(), method.cloned(), number));
    }

    /// What answers below a path.
    pub(crate) fn fallback(&mut self, host: Host<'_>, below: Pattern, number: u32) {
        self.site(host).fallbacks.push((below, number));
    }

    /// What is spoken below a path. Scopes of one path that do not agree say nothing.
    pub(crate) fn format(&mut self, host: Host<'_>, below: Pattern, format: Option<Format>) {
        let formats = &mut self.site(host).formats;
        match formats.iter_mut().find(|(known, _)| known.shape() == below.shape()) {
            Some((_, known)) if *known != format => *known = None,
            Some(_) => {}
            None => formats.push((below, format)),
        }
    }

    fn site(&mut self, host: Host<'_>) -> &mut Site {
        let host = host.map(|(_, pattern)| pattern);
        let place = self.sites.iter().position(|site| site.host.as_ref() == host).unwrap_or(self.sites.len());
        if place == self.sites.len() {
            self.sites.push(Site {
                host: host.cloned(),
                routes: Vec::new(),
                aliases: Vec::new(),
                fallbacks: Vec::new(),
                formats: Vec::new(),
            });
        }
        &mut self.sites[place]
    }

    /// Finds fallbacks below a forward, which takes everything there: on the same host, or if it is for all.
    fn unasked(&self, entries: &[Entry], mistakes: &mut Vec<String>) {
        let info = |number: u32| &entries[number as usize].info;
        for site in &self.sites {
            for (below, fallback) in &site.fallbacks {
                let forwards =
                    self.sites.iter().filter(|other| other.host.is_none() || other.host == site.host);
                let takes = |place: &&Place| {
                    let path = place.pattern.text.strip_suffix('*').unwrap_or_default();
                    let scope = format!("{}/", below.text.trim_end_matches('/'));
                    info(place.number).kind == RouteKind::Forward
                        && !path.is_empty()
                        && scope.starts_with(path)
                };
                let Some(forward) = forwards.flat_map(|other| &other.routes).find(takes) else { continue };
                mistakes.push(format!(
                    "nothing comes to the fallback {} of the scope `{}`: the forward `{}` takes everything there, {}; \
                     remove one",
                    declared(info(*fallback)),
                    below.text,
                    forward.pattern.text,
                    declared(info(forward.number)),
                ));
            }
        }
    }

    /// The paths of all hosts, and of those that have some of their own.
    pub(crate) fn build(self, entries: &[Entry], mistakes: &mut Vec<String>) -> (Paths, Option<Box<Hosts>>) {
        let (mut main, mut hosts) = (None, Vec::new());
        self.unasked(entries, mistakes);
        for site in self.sites {
            let paths = site.build(entries, mistakes);
            match site.host {
                None => main = Some(paths),
                Some(host) => hosts.push((host, paths)),
            }
        }
        let main = main.unwrap_or_else(|| Paths::new(std::iter::empty()));
        (main, (!hosts.is_empty()).then(|| Box::new(Hosts::new(hosts))))
    }
}

impl Site {
    fn build(&self, entries: &[Entry], mistakes: &mut Vec<String>) -> Paths {
        self.conflicts(entries, mistakes);
        let mut paths = Paths::new(self.routes.iter().filter_map(|place| place.method.clone()));
        for (method, tree) in paths.trees_mut() {
            // What comes first stays: a method's own routes, then for HEAD those of GET, then those of every method.
            let own = |place: &Option<Method>| place.is_some() && place.as_ref() == method;
            let get = |place: &Option<Method>| {
                method == Some(&Method::HEAD) && place.as_ref() == Some(&Method::GET)
            };
            let any = |place: &Option<Method>| place.is_none();
            for takes in [&own as &dyn Fn(&Option<Method>) -> bool, &get, &any] {
                for place in self.routes.iter().filter(|place| takes(&place.method)) {
                    tree.insert(&place.pattern, place.number);
                }
                for (path, _, number) in self.aliases.iter().filter(|(_, method, _)| takes(method)) {
                    tree.insert_fixed(path, *number);
                }
            }
        }
        for (below, number) in &self.fallbacks {
            paths.fallbacks.insert_below(below, *number);
        }
        for (below, format) in &self.formats {
            paths.formats.insert_below(below, number_of(*format));
        }
        if !paths.build() {
            mistakes.push(format!(
                "more than {MOST_WAYS} alternatives lie within each other (as `:a` and `*rest` beside `/fixed`, and \
                 again below it); make some of the segments fixed"
            ));
        }
        paths
    }

    /// Finds routes that would take the same requests, and fallbacks of the same scope.
    fn conflicts(&self, entries: &[Entry], mistakes: &mut Vec<String>) {
        let mut routes: HashMap<(String, Option<&Method>), u32> = HashMap::new();
        for place in &self.routes {
            let known = routes.entry((place.pattern.shape(), place.method.as_ref())).or_insert(place.number);
            if *known != place.number {
                let mistake = conflict(&entries[*known as usize], &entries[place.number as usize]);
                // A forward meets the same rival at each of its paths.
                if !mistakes.contains(&mistake) {
                    mistakes.push(mistake);
                }
            }
        }
        let mut fallbacks: HashMap<String, u32> = HashMap::new();
        for (below, number) in &self.fallbacks {
            let [bare, ..] = below.and_below();
            let known = *fallbacks.entry(bare.shape()).or_insert(*number);
            if known != *number {
                let (first, second) = (&entries[known as usize].info, &entries[*number as usize].info);
                mistakes.push(format!(
                    "the scope `{}` has two fallbacks: {} and {}; only one can answer",
                    bare.text,
                    declared(first),
                    declared(second)
                ));
            }
        }
    }
}

/// Two routes that would take the same requests.
fn conflict(first: &Entry, second: &Entry) -> String {
    let (one, other) = (&first.info, &second.info);
    format!(
        "`{other}` takes the same requests as `{one}`: {} and {}; remove one, or tell them apart by method, host or a \
         fixed segment",
        declared(other),
        declared(one)
    )
}

/// `posts::show (src/router.rs:12)`.
fn declared(info: &zzz_core::http::RouteInfo) -> String {
    match &info.source {
        Some(source) => format!("{} ({source})", info.handler),
        None => info.handler.to_owned(),
    }
}
