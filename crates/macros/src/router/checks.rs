//! What can be told from the table alone: two routes for the same requests, names, pipelines.

use std::collections::{HashMap, HashSet};

use proc_macro2::Span;
use syn::Ident;

use super::Mistakes;
use super::options::list;
use super::plan::{Level, Plan, Planned, Step};
use super::syntax::Table;
use super::{pattern, plain};
use crate::nearest::nearest;

pub(super) fn check(table: &Table, plan: &Plan, mistakes: &mut Mistakes) {
    pipelines(table, mistakes);
    assets(table, mistakes);
    through(&plan.root, table, &mut Vec::new(), mistakes);
    let routes = plan.routes();
    let mut told = Told::default();
    conflicts(plan, &mut told, mistakes);
    slashes(table, &routes, mistakes);
    covered(table, &routes, mistakes);
    names(&routes, &mut told, mistakes);
    fallbacks(plan, mistakes);
    unasked(plan, mistakes);
}

/// The lines of which something was said: a `resources` that stands twice is one mistake, and not one for each of its
/// routes and names.
#[derive(Default)]
struct Told(HashSet<(String, usize, usize)>);

impl Told {
    /// Whether it is the first time for this line.
    fn first(&mut self, span: Span) -> bool {
        let place = span.unwrap();
        self.0.insert((place.file(), place.line(), place.column()))
    }
}

/// Each of the hosts, or once none, which stands for all of them.
fn each_host(hosts: &[String]) -> impl Iterator<Item = Option<&str>> {
    let all = hosts.is_empty().then_some(None);
    all.into_iter().chain(hosts.iter().map(|host| Some(host.as_str())))
}

/// Where something stands, as seen from another place.
fn line(span: Span, from: Span) -> String {
    let (place, from) = (span.unwrap(), from.unwrap());
    if place.file() == from.file() {
        return format!("on line {}", place.line());
    }
    format!("in {}:{}", place.file(), place.line())
}

fn pipelines(table: &Table, mistakes: &mut Mistakes) {
    let mut known: HashMap<String, Span> = HashMap::new();
    for pipeline in &table.pipelines {
        let name = pipeline.name.to_string();
        if let Some(first) = known.get(&name) {
            let message = format!(
                "the pipeline `{name}` is declared twice; the first is {}",
                line(*first, pipeline.name.span())
            );
            mistakes.add(pipeline.name.span(), message);
        }
        known.entry(name).or_insert(pipeline.name.span());
    }
}

fn assets(table: &Table, mistakes: &mut Mistakes) {
    for assets in &table.assets {
        match pattern::parse(&assets.path.value()) {
            Err(why) => mistakes.add(assets.path.span(), why),
            Ok(segments) if segments.iter().any(|segment| segment.param().is_some()) => {
                mistakes
                    .add(assets.path.span(), "files are served under a fixed path; this one has a parameter");
            }
            Ok(_) => {}
        }
        if let Err(why) = super::assets::folder(&assets.folder.value()) {
            mistakes.add(assets.folder.span(), why);
        }
    }
}

/// That every pipeline that is named exists, and is passed once.
fn through(level: &Level, table: &Table, passed: &mut Vec<String>, mistakes: &mut Mistakes) {
    let before = passed.len();
    for name in &level.through {
        let text = name.to_string();
        let known: Vec<String> = table.pipelines.iter().map(|pipeline| pipeline.name.to_string()).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        if !known.contains(&text.as_str()) {
            mistakes.add(name.span(), unknown_pipeline(&text, &known));
        } else if passed.contains(&text) {
            let message = format!(
                "requests have passed the pipeline `{text}` already when they come here; leave it out"
            );
            mistakes.add(name.span(), message);
        }
        passed.push(text);
    }
    for step in &level.steps {
        if let Step::Level(inner) = step {
            through(inner, table, passed, mistakes);
        }
    }
    passed.truncate(before);
}

fn unknown_pipeline(text: &str, known: &[&str]) -> String {
    match (nearest(text, known), known) {
        (Some(near), _) => format!("there is no pipeline `{text}`; did you mean `{near}`?"),
        (None, []) => format!("there is no pipeline `{text}`; declare it: `pipeline {text} {{ ... }}`"),
        (None, _) => {
            format!("there is no pipeline `{text}`; declared are {}", list(known).replace(" or ", " and "))
        }
    }
}

