//! [`View`]: renders a page for one request.

use std::sync::Arc;

use minijinja::value::{Serde, Value};
use serde::Serialize;
use zzz_core::http::{
    Assigns, Description, FromRequestParts, Head, Html, IntoResponse, Parts, Response, Shared, StatusCode,
};
use zzz_core::{Error, Result};

use crate::engine::{Templates, layout_template};
use crate::error::TemplateError;
use crate::names::PageNames;

/// Renders pages for one request: into the layout, with what middleware shared and with `current_path`.
///
/// Needs [`Templates`] among the services.
///
/// ```
/// use zzz_core::http::Response;
/// use zzz_templates::View;
///
/// #[derive(serde::Serialize)]
/// struct Home {
///     posts: Vec<String>,
/// }
/// async fn home(view: View) -> zzz_core::Result<Response> {
///     view.render("pages/home.html", Home { posts: Vec::new() })
/// }
/// ```
#[derive(Clone)]
pub struct View {
    templates: Templates,
    shared: Vec<(&'static str, Shared)>,
    head: Arc<Head>,
    status: StatusCode,
    layout: Layout,
}

#[derive(Clone, PartialEq, Eq)]
enum Layout {
    Default,
    Template(String),
    None,
}

impl View {
    /// Answers with this status instead of 200: `422` for a form with mistakes.
    ///
    /// A number that is no status code gives 500.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self
    }

    /// Renders into `layouts/{name}.html` instead of the default layout.
    #[must_use]
    pub fn layout(mut self, name: impl Into<String>) -> Self {
        self.layout = Layout::Template(layout_template(&name.into()));
        self
    }

    /// Renders without a layout, as for a fragment of a page.
    #[must_use]
    pub fn without_layout(mut self) -> Self {
        self.layout = Layout::None;
        self
    }

    /// Renders the template as an HTML response.
    ///
    /// # Errors
    /// Status 500 if a template is missing or wrong, or uses a variable that does not exist.
    #[track_caller]
    pub fn render(&self, name: &str, context: impl Serialize) -> Result<Response> {
        Ok(self.respond(name, Value::from(Serde(context)))?)
    }

    fn respond(&self, name: &str, context: Value) -> Result<Response, TemplateError> {
        let layout = match &self.layout {
            Layout::Default => self.templates.default_layout(),
            Layout::Template(name) => Some(name.as_str()),
            Layout::None => None,
        };
        let names = PageNames::new(&self.head, &self.shared, context);
        let html = self.templates.render(name, Value::from_object(names), layout)?;
        Ok((self.status, Html(html)).into_response())
    }
}

impl FromRequestParts for View {
    fn describe(description: &mut Description) {
        description.service::<Templates>();
    }

    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        let templates = parts.services().get::<Templates>().ok_or_else(|| {
            Error::internal("there are no templates: register them with `App::templates`, or put Templates among the services")
        })?;
        Ok(Self {
            templates: Templates::clone(templates),
            shared: Assigns::shared(parts.assigns()).to_vec(),
            head: Arc::clone(parts.head()),
            status: StatusCode::OK,
            layout: Layout::Default,
        })
    }
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.shared.iter().map(|(name, _)| name).collect();
        f.debug_struct("View")
            .field("path", &self.head.uri().path())
            .field("shared", &names)
            .finish_non_exhaustive()
    }
}
