//! What a template's variables stand for, looked up as they are used.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

use minijinja::value::{Enumerator, Object, Serde, Value, ValueKind};
use zzz_core::http::{Head, Shared};

/// The variable that holds the path of the request.
const PATH: &str = "current_path";

/// The variable that holds a page's output in its layout.
const CONTENT: &str = "content";

/// What a page of a request sees: the context, what middleware shared, and the path. The first of a name wins.
pub(crate) struct PageNames {
    head: Arc<Head>,
    shared: Vec<Named>,
    context: Value,
}

/// What a layout sees: the page's output, what the page has set at its top level, and what the page saw. The
/// first of a name wins.
#[derive(Debug)]
pub(crate) struct LayoutNames {
    page: Value,
    set: Vec<(String, Value)>,
    content: Value,
}

/// A value that middleware shared, made at its first use.
struct Named {
    name: &'static str,
    make: Shared,
    made: OnceLock<Value>,
}

impl PageNames {
    pub(crate) fn new(head: &Arc<Head>, shared: &[(&'static str, Shared)], context: Value) -> Self {
        let named = |(name, make): &(&'static str, Shared)| Named {
            name,
            make: Arc::clone(make),
            made: OnceLock::new(),
        };
        Self { head: Arc::clone(head), shared: shared.iter().map(named).collect(), context }
    }
}

impl LayoutNames {
    pub(crate) fn new(page: Value, set: Vec<(String, Value)>, content: String) -> Self {
        Self { page, set, content: Value::from_safe_string(content) }
    }
}

impl Object for PageNames {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if let Some(value) = defined(&self.context, key) {
            return Some(value);
        }
        match self.shared.iter().find(|it| it.name == key) {
            Some(it) => Some(it.made.get_or_init(|| Value::from(Serde((it.make)()))).clone()),
            None => (key == PATH).then(|| Value::from(self.head.uri().path())),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        names(&self.context, self.shared.iter().map(|it| it.name).chain([PATH]))
    }
}

impl Object for LayoutNames {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if key == CONTENT {
            return Some(self.content.clone());
        }
        match self.set.iter().find(|(name, value)| name == key && !value.is_undefined()) {
            Some((_, value)) => Some(value.clone()),
            None => defined(&self.page, key),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        names(&self.page, self.set.iter().map(|(name, _)| name.as_str()).chain([CONTENT]))
    }
}

fn defined(names: &Value, key: &str) -> Option<Value> {
    if names.kind() == ValueKind::Invalid {
        // A context that can not be serialized says so wherever it is used.
        return Some(names.clone());
    }
    names.as_object()?.get_value_by_str(key).filter(|value| !value.is_undefined())
}

/// The names in a map, and some more, as `debug()` and error pages list them.
fn names<'a>(map: &Value, more: impl Iterator<Item = &'a str>) -> Enumerator {
    let map = Some(map).filter(|map| map.kind() == ValueKind::Map).and_then(|map| map.try_iter().ok());
    let all: BTreeSet<Value> = map.into_iter().flatten().chain(more.map(Value::from)).collect();
    Enumerator::Values(all.into_iter().collect())
}

impl fmt::Debug for PageNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageNames").field("context", &self.context).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use minijinja::context;
    use zzz_core::Services;
    use zzz_core::http::{Embedded, FromRequestParts, Request, now_or_never};

    use super::*;
    use crate::{Templates, View};

    const FILES: Embedded = Embedded(&[
        ("all.html", b"{% set title = 'set' %}{{ debug() }}"),
        ("layouts/all.html", b"{{ debug() }}"),
        ("layouts/app.html", b"{{ content }}; {{ title }} {{ name }} {{ current_path }}"),
        ("name.html", b"{% set title = 'set' %}{{ name }}"),
        ("names.html", b"{% set title = 'set' %}{{ name }} {{ other }} {{ current_path }}"),
        ("none.html", b"none"),
        ("twice.html", b"{{ name }}{{ name }}"),
    ]);

    /// A view of a request for `/it`, and how often what it shares as `name` was made.
    fn view() -> (View, Arc<AtomicUsize>) {
        let mut services = Services::new();
        services.insert(Templates::new(Arc::new(FILES)).layout("app").build().unwrap());
        let made = Arc::new(AtomicUsize::new(0));
        let mut parts = Request::get("/it?q=1").into_parts().0;
        parts.set_services(Arc::new(services));
        let count = Arc::clone(&made);
        parts.assigns_mut().share("name", move || {
            count.fetch_add(1, Ordering::Relaxed);
            "shared".into()
        });
        parts.assigns_mut().share("current_path", || "shared".into());
        (now_or_never(View::from_request_parts(&mut parts)).unwrap().unwrap(), made)
    }

    fn text(view: &View, name: &str, context: &Value) -> String {
        let body = view.render(name, context).unwrap().into_body();
        String::from_utf8(body.full_bytes().unwrap().to_vec()).unwrap()
    }

    #[test]
    fn a_page_s_own_names_win() {
        let view = view().0;
        let context =
            context! { name => "context", other => "context", title => "context", content => "context" };
        let shown = text(&view, "names.html", &context);
        assert_eq!(
            shown, "context context shared; set context shared",
            "its output, what it sets, its context"
        );
        for none in [Value::from(()), Value::from(vec![1]), Value::from("name")] {
            assert_eq!(text(&view, "name.html", &none), "shared; set shared shared", "{none:?}");
        }
    }

    #[test]
    fn what_is_shared_is_made_at_its_first_use() {
        let (view, made) = view();
        let view = view.without_layout();
        assert_eq!(text(&view, "none.html", &context! {}), "none");
        assert_eq!(made.load(Ordering::Relaxed), 0);
        assert_eq!(text(&view, "twice.html", &context! {}), "sharedshared");
        assert_eq!(made.load(Ordering::Relaxed), 1);
        assert_eq!(text(&view, "twice.html", &context! {}), "sharedshared");
        assert_eq!(made.load(Ordering::Relaxed), 2, "each page has its own");
    }

    #[test]
    fn a_context_that_can_not_be_serialized_says_so() {
        struct Broken;
        impl serde::Serialize for Broken {
            fn serialize<S: serde::Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("there is no number"))
            }
        }
        let error = view().0.render("names.html", Broken).unwrap_err();
        assert!(error.to_string().contains("there is no number"), "{error}");
    }

    #[test]
    fn all_names_are_listed() {
        let view = view().0;
        let page = text(&view.clone().without_layout(), "all.html", &context! { one => 1 });
        let layout = text(&view.layout("all"), "names.html", &context! { other => 1 });
        for (shown, names) in [
            (page, ["current_path", "name", "one", "title"]),
            (layout, ["content", "current_path", "other", "title"]),
        ] {
            for name in names {
                assert!(shown.contains(&format!("&quot;{name}&quot;: ")), "{name}: {shown}");
            }
        }
    }
}
