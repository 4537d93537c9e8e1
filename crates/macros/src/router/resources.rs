//! What `resources` and `resource` stand for.

use proc_macro2::Span;

use super::Mistakes;
use super::options::{self, Options};
use crate::nearest::nearest;

/// An action of a resource: its name, its methods, and what its path adds.
pub(super) struct Action {
    pub(super) name: &'static str,
    pub(super) methods: &'static [&'static str],
    /// Whether it is about one of many, so that its path has the parameter.
    pub(super) of_one: bool,
    pub(super) suffix: &'static str,
}

const ACTIONS: &[Action] = &[
    Action { name: "index", methods: &["GET"], of_one: false, suffix: "" },
    Action { name: "new", methods: &["GET"], of_one: false, suffix: "/new" },
    Action { name: "create", methods: &["POST"], of_one: false, suffix: "" },
    Action { name: "show", methods: &["GET"], of_one: true, suffix: "" },
    Action { name: "edit", methods: &["GET"], of_one: true, suffix: "/edit" },
    Action { name: "update", methods: &["PATCH", "PUT"], of_one: true, suffix: "" },
    Action { name: "delete", methods: &["DELETE"], of_one: true, suffix: "" },
];

/// The action of this name.
pub(super) fn action(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

/// The names of the actions that the options leave.
pub(super) fn actions(singleton: bool, options: &Options, mistakes: &mut Mistakes) -> Vec<&'static str> {
    let all: Vec<&'static str> =
        ACTIONS.iter().map(|action| action.name).filter(|name| !(singleton && *name == "index")).collect();
    for name in options.only.iter().chain(&options.except).flatten() {
        let text = name.to_string();
        if all.contains(&text.as_str()) {
            continue;
        }
        let what = if singleton { "a `resource`" } else { "`resources`" };
        let advice = match nearest(&text, &all) {
            _ if singleton && text == "index" => "it stands for one thing, which `show` shows".to_owned(),
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", options::list(&all)),
        };
        mistakes.add(name.span(), format_args!("`{text}` is no action of {what}; {advice}"));
    }
    if let (Some(only), Some(except)) = (&options.only, &options.except) {
        let span = options::span_of(except, options::span_of(only, Span::call_site()));
        mistakes.add(span, "`only` and `except` say the same thing in two ways; leave one out");
    }
    let has = |list: &Option<Vec<syn::Ident>>, name: &str| {
        list.as_ref().map(|list| list.iter().any(|known| known == name))
    };
    all.into_iter()
        .filter(|name| {
            has(&options.only, name).unwrap_or(true) && !has(&options.except, name).unwrap_or(false)
        })
        .collect()
}

/// What one of many is called: `post` of `posts`, `category` of `categories`.
pub(super) fn singular(word: &str) -> String {
    match (word.strip_suffix("ies"), word.strip_suffix('s')) {
        (Some(stem), _) if !stem.is_empty() => format!("{stem}y"),
        (_, Some(stem)) if !stem.is_empty() && !stem.ends_with('s') => stem.to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::singular;

    #[test]
    fn finds_the_name_of_one() {
        for (many, one) in [
            ("posts", "post"),
            ("categories", "category"),
            ("news", "new"),
            ("press", "press"),
            ("sheep", "sheep"),
        ] {
            assert_eq!(singular(many), one);
        }
    }
}
