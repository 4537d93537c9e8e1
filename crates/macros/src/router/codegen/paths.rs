//! The functions of `paths`, one for each route with a name.
//!
//! They are written as a text, which the compiler reads faster than a macro puts tokens together.

use std::collections::HashSet;
use std::fmt::Write as _;

use proc_macro2::TokenStream;
use quote::quote;

use super::super::names::is_keyword;
use super::super::pattern::{self, Segment};
use super::super::plan::Planned;
use super::super::syntax::HandlerRef;
use super::super::table::Patterns;
use super::checks::handlers;
use super::lists::Groups;

/// The module `paths`.
pub(super) fn paths(
    private: &TokenStream,
    hash: u64,
    patterns: &Patterns<'_>,
    groups: &mut Groups,
) -> TokenStream {
    let mut text = String::new();
    let mut seen = HashSet::new();
    for (index, (full, routes)) in patterns.iter().enumerate() {
        let mut is_first = true;
        for route in routes {
            let Some(name) = route.name.as_deref().filter(|name| seen.insert(*name)) else { continue };
            if std::mem::take(&mut is_first) {
                kinds(&mut text, hash, index, &route.segments, routes, groups);
            }
            let methods =
                if route.methods.is_empty() { "ANY".to_owned() } else { route.methods.join(" and ") };
            let _ = write!(text, "#[doc={:?}] ", format!("`{methods} {full}`"));
            function(&mut text, name, index, &route.segments);
        }
    }
    // It has no tokens of the user's, so nothing in it can be mistaken. The compiler's own type reads it once;
    // `proc_macro2` would do so before, to see whether it may.
    let functions = TokenStream::from(text.parse::<proc_macro::TokenStream>().unwrap_or_default());
    quote! {
        /// A function for each route that has a name: it takes the parameters and returns the path.
        #[allow(unreachable_pub, dead_code, unused_imports, clippy::all)]
        pub mod paths {
            use super::__Routes;
            use #private::{
                Kind as __Kind, PathValue as __Value, PathWriter as __Writer, RestValue as __Rest, TypeOf as __TypeOf,
                VerifiedPath as __Path, at as __at,
            };
            #functions
        }
    }
}

/// The type of each parameter that stands for its type in the functions.
///
/// They are types with names, since a constant that stands in a function's bounds is compiled once for each function.
fn kinds(
    text: &mut String,
    hash: u64,
    pattern: usize,
    segments: &[Segment],
    routes: &[&Planned],
    groups: &mut Groups,
) {
    let params = segments.iter().filter(|segment| segment.param().is_some());
    for (at, segment) in params.enumerate() {
        if matches!(segment, Segment::Param { .. }) {
            let (names, places) = (pattern::params(segments), places(routes, groups));
            let _ = write!(
                text,
                "type __Kind{pattern}_{at}=__Kind<{{__at::<{hash},__Routes>(&{names:?},&{places:?},{at})}}>;"
            );
        }
    }
}

fn function(text: &mut String, name: &str, pattern: usize, segments: &[Segment]) {
    let (mut generics, mut arguments, mut bounds, mut writes) =
        (String::new(), String::new(), String::new(), String::new());
    let mut fixed = String::new();
    let mut at = 0;
    for segment in segments {
        fixed.push('/');
        let param = match segment {
            Segment::Fixed(text) => {
                fixed.push_str(text);
                continue;
            }
            Segment::Param { prefix, name } => {
                fixed.push_str(prefix);
                name
            }
            Segment::Rest(name) => name,
        };
        let value = ident(param);
        let _ = write!(arguments, "{value}:V{at},");
        let _ = write!(writes, ".text({fixed:?})");
        fixed.clear();
        if matches!(segment, Segment::Rest(_)) {
            let _ = write!(generics, "V{at},");
            let _ = write!(bounds, "V{at}:__Rest,");
            let _ = write!(writes, ".rest(&{value})");
        } else {
            let _ = write!(generics, "T{at},V{at},");
            let _ = write!(bounds, "__Kind{pattern}_{at}:__TypeOf<T{at}>,V{at}:__Value<T{at}>,");
            let _ = write!(writes, ".value::<T{at},V{at}>(&{value})");
        }
        at += 1;
    }
    let name = ident(name);
    let _ = if at == 0 {
        write!(text, "pub const fn {name}()->__Path{{__Path::fixed({fixed:?})}}")
    } else {
        if !fixed.is_empty() {
            let _ = write!(writes, ".text({fixed:?})");
        }
        write!(
            text,
            "pub fn {name}<{generics}>({arguments})->__Path where {bounds}{{__Writer::new(){writes}.finish()}}"
        )
    };
}

/// A name as Rust has it.
fn ident(name: &str) -> String {
    match name {
        "self" | "Self" | "super" | "crate" | "_" => format!("{name}_"),
        _ if is_keyword(name) => format!("r#{name}"),
        _ => name.to_owned(),
    }
}

/// Where the handlers of a path stand: the numbers of their groups and lists, and their places there.
pub(in crate::router) fn places(routes: &[&Planned], groups: &mut Groups) -> Vec<[usize; 3]> {
    let place = |handler: &HandlerRef| [groups.number(&handler.list), handler.list.number, handler.at];
    handlers(routes).into_iter().map(place).collect()
}
