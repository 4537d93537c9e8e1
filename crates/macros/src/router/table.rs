//! The table as one text, which is what a use of `path!` is given: one token, however many routes there are.

use proc_macro2::Span;

use super::codegen::{Groups, places};
use super::pattern::{self, Segment};
use super::plain::{self, push_number};
use super::plan::{Plan, Planned, Step};
use super::syntax::Table;

/// What `path!` knows.
pub(super) struct Known {
    pub(super) hash: u64,
    /// The table has mistakes, so a path that fits nothing may be right.
    pub(super) is_lenient: bool,
    pub(super) patterns: Vec<Pattern>,
    /// Paths under which somebody else decides.
    pub(super) mounts: Vec<String>,
    /// Paths of files, with their folders.
    pub(super) assets: Vec<(String, String)>,
}

/// A path of one or more routes.
pub(super) struct Pattern {
    /// Where its handlers stand: the numbers of their groups and lists, and their places there.
    pub(super) places: Vec<[usize; 3]>,
    pub(super) text: String,
    pub(super) segments: Vec<Segment>,
}

/// The distinct paths of a plan, each with its routes.
pub(super) type Patterns<'a> = Vec<(String, Vec<&'a Planned>)>;

/// The distinct paths of the routes, those that only differ in their parameters' names as one; each with its routes.
pub(super) fn patterns(plan: &Plan) -> Patterns<'_> {
    let mut patterns: Patterns<'_> = Vec::new();
    let routes = plan.routes();
    let mut numbers = plain::Numbers::new(routes.len());
    for route in routes {
        // Parameters of two names under two methods are two patterns: each handler sees its own.
        let is_it = |known: usize| {
            let (full, routes): &(String, Vec<&Planned>) = &patterns[known];
            *full == route.full && routes[0].hosts == route.hosts
        };
        let number = numbers.find(plain::hash(plain::HASH, &route.full), patterns.len(), is_it);
        if number == patterns.len() {
            patterns.push((route.full.clone(), Vec::new()));
        }
        patterns[number].1.push(route);
    }
    patterns
}

/// The table as a text.
pub(super) fn encode(
    table: &Table,
    plan: &Plan,
    patterns: &Patterns<'_>,
    hash: u64,
    is_lenient: bool,
    groups: &mut Groups,
) -> String {
    let mut text = format!("{hash}\n{}\n", if is_lenient { "lenient" } else { "strict" });
    for (path, routes) in patterns {
        // A route for whatever there may be would make every path right.
        if routes.iter().all(|route| route.options.verify == Some(false)) {
            continue;
        }
        text.push_str("p ");
        if routes[0].segments.iter().any(|segment| segment.param().is_some()) {
            for [group, list, at] in places(routes, groups) {
                push_number(&mut text, group);
                text.push('.');
                push_number(&mut text, list);
                text.push('.');
                push_number(&mut text, at);
                text.push(',');
            }
        }
        text.push(' ');
        text.push_str(path);
        text.push('\n');
    }
    plan.root.each(&mut |step| {
        if let Step::Forward { full, .. } | Step::Socket { full, .. } = step {
            text.push_str(&format!("m {full}\n"));
        }
    });
    for assets in &table.assets {
        let path = assets.path.value();
        text.push_str(&format!("a {} {}\n", path.trim_end_matches('/'), assets.folder.value()));
    }
    text
}

/// Reads what [`encode`] wrote.
pub(super) fn decode(text: &str) -> Known {
    let mut lines = text.lines();
    let hash = lines.next().and_then(|line| line.parse().ok()).unwrap_or_default();
    let is_lenient = lines.next() == Some("lenient");
    let (mut patterns, mut mounts, mut assets) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        let Some((kind, rest)) = line.split_once(' ') else { continue };
        match (kind, rest.split_once(' ')) {
            ("p", Some((places, path))) => {
                if let Ok(segments) = pattern::parse(path) {
                    let places = places.split_terminator(',').map(place).collect();
                    patterns.push(Pattern { places, text: path.to_owned(), segments });
                }
            }
            ("m", _) => mounts.push(rest.to_owned()),
            ("a", Some((path, folder))) => assets.push((path.to_owned(), folder.to_owned())),
            _ => {}
        }
    }
    Known { hash, is_lenient, patterns, mounts, assets }
}

/// `1.2.3`
fn place(text: &str) -> [usize; 3] {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap_or_default());
    std::array::from_fn(|_| numbers.next().unwrap_or_default())
}

/// A number that no other table has: of the package, the place and what it says (FNV-1a).
pub(super) fn hash(place: Option<Span>, tokens: &str) -> u64 {
    let place = place.map(|span| {
        let span = span.unwrap();
        format!("{}:{}:{}", span.file(), span.line(), span.column())
    });
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    let text = format!("{package} {} {tokens}", place.unwrap_or_default());
    plain::hash(plain::HASH, &text)
}
