//! [`Templates`]: an app's templates, ready to render.

use std::fmt;
use std::io;
use std::sync::Arc;

use minijinja::value::{Serde, Value};
use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use serde::Serialize;
use zzz_core::http::Assets;

use crate::error::TemplateError;
use crate::escape;
use crate::names::LayoutNames;

/// Adds filters and functions to an environment; runs again for each render when templates are live.
type Setup = Box<dyn Fn(&mut Environment<'static>) + Send + Sync>;

/// An app's templates. A clone shares them.
#[derive(Clone)]
pub struct Templates {
    inner: Arc<Inner>,
}

struct Inner {
    files: Arc<dyn Assets>,
    setups: Vec<Setup>,
    /// The name of its template.
    layout: Option<String>,
    /// Everything parsed, if the files can not change.
    parsed: Option<Environment<'static>>,
}

/// Puts [`Templates`] together.
pub struct TemplatesBuilder {
    files: Arc<dyn Assets>,
    setups: Vec<Setup>,
    layout: Option<String>,
}

impl Templates {
    /// Begins with the folder of templates.
    #[expect(clippy::new_ret_no_self, reason = "reads as what is being made")]
    #[must_use]
    pub fn new(files: Arc<dyn Assets>) -> TemplatesBuilder {
        TemplatesBuilder { files, setups: Vec::new(), layout: None }
    }

    /// Whether there is a template of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.inner.files.read(name).is_ok_and(|found| found.is_some())
    }

    /// Renders a page into the default layout, with nothing shared.
    ///
    /// # Errors
    /// If a template is missing or wrong, or uses a variable that does not exist.
    pub fn page(&self, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        self.render(name, Value::from(Serde(context)), self.inner.layout.as_deref())
    }

    /// Renders a template as it stands, without a layout.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    pub fn fragment(&self, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        self.render(name, Value::from(Serde(context)), None)
    }

    /// What is wrong with the syntax of each template.
    #[must_use]
    pub fn check(&self) -> Vec<TemplateError> {
        let environment = environment(&self.inner.files, &self.inner.setups);
        match self.inner.files.list() {
            Ok(names) => {
                names.iter().filter_map(|name| environment.get_template(name).err()).map(Into::into).collect()
            }
            Err(error) => vec![unreadable("", &error).into()],
        }
    }

    /// The template of the layout that pages are rendered into unless they say otherwise.
    pub(crate) fn default_layout(&self) -> Option<&str> {
        self.inner.layout.as_deref()
    }

    /// What `page` and `fragment` do for every context alike. `layout` is the name of its template.
    pub(crate) fn render(
        &self,
        name: &str,
        names: Value,
        layout: Option<&str>,
    ) -> Result<String, TemplateError> {
        let fresh;
        let environment = match &self.inner.parsed {
            Some(parsed) => parsed,
            None => {
                fresh = environment(&self.inner.files, &self.inner.setups);
                &fresh
            }
        };
        let template = environment.get_template(name)?;
        let Some(layout) = layout else { return Ok(template.render(names)?) };
        let page = template.render_captured(names.clone())?;
        let set = {
            let state = page.state();
            let value = |name: &str| state.lookup(name).map(|value| (name.to_owned(), value));
            state.exports().into_iter().filter_map(value).collect()
        };
        let names = LayoutNames::new(names, set, page.into_output());
        let layout = environment.get_template(layout)?;
        Ok(layout.render(Value::from_object(names))?)
    }
}

impl TemplatesBuilder {
    /// The layout that pages are rendered into: `app` is `layouts/app.html`.
    #[must_use]
    pub fn layout(mut self, name: impl Into<String>) -> Self {
        self.layout = Some(layout_template(&name.into()));
        self
    }

