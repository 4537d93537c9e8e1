//! Whether a handler takes from the path what its route has: what `router!` checks as it compiles, for routes that are made
//! at run time.

use zzz_core::http::extract::PathShape;

use crate::pattern::Pattern;

/// What is wrong with what a handler takes, if anything is: the rest of a sentence that begins with the handler.
pub(crate) fn misfit(takes: &[&PathShape], pattern: &Pattern) -> Option<String> {
    takes.iter().find_map(|shape| misfit_of(shape, pattern))
}

fn misfit_of(shape: &PathShape, pattern: &Pattern) -> Option<String> {
    let (names, text) = (&pattern.params, &pattern.text);
    if shape.optional && names.is_empty() {
        return None;
    }
    if !shape.by_name && shape.params.len() != names.len() {
        let advice = match names.len() {
            0 => "take `Path` out of the handler, or add a parameter such as `/:id` to the path",
            1 => "its `Path<...>` must hold one type",
            _ => "its `Path<(...)>` must hold one type for each, or be a struct with #[derive(PathParams)]",
        };
        let (takes, has) = (counted(shape.params.len()), counted(names.len()));
        return Some(format!("takes {takes}, but `{text}` has {has}; {advice}"));
    }
    shape.params.iter().enumerate().find_map(|(at, param)| {
        let place = if shape.by_name { names.iter().position(|name| name == param.name) } else { Some(at) };
        let Some(place) = place else {
            let known = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { String::new() } else { format!("; it has {known}") };
            return Some(format!(
                "takes the path parameter `{}`, which `{text}` does not have{known}",
                param.name
            ));
        };
        let is_rest = place + 1 == names.len() && text.rsplit('/').next().is_some_and(|last| last.starts_with('*'));
        (is_rest && !param.takes_rest).then(|| {
            format!(
                "takes `*{0}` of `{text}` as `{1}`, but it is all that is left of a path, slashes among it, which a \
                 `String` can hold; for one segment write `:{0}`",
                names[place], param.type_name
            )
        })
    })
}

fn counted(count: usize) -> String {
    match count {
        0 => "no path parameters".into(),
        1 => "1 path parameter".into(),
        _ => format!("{count} path parameters"),
    }
}

/// The type as which a handler reads the parameter of this place and name.
pub(crate) fn type_of(takes: &[&PathShape], index: usize, name: &str) -> Option<&'static str> {
    takes.iter().find_map(|shape| {
        let mut params = shape.params.iter();
        let found = if shape.by_name { params.find(|param| param.name == name) } else { params.nth(index) };
        found.map(|param| param.type_name)
    })
}
