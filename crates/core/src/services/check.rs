//! What can be wrong with what is registered, found before anything is built.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use super::builder::ServicesBuilder;
use super::need::{Need, Requirement};
use super::recipe::{Lifetime, Recipe};
use super::stored::ByType;
use crate::text::nearest;

/// How many who need the same missing service are named.
const NAMED: usize = 5;

/// Adds every mistake.
pub(super) fn check(builder: &ServicesBuilder, requirements: &[Requirement], mistakes: &mut Vec<String>) {
    let wanted = builder
        .recipes
        .iter()
        .flat_map(|recipe| recipe.needs.services.iter().map(move |need| (*need, recipe.to_string())));
    let required = requirements.iter().map(|required| (required.need, format!("`{}`", required.by)));
    let known = builder.recipes.iter().map(|recipe| recipe.need);
    missing(wanted.chain(required), known, &builder.advice, mistakes);
    let graph = Graph { builder };
    graph.cycles(mistakes);
    graph.captives(mistakes);
}

/// Adds a mistake for each service that is wanted and not known, with those who want it.
pub(super) fn missing(
    wanted: impl Iterator<Item = (Need, String)>,
    known: impl Iterator<Item = Need>,
    advice: &ByType<&'static str>,
    mistakes: &mut Vec<String>,
) {
    let known: HashMap<TypeId, &'static str> = known.map(|need| (need.id(), need.name())).collect();
    let mut gone: Vec<(Need, Vec<String>)> = Vec::new();
    for (need, by) in wanted.filter(|(need, _)| !need.is_optional() && !known.contains_key(&need.id())) {
        match gone.iter_mut().find(|(other, _)| other.id() == need.id()) {
            Some((_, all)) if all.contains(&by) => {}
            Some((_, all)) => all.push(by),
            None => gone.push((need, vec![by])),
        }
    }
    for (need, by) in gone {
        let name = need.name();
        let mut mistake = format!("`{name}` is not registered, and needed by ");
        mistake.push_str(&by.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", "));
        if by.len() > NAMED {
            let _ = write!(mistake, " and {} more", by.len() - NAMED);
        }
        let advised = advice.get(&need.id()).map(|advice| (*advice).to_owned());
        let advised = advised.unwrap_or_else(|| {
            if name.starts_with("dyn ") {
                // Only an alias makes one, however near the name of something else is.
                return format!(
                    "add `.alias::<{name}>(|service| service)` where the service that implements it is registered"
                );
            }
            hint(name, known.values().copied()).unwrap_or_else(|| {
                "register it, with `services.singleton(...)` or `services.value(...)`".to_owned()
            })
        });
        let _ = write!(mistake, "; {advised}");
        mistakes.push(mistake);
    }
}

/// What the one who wrote `name` may have meant: the registered type of the same or nearly the same last name.
pub(super) fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    if let Some(inner) = known.iter().find(|other| name.contains(&format!("<{other}>"))) {
        return Some(format!("registered is `{inner}`: take `Svc<{}>`", last(inner)));
    }
    if let Some(other) = known.iter().find(|other| last(other) == last(name)) {
        return Some(format!("registered is `{other}`, another type of that name"));
    }
    let near = nearest(last(name), known.iter().map(|other| last(other)))?;
    let other = known.iter().find(|other| last(other) == near)?;
    Some(format!("registered is `{other}`"))
}

/// `Gallery` of `app::images::Gallery`; parameters stay.
fn last(name: &str) -> &str {
    let end = name.find('<').unwrap_or(name.len());
    let start = name.get(..end).and_then(|path| path.rfind("::")).map_or(0, |at| at + 2);
    name.get(start..).unwrap_or(name).trim_start_matches("dyn ")
}

/// Who needs whom.
struct Graph<'a> {
    builder: &'a ServicesBuilder,
}

impl<'a> Graph<'a> {
    fn recipe(&self, index: usize) -> &'a Recipe {
        &self.builder.recipes[index]
    }

    fn needed_by(&self, index: usize) -> impl Iterator<Item = usize> + use<'a> {
        let builder = self.builder;
        self.recipe(index).needs.services.iter().filter_map(|need| builder.index.get(&need.id()).copied())
    }

    /// Each circle once.
    fn cycles(&self, mistakes: &mut Vec<String>) {
        let mut done = vec![false; self.builder.recipes.len()];
        let mut path = Vec::new();
        let mut seen = HashSet::new();
        for index in 0..self.builder.recipes.len() {
            self.follow(index, &mut path, &mut done, &mut |circle| {
                let mut members = circle.to_vec();
                members.sort_unstable();
                if seen.insert(members) {
                    let chain = self.chain(circle.iter().chain(circle.first()));
                    mistakes.push(format!(
                        "services need each other in a circle: {chain}; let one of them take what it needs when it is called"
                    ));
                }
            });
        }
    }

    fn follow(
        &self,
        index: usize,
        path: &mut Vec<usize>,
        done: &mut [bool],
        found: &mut dyn FnMut(&[usize]),
    ) {
        if let Some(start) = path.iter().position(|known| *known == index) {
            found(&path[start..]);
            return;
        }
        if done[index] {
            return;
        }
        path.push(index);
        for next in self.needed_by(index) {
            self.follow(next, path, done, found);
        }
        path.pop();
        done[index] = true;
    }

    /// Singletons that would hold on to what belongs to a request.
    fn captives(&self, mistakes: &mut Vec<String>) {
        for (index, recipe) in self.builder.recipes.iter().enumerate() {
            if recipe.lifetime != Lifetime::Singleton {
                continue;
            }
            let mut path = vec![index];
            if let Some(what) = self.captured(&mut path, &mut HashSet::new()) {
                let chain = self.chain(path.iter());
                let holds = match what {
                    Some(part) => format!("{chain}, which takes `{part}`"),
                    None => chain,
                };
                mistakes.push(format!(
                    "a singleton would hold on to what belongs to one request: {holds}; register {recipe} with `per_request`, or let it be given that when it is called"
                ));
            }
        }
    }

    /// Extends the path to a per-request service, or to one that takes a part of the request, whose name is returned.
    fn captured(&self, path: &mut Vec<usize>, seen: &mut HashSet<usize>) -> Option<Option<&'static str>> {
        let at = *path.last()?;
        let recipe = self.recipe(at);
        if recipe.lifetime == Lifetime::PerRequest {
            return Some(None);
        }
        if let Some(part) = recipe.needs.context {
            return Some(Some(part));
        }
        for next in self.needed_by(at) {
            // A singleton on the way speaks for itself.
            if self.recipe(next).lifetime == Lifetime::Singleton || !seen.insert(next) {
                continue;
            }
            path.push(next);
            if let Some(found) = self.captured(path, seen) {
                return Some(found);
            }
            path.pop();
        }
        None
    }

    /// `a` (singleton, src/lib.rs:3) → ...
    fn chain<'b>(&self, path: impl Iterator<Item = &'b usize>) -> String {
        let link = |index: &usize| {
            let recipe = self.recipe(*index);
            let (name, lifetime, at) = (recipe.need.name(), recipe.lifetime, recipe.at);
            format!("`{name}` ({lifetime}, {}:{})", at.file(), at.line())
        };
        path.map(link).collect::<Vec<_>>().join(" → ")
    }
}
