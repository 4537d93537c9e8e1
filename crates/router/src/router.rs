//! [`Router`]: the declaration of an app's routes.

use std::sync::Arc;

use zzz_core::http::{BoxMiddleware, RouteInfo, Stack};

use crate::error::RouterError;
use crate::pattern::{Pattern, join};
use crate::pipeline::Pipeline;
use crate::scope::{Item, Scope};
use crate::table::{RouteTable, TableBuilder};

/// The routes of an app, as they are declared.
#[derive(Debug, Clone)]
pub struct Router {
    root: Scope,
}

impl Router {
    /// No routes.
    #[must_use]
    pub fn new() -> Self {
        Self { root: Scope::new("/") }
    }

    /// Adds a scope.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.root = self.root.scope(scope);
        self
    }

    /// Adds the routes of another router, such as another file's.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.root.items.extend(other.root.items);
        self
    }

    /// Checks the routes and makes the table that requests are matched against.
    ///
    /// # Errors
    /// Every mistake at once: paths that can not be read, routes that would take the same requests, names that
    /// stand twice.
    pub fn build(self) -> Result<RouteTable, RouterError> {
        let mut builder = TableBuilder::default();
        let mut mistakes = Vec::new();
        add(self.root, "", &[], &mut builder, &mut mistakes);
        let table = builder.build(&mut mistakes);
        if mistakes.is_empty() { Ok(table) } else { Err(RouterError::new(mistakes)) }
    }
}

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}

fn add(scope: Scope, path: &str, outer: &[Pipeline], builder: &mut TableBuilder, mistakes: &mut Vec<String>) {
    if !scope.path.starts_with('/') {
        mistakes.push(format!("the scope `{}` must begin with `/`", scope.path));
        return;
    }
    let path = join(path, &scope.path);
    let mut pipelines = outer.to_vec();
    for pipeline in scope.pipelines {
        if pipelines.iter().any(|known| known.name == pipeline.name) {
            mistakes.push(format!("the scope `{path}` goes through the pipeline `{}` twice", pipeline.name));
        } else {
            pipelines.push(pipeline);
        }
    }
    for item in scope.items {
        let route = match item {
            Item::Scope(inner) => {
                add(inner, &path, &pipelines, builder, mistakes);
                continue;
            }
            Item::Route(route) => route,
        };
        if !route.path.starts_with('/') {
            mistakes.push(format!("the path `{}` of {} must begin with `/`", route.path, route.handler_name));
            continue;
        }
        let pattern = match Pattern::parse(&join(&path, &route.path)) {
            Ok(pattern) => pattern,
            Err(mistake) => {
                mistakes.push(mistake);
                continue;
            }
        };
        let info = RouteInfo {
            method: route.method,
            pattern: pattern.text,
            name: route.name,
            handler: route.handler_name,
            params: pattern.params,
            pipelines: pipelines.iter().map(|pipeline| pipeline.name.to_owned()).collect(),
            limits: route.limits,
        };
        let layers: Vec<BoxMiddleware> =
            pipelines.iter().flat_map(|pipeline| pipeline.layers.clone()).collect();
        builder.add(pattern.tree, Arc::new(info), Stack::new(layers, route.handler));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::{any, get, post};

    async fn handler() {}

    fn mistakes(scope: Scope) -> Vec<String> {
        Router::new().scope(scope).build().unwrap_err().mistakes().to_vec()
    }

    #[test]
    fn reports_all_mistakes_at_once() {
        let found = mistakes(
            Scope::new("/")
                .route(get("/posts/:id", handler).name("post"))
                .route(get("/posts/:slug", handler))
                .route(any("/a", handler).name("post"))
                .route(post("/a", handler))
                .route(get("b", handler))
                .route(get("/c/:", handler)),
        );
        assert_eq!(found.len(), 5, "{found:#?}");
        let all = found.join("\n");
        for part in [
            "`GET /posts/:slug` takes the same requests as `GET /posts/:id`",
            "the name `post`",
            "`POST /a` takes the same requests as `ANY /a`",
            "the path `b`",
            "no name for a parameter",
        ] {
            assert!(all.contains(part), "{part} is not in {all}");
        }
    }

    #[test]
    fn a_pipeline_is_passed_once() {
        let browser = Pipeline::new("browser");
        let inner = Scope::new("/in").through(&browser).get("/", handler);
        let found = mistakes(Scope::new("/").through(&browser).scope(inner));
        assert_eq!(found, ["the scope `/in` goes through the pipeline `browser` twice"]);
    }
}
