//! [`Plan`]: every route with its whole path, in its scopes.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt as _;
use syn::{Ident, LitStr};

use super::Mistakes;
use super::names::is_name;
use super::options::Options;
use super::pattern::{self, Segment};
use super::plain::concat;
use super::resources;
use super::syntax::{HandlerRef, Item, Resources, Route, Scope, Table};

/// The routes of a table.
pub(super) struct Plan {
    pub(super) root: Level,
}

/// A scope, or the table itself.
pub(super) struct Level {
    /// As it is written, for the router.
    pub(super) path: String,
    pub(super) span: Span,
    pub(super) through: Vec<Ident>,
    pub(super) options: Options,
    pub(super) steps: Vec<Step>,
}

pub(super) enum Step {
    Route(Box<Planned>),
    Level(Box<Level>),
    Forward { path: LitStr, full: String, hosts: Vec<String>, to: TokenStream },
    Socket { path: LitStr, full: String, hosts: Vec<String>, socket: TokenStream },
    Fallback { span: Span, full: String, hosts: Vec<String>, handler: HandlerRef },
}

/// A route with its whole path.
pub(super) struct Planned {
    /// In capitals; none for every method.
    pub(super) methods: Vec<String>,
    /// The path below its scope.
    pub(super) local: String,
    /// The whole path.
    pub(super) full: String,
    pub(super) segments: Vec<Segment>,
    /// None for all of them.
    pub(super) hosts: Vec<String>,
    pub(super) handler: HandlerRef,
    pub(super) name: Option<String>,
    pub(super) name_span: Span,
    /// The user's path.
    pub(super) span: Span,
    pub(super) options: Options,
}

impl Planned {
    /// `GET /posts/:id`
    pub(super) fn title(&self, method: Option<&str>) -> String {
        format!("{} {}", method.unwrap_or("ANY"), self.full)
    }
}

/// What holds for everything in a scope.
#[derive(Clone, Default)]
struct Outer {
    full: String,
    name: String,
    hosts: Vec<String>,
}

impl Plan {
    pub(super) fn of(table: &Table, mistakes: &mut Mistakes) -> Self {
        let mut level = Level {
            path: "/".into(),
            span: Span::call_site(),
            through: Vec::new(),
            options: Options::default(),
            steps: Vec::new(),
        };
        items(&table.items, &Outer::default(), &mut level.steps, mistakes);
        Self { root: level }
    }

    /// Every route, in order.
    pub(super) fn routes(&self) -> Vec<&Planned> {
        let mut routes = Vec::new();
        self.root.each(&mut |step| {
            if let Step::Route(route) = step {
                routes.push(&**route);
            }
        });
        routes
    }
}

impl Level {
    /// Every step below, in order, scopes before what is in them.
    pub(super) fn each<'a>(&'a self, visit: &mut impl FnMut(&'a Step)) {
        for step in &self.steps {
            visit(step);
            if let Step::Level(level) = step {
                level.each(visit);
            }
        }
    }
}

fn items(list: &[Item], outer: &Outer, steps: &mut Vec<Step>, mistakes: &mut Mistakes) {
    for item in list {
        match item {
            Item::Route(route) => steps.extend(planned(route, outer, mistakes)),
            Item::Resources(resources) => expand(resources, "", outer, steps, mistakes),
            Item::Scope(scope) => steps.extend(level(scope, outer, mistakes)),
            Item::Forward { path, to } => {
                if let Some(full) = fixed(path, outer, "forward", mistakes) {
                    let hosts = outer.hosts.clone();
                    steps.push(Step::Forward { path: path.clone(), full, hosts, to: to.clone() });
                }
            }
            Item::Socket { path, socket } => {
                if let Some((full, _)) = whole(&path.value(), path.span(), outer, mistakes) {
                    let hosts = outer.hosts.clone();
                    steps.push(Step::Socket { path: path.clone(), full, hosts, socket: socket.clone() });
                }
            }
            Item::Fallback { span, handler } => steps.push(Step::Fallback {
                span: *span,
                full: outer.full.clone(),
                hosts: outer.hosts.clone(),
                handler: handler.clone(),
            }),
        }
    }
}

fn level(scope: &Scope, outer: &Outer, mistakes: &mut Mistakes) -> Option<Step> {
    let (full, _) = whole(&scope.path.value(), scope.path.span(), outer, mistakes)?;
    let mut inner = Outer { full, ..outer.clone() };
    if let Some(prefix) = &scope.options.name {
        inner.name = format!("{}{}_", outer.name, prefix.unraw());
    }
    if !scope.options.hosts.is_empty() {
        inner.hosts = scope.options.hosts.iter().map(|host| host.value().to_lowercase()).collect();
    }
    let mut level = Level {
        path: scope.path.value(),
        span: scope.path.span(),
        through: scope.through.clone(),
        options: scope.options.clone(),
        steps: Vec::new(),
    };
    items(&scope.items, &inner, &mut level.steps, mistakes);
    Some(Step::Level(Box::new(level)))
}

/// The whole path, read.
fn whole(local: &str, span: Span, outer: &Outer, mistakes: &mut Mistakes) -> Option<(String, Vec<Segment>)> {
    let full = pattern::join(if outer.full.is_empty() { "/" } else { &outer.full }, local);
    // What is right as a whole is right in its parts, as long as each begins where a segment does.
    let why = match pattern::parse(&full) {
        Ok(segments) if local.starts_with('/') => return Some((full, segments)),
        Ok(_) => None,
        Err(why) => Some(why),
    };
    match (pattern::parse(local), why) {
        (Err(why), _) => mistakes.add(span, why),
        (Ok(_), why) => {
            mistakes.add(span, format_args!("{}; with its scopes it is `{full}`", why.unwrap_or_default()));
        }
    }
    None
}