    /// Adds filters, tests, functions and globals.
    #[must_use]
    pub fn setup(mut self, setup: impl Fn(&mut Environment<'static>) + Send + Sync + 'static) -> Self {
        self.setups.push(Box::new(setup));
        self
    }

    /// Parses what can not change any more.
    ///
    /// # Errors
    /// If an embedded template can not be read or parsed.
    pub fn build(self) -> Result<Templates, TemplateError> {
        let Self { files, setups, layout } = self;
        let parsed = if files.is_live() { None } else { Some(parse_all(&files, &setups)?) };
        Ok(Templates { inner: Arc::new(Inner { files, setups, layout, parsed }) })
    }
}

/// The name of a layout's template.
pub(crate) fn layout_template(layout: &str) -> String {
    format!("layouts/{layout}.html")
}

fn parse_all(files: &Arc<dyn Assets>, setups: &[Setup]) -> Result<Environment<'static>, TemplateError> {
    let environment = environment(files, setups);
    for name in files.list().map_err(|error| unreadable("", &error))? {
        environment.get_template(&name)?;
    }
    Ok(environment)
}

fn environment(files: &Arc<dyn Assets>, setups: &[Setup]) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_debug(true);
    environment.set_formatter(escape::format);
    let files = Arc::clone(files);
    environment.set_loader(move |name| {
        let content = files.read(name).map_err(|error| unreadable(name, &error))?;
        content.map(|content| String::from_utf8(content.into_owned())).transpose().map_err(|_| {
            minijinja::Error::new(ErrorKind::InvalidOperation, format!("templates/{name} is not valid UTF-8"))
        })
    });
    for setup in setups {
        setup(&mut environment);
    }
    environment
}

fn unreadable(name: &str, error: &io::Error) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, format!("templates/{name} can not be read: {error}"))
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates").field("layout", &self.inner.layout).finish_non_exhaustive()
    }
}

impl fmt::Debug for TemplatesBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplatesBuilder").field("layout", &self.layout).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::*;
    use zzz_core::http::Embedded;

    /// A folder whose files change under the reader, as an editor changes them.
    #[derive(Default)]
    struct Live(Mutex<BTreeMap<String, Vec<u8>>>);

    impl Live {
        fn write(&self, name: &str, content: &[u8]) {
            self.0.lock().unwrap().insert(name.into(), content.to_vec());
        }
    }

    impl Assets for Live {
        fn read(&self, path: &str) -> io::Result<Option<Cow<'static, [u8]>>> {
            Ok(self.0.lock().unwrap().get(path).cloned().map(Cow::Owned))
        }
        fn list(&self) -> io::Result<Vec<String>> {
            Ok(self.0.lock().unwrap().keys().cloned().collect())
        }
        fn is_live(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_change_shows_at_once() {
        let live = Arc::new(Live::default());
        let templates = Templates::new(live.clone()).layout("app").build().unwrap();
        live.write("layouts/app.html", b"1 {{ content }}");
        live.write("page.html", b"one {{ n }}");
        let context = BTreeMap::from([("n", 7)]);
        assert_eq!(templates.page("page.html", &context).unwrap(), "1 one 7");
        live.write("page.html", b"two {{ n }}");
        live.write("layouts/app.html", b"2 {{ content }}");
        assert_eq!(templates.page("page.html", &context).unwrap(), "2 two 7");
        assert_eq!(templates.fragment("page.html", &context).unwrap(), "two 7");
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        let live = Arc::new(Live::default());
        live.write("page.html", b"<p>\n{{ missing }}");
        live.write("broken.html", b"\n\n{% if %}");
        let templates = Templates::new(live.clone()).build().unwrap();
        let error = |name| templates.page(name, &()).unwrap_err().to_string();
        assert!(
            error("page.html").starts_with("templates/page.html:2: undefined value"),
            "{}",
            error("page.html")
        );
        assert!(
            error("broken.html").starts_with("templates/broken.html:3: syntax error"),
            "{}",
            error("broken.html")
        );
        assert!(error("none.html").contains("none.html"), "{}", error("none.html"));
    }

    #[test]
    fn an_embedded_mistake_stops_the_start() {
        const BROKEN: Embedded = Embedded(&[("a.html", b"{% for %}")]);
        let error = Templates::new(Arc::new(BROKEN)).build().unwrap_err();
        assert_eq!((error.template(), error.line()), (Some("a.html"), Some(1)));
    }
}