/// Two routes for the same method, host and path; a forward takes every method at and below its path.
fn conflicts(plan: &Plan, told: &mut Told, mistakes: &mut Mistakes) {
    let mut all = Vec::new();
    plan.root.each(&mut |step| {
        for (host, shape, method) in Claim::of(step).iter().flat_map(Claim::keys) {
            let whole = plain::hash(plain::hash(plain::HASH, method.unwrap_or("*")), &shape);
            all.push(plain::hash(whole, host.unwrap_or("*")));
        }
    });
    // So that what is right costs little.
    if plain::differ(&all) {
        return;
    }
    let mut taken: HashMap<(Option<&str>, String, Option<&str>), Claim<'_>> = HashMap::new();
    plan.root.each(&mut |step| {
        let Some(claim) = Claim::of(step) else { return };
        let keys = claim.keys();
        // One error for one line, however many methods it has.
        let clash = keys.iter().find_map(|key| Some((key.2, *taken.get(key)?)));
        match clash {
            Some(_) if !told.first(claim.span()) => {}
            Some((method, first)) => mistakes.add(claim.span(), claim.beside(&first, method)),
            None => taken.extend(keys.into_iter().map(|key| (key, claim))),
        }
    });
}

/// What takes requests.
#[derive(Clone, Copy)]
enum Claim<'a> {
    Route(&'a Planned),
    /// With its path, without a `/` at the end.
    Forward(&'a str, &'a [String], Span),
    Socket(&'a str, &'a [String], Span),
}

impl<'a> Claim<'a> {
    fn of(step: &'a Step) -> Option<Self> {
        Some(match step {
            Step::Route(route) => Self::Route(route),
            Step::Forward { path, full, hosts, .. } => {
                Self::Forward(full.trim_end_matches('/'), hosts, path.span())
            }
            Step::Socket { path, full, hosts, .. } => Self::Socket(full, hosts, path.span()),
            Step::Level(_) | Step::Fallback { .. } => return None,
        })
    }

    fn span(&self) -> Span {
        match self {
            Self::Route(route) => route.span,
            Self::Forward(.., span) | Self::Socket(.., span) => *span,
        }
    }

    /// What it takes: host, shape of the path, and method, which is none for all of them.
    fn keys(&self) -> Vec<(Option<&'a str>, String, Option<&'a str>)> {
        let (hosts, places) = match *self {
            Self::Route(route) => {
                let shape = pattern::shape(&route.segments);
                let mut places = Vec::new();
                for method in &route.methods {
                    places.push((shape.clone(), Some(method.as_str())));
                }
                if places.is_empty() {
                    places.push((shape, None));
                }
                (&*route.hosts, places)
            }
            Self::Forward(path, hosts, _) => {
                let bare = if path.is_empty() { "/" } else { path };
                let shapes = [bare.to_owned(), format!("{path}/"), format!("{path}/*")];
                (hosts, Vec::from(shapes.map(|shape| (shape, None))))
            }
            // Which paths its transports have below it, the socket alone knows; two of one path have the same.
            Self::Socket(path, hosts, _) => {
                let shape = pattern::shape(&pattern::parse(path).unwrap_or_default());
                (hosts, vec![(shape.trim_end_matches('/').to_owned(), Some("a socket"))])
            }
        };
        let mut keys = Vec::new();
        for host in each_host(hosts) {
            for (shape, method) in &places {
                keys.push((host, shape.clone(), *method));
            }
        }
        keys
    }

    fn title(&self, method: Option<&str>) -> String {
        match self {
            Self::Route(route) => route.title(method),
            Self::Forward(path, ..) => format!("forward \"{}\"", if path.is_empty() { "/" } else { path }),
            Self::Socket(path, ..) => format!("socket \"{path}\""),
        }
    }

    /// What is wrong with it beside what was declared before.
    fn beside(&self, first: &Claim<'_>, method: Option<&str>) -> String {
        let (title, place) = (self.title(method), line(first.span(), self.span()));
        match (self, first) {
            (Self::Route(this), Claim::Route(first)) if first.full != this.full => {
                let first = first.title(method);
                format!("`{title}` takes the same requests as `{first}` {place}, and would never be asked")
            }
            (Self::Route(_), Claim::Route(_)) => {
                format!("there is a route for `{title}` already, {place}; this one would never be asked")
            }
            (Self::Forward(..), Claim::Forward(..)) | (Self::Socket(..), Claim::Socket(..)) => {
                format!("there is a `{title}` already, {place}; this one would never be asked")
            }
            _ => format!(
                "`{title}` and `{}` {place} are both for every method of the same path; give the route methods, or \
                 another path",
                first.title(method)
            ),
        }
    }
}