/// A path that may hold no parameters.
fn fixed(path: &LitStr, outer: &Outer, what: &str, mistakes: &mut Mistakes) -> Option<String> {
    let (full, segments) = whole(&path.value(), path.span(), outer, mistakes)?;
    match segments.iter().find_map(Segment::param) {
        None => Some(full),
        Some(name) => {
            mistakes.add(
                path.span(),
                format_args!("the path of a `{what}` can not hold parameters, and `{full}` has `{name}`"),
            );
            None
        }
    }
}

fn planned(route: &Route, outer: &Outer, mistakes: &mut Mistakes) -> Option<Step> {
    let local = route.path.value();
    let (full, segments) = whole(&local, route.path.span(), outer, mistakes)?;
    let name_span = route.name.as_ref().map_or_else(Span::call_site, Ident::span);
    Some(Step::Route(Box::new(Planned {
        methods: route.methods.clone(),
        local,
        full,
        segments,
        hosts: outer.hosts.clone(),
        handler: route.handler.clone(),
        name: route.name.as_ref().and_then(|name| whole_name(name, outer, mistakes)),
        name_span,
        span: route.path.span(),
        options: route.options.clone(),
    })))
}

/// A route's name with those of its scopes, if a function can be called so.
fn whole_name(name: &Ident, outer: &Outer, mistakes: &mut Mistakes) -> Option<String> {
    let whole = concat([&outer.name, &name.unraw().to_string()]);
    if is_name(&whole) {
        return Some(whole);
    }
    let advice = format!("{}_page", whole.to_lowercase());
    mistakes.add(
        name.span(),
        format_args!(
            "`{whole}` is a word of Rust's own, so no function of `paths` can be called so; choose another name, such \
             as `{}`",
            advice.trim_start_matches('_')
        ),
    );
    None
}

/// Puts the actions of a resource, and what is nested in it, into the scope that it stands in. `local` is the path of
/// what it is nested in.
fn expand(resources: &Resources, local: &str, outer: &Outer, steps: &mut Vec<Step>, mistakes: &mut Mistakes) {
    let span = resources.path.span();
    let written = resources.path.value();
    // `outer.full` is that of the scope; the nesting is part of every path here.
    let Some((_, segments)) = whole(&pattern::join(local, &written), span, outer, mistakes) else { return };
    let base = pattern::join(if local.is_empty() { "/" } else { local }, &written);
    let last = segments.iter().rev().find_map(|segment| match segment {
        Segment::Fixed(text) if !text.is_empty() => Some(text.replace(['-', '.'], "_")),
        _ => None,
    });
    let word = match (&resources.options.name, last) {
        (Some(name), _) => name.unraw().to_string(),
        (None, Some(last)) if is_name(&last) => last,
        _ => {
            mistakes.add(span, "no name for the routes can be made of this path; give one with `as: name`");
            return;
        }
    };
    let one = match &resources.options.name {
        Some(name) => name.unraw().to_string(),
        None => resources::singular(&word),
    };
    let param =
        resources.options.param.as_ref().map_or_else(|| "id".to_owned(), |name| name.unraw().to_string());
    let of_one = if resources.singleton { base.clone() } else { pattern::join(&base, &format!("/:{param}")) };
    for (at, name) in resources.actions.iter().enumerate() {
        let Some(action) = resources::action(name) else { continue };
        let stem = if action.of_one { &of_one } else { &base };
        let path = if action.suffix.is_empty() { stem.clone() } else { pattern::join(stem, action.suffix) };
        let Some((full, segments)) = whole(&path, span, outer, mistakes) else { return };
        steps.push(Step::Route(Box::new(Planned {
            methods: action.methods.iter().map(|method| (*method).to_owned()).collect(),
            local: path,
            full,
            segments,
            hosts: outer.hosts.clone(),
            handler: HandlerRef {
                at,
                text: concat([&resources.handlers.text, "::", name]),
                ..resources.handlers.clone()
            },
            name: Some(concat([&outer.name, &word, "_", name])),
            name_span: span,
            span,
            options: Options { name: None, ..resources.options.clone() },
        })));
    }
    let parent = if resources.singleton { base } else { pattern::join(&base, &format!("/:{one}_{param}")) };
    nested(
        &resources.items,
        &parent,
        &Outer { name: format!("{}{word}_", outer.name), ..outer.clone() },
        steps,
        mistakes,
    );
}

/// What stands in a `resources`: below one of its things.
fn nested(list: &[Item], parent: &str, outer: &Outer, steps: &mut Vec<Step>, mistakes: &mut Mistakes) {
    for item in list {
        if let Item::Resources(resources) = item {
            expand(resources, parent, outer, steps, mistakes);
            continue;
        }
        // Everything else gets a scope of its own for the parent's path.
        let full = pattern::join(if outer.full.is_empty() { "/" } else { &outer.full }, parent);
        let inner = Outer { full, ..outer.clone() };
        let mut level = Level {
            path: parent.to_owned(),
            span: Span::call_site(),
            through: Vec::new(),
            options: Options::default(),
            steps: Vec::new(),
        };
        items(std::slice::from_ref(item), &inner, &mut level.steps, mistakes);
        steps.push(Step::Level(Box::new(level)));
    }
}