/// Paths that end with `/` where the policy sends every such request elsewhere.
fn slashes(table: &Table, routes: &[&Planned], mistakes: &mut Mistakes) {
    let Some(policy) = table.trailing_slash.as_ref().filter(|policy| *policy != "strict") else { return };
    for route in routes.iter().filter(|route| route.full.len() > 1 && route.full.ends_with('/')) {
        let message = format!(
            "with `trailing_slash {policy}` no request comes here with a `/` at its end; write `{}`",
            route.local.trim_end_matches('/')
        );
        mistakes.add(route.span, message);
    }
}

/// Routes that a file of the same address stands before.
fn covered(table: &Table, routes: &[&Planned], mistakes: &mut Mistakes) {
    for assets in &table.assets {
        let prefix = assets.path.value();
        let prefix = prefix.trim_end_matches('/');
        for route in routes {
            // A file answers at its address whatever the method is.
            let is_fixed = route.segments.iter().all(|segment| segment.param().is_none());
            let Some(file) = route.full.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            if is_fixed && super::assets::exists(&assets.folder.value(), file) == Ok(true) {
                let message = format!(
                    "the file `{}/{file}` answers at `{}` before any route is asked; choose another path",
                    assets.folder.value(),
                    route.full
                );
                mistakes.add(route.span, message);
            }
        }
    }
}

fn names(routes: &[&Planned], told: &mut Told, mistakes: &mut Mistakes) {
    let mut all = Vec::new();
    for route in routes {
        all.extend(route.name.as_ref().map(|name| plain::hash(plain::HASH, name)));
    }
    if plain::differ(&all) {
        return;
    }
    let mut known: HashMap<&str, &Planned> = HashMap::new();
    for route in routes {
        let Some(name) = route.name.as_deref() else { continue };
        if let Some(first) = known.get(name)
            && told.first(route.span)
        {
            // The same path under two verbs is two routes and one address.
            let message = format!(
                "the name `{name}` is taken by `{}` {}; choose another",
                first.title(first.methods.first().map(String::as_str)),
                line(first.span, route.name_span)
            );
            mistakes.add(route.name_span, message);
        }
        known.entry(name).or_insert(route);
    }
}

fn fallbacks(plan: &Plan, mistakes: &mut Mistakes) {
    let mut known: HashMap<(Option<&str>, &str), Span> = HashMap::new();
    plan.root.each(&mut |step| {
        let Step::Fallback { span, full, hosts, .. } = step else { return };
        let first = each_host(hosts).find_map(|host| known.get(&(host, full.as_str())));
        if let Some(first) = first {
            let place = if full.is_empty() { "/" } else { full };
            let message = format!("`{place}` has a fallback already, {}", line(*first, *span));
            mistakes.add(*span, message);
        }
        for host in each_host(hosts) {
            known.entry((host, full.as_str())).or_insert(*span);
        }
    });
}

/// Fallbacks below a forward, which takes everything there.
fn unasked(plan: &Plan, mistakes: &mut Mistakes) {
    let mut forwards = Vec::new();
    plan.root.each(&mut |step| {
        if let Some(Claim::Forward(path, hosts, span)) = Claim::of(step) {
            forwards.push((path, hosts, span));
        }
    });
    plan.root.each(&mut |step| {
        let Step::Fallback { span, full, hosts, .. } = step else { return };
        let below =
            |path: &str| full.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        // For all hosts, or for one that the fallback is for.
        let takes = |(path, of, _): &&(&str, &[String], Span)| {
            below(path) && (of.is_empty() || hosts.iter().any(|host| of.contains(host)))
        };
        let Some((path, _, forward)) = forwards.iter().find(takes) else { return };
        let path = if path.is_empty() { "/" } else { path };
        let message = format!(
            "nothing comes to this fallback: `forward \"{path}\"` {} takes everything at and below `{path}`",
            line(*forward, *span)
        );
        mistakes.add(*span, message);
    });
}

/// For [`super::codegen`]: whether a pipeline of this name exists, so that nothing is said twice.
pub(super) fn exists(table: &Table, name: &Ident) -> bool {
    table.pipelines.iter().any(|pipeline| pipeline.name == *name)
}
