//! From the declaration of routes to their table, with every mistake on the way.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use zzz_core::http::middleware::End;
use zzz_core::http::{
    BoxHandler, BoxMiddleware, Description, Folder, Format, Limits, Method, RouteInfo, RouteKind, RouteParam,
    SourceLine, Stack,
};

use zzz_core::services::Requirement;

use crate::endpoint::Open;
use crate::error::RouterError;
use crate::fitting;
use crate::forward::Mounted;
use crate::hosts::HostPattern;
use crate::mounted::{ToInner, ToRouter, ToService};
use crate::pattern::{Pattern, join};
use crate::pipeline::Pipeline;
use crate::placing::Placing;
use crate::route::{About, Options, Route};
use crate::router::{AssetFolder, Plug, Router};
use crate::scope::{Item, Scope};
use crate::slash::TrailingSlash;
use crate::table::{Entry, RouteTable, Traits};

/// How the files of assets are served.
#[derive(Clone, Copy)]
pub(crate) enum Assets<'a> {
    /// Nobody will call the table.
    Unserved,
    /// The endpoint was not told how.
    Untold,
    By(&'a Open),
}

/// The table of a router, and what requests pass before it.
pub(crate) fn table(
    router: Router,
    assets: Assets<'_>,
) -> Result<(RouteTable, Vec<BoxMiddleware>), RouterError> {
    let mut mistakes = Vec::new();
    let outer = Outer {
        path: String::new(),
        name: String::new(),
        host: None,
        options: Options::default(),
        passed: Vec::new(),
        pipelines: Vec::new(),
    };
    let (table, plugs) = Compiler::router(router, outer, assets, &mut mistakes);
    // A scope for several hosts makes its mistakes for each.
    let mut told = HashSet::new();
    mistakes.retain(|mistake| told.insert(mistake.clone()));
    if mistakes.is_empty() {
        Ok((table, plugs))
    } else {
        Err(RouterError::new(mistakes).needing(table.requirements()))
    }
}

/// What holds for everything in a scope.
struct Outer {
    path: String,
    /// What stands before names.
    name: String,
    host: Option<(String, HostPattern)>,
    options: Options,
    /// Pipelines of the router around this one, which a request has passed already.
    passed: Vec<Pipeline>,
    pipelines: Vec<Pipeline>,
}

impl Outer {
    fn layers(&self) -> Vec<BoxMiddleware> {
        self.pipelines.iter().flat_map(|pipeline| pipeline.layers.clone()).collect()
    }

    /// What the pipelines speak: what the innermost says.
    fn format(&self) -> Option<Format> {
        let layers = self.passed.iter().chain(&self.pipelines).flat_map(|pipeline| &pipeline.layers);
        layers.rev().find_map(BoxMiddleware::format)
    }
}

/// The parameters of a path, with the types that a handler reads them as.
fn params(pattern: &Pattern, takes: &Description) -> Vec<RouteParam> {
    let names = pattern.params.iter().enumerate();
    let param = |(index, name): (usize, &String)| {
        let mut param = RouteParam::new(name);
        param.type_name = fitting::type_of(takes.paths(), index, name);
        param
    };
    names.map(param).collect()
}

/// Notes what a middleware needs, each once, however many scopes go through it.
pub(crate) fn needs(middleware: &BoxMiddleware, place: &str, noted: &mut Vec<Requirement>) {
    for need in middleware.describe().services() {
        let requirement = Requirement { need: *need, by: format!("{} ({place})", middleware.name()) };
        if !noted.contains(&requirement) {
            noted.push(requirement);
        }
    }
}

struct Compiler<'a> {
    /// The path under which the router is mounted.
    script_name: String,
    slash: TrailingSlash,
    assets: Assets<'a>,
    entries: Vec<Entry>,
    listed: Vec<Arc<RouteInfo>>,
    placing: Placing,
    names: HashMap<String, (String, SourceLine)>,
    folders: Vec<(Arc<RouteInfo>, Folder)>,
    needs: Vec<Requirement>,
    traits: Traits,
    mistakes: &'a mut Vec<String>,
}

impl<'a> Compiler<'a> {
    fn router(
        router: Router,
        outer: Outer,
        assets: Assets<'a>,
        mistakes: &'a mut Vec<String>,
    ) -> (RouteTable, Vec<BoxMiddleware>) {
        let mut compiler = Self {
            script_name: outer.path.clone(),
            slash: router.trailing_slash,
            assets,
            entries: Vec::new(),
            listed: Vec::new(),
            placing: Placing::default(),
            names: HashMap::new(),
            folders: Vec::new(),
            needs: Vec::new(),
            traits: Traits {
                lenient_slashes: router.trailing_slash != TrailingSlash::Strict,
                ..Traits::default()
            },
            mistakes,
        };
        let plugs = router.plugs.into_iter().filter_map(|plug| match plug {
            Plug::Middleware(middleware) => {
                needs(&middleware, "before the routes", &mut compiler.needs);
                Some(middleware)
            }
            Plug::Assets(assets) => compiler.assets(assets, &outer),
        });
        let plugs = plugs.collect();
        compiler.scope(router.root, &outer);
        let (main, hosts) = compiler.placing.build(&compiler.entries, compiler.mistakes);
        let Self { entries, listed, folders, needs, traits, .. } = compiler;
        (RouteTable { entries, main, hosts, listed, folders, needs, traits }, plugs)
    }

    fn assets(&mut self, assets: AssetFolder, outer: &Outer) -> Option<BoxMiddleware> {
        let AssetFolder { path, folder, source } = assets;
        let parsed = match path.starts_with('/') {
            true => Pattern::parse(&join(&outer.path, &path)),
            false => Err(format!("the path `{path}` must begin with `/`")),
        };
        let pattern = match parsed {
            Ok(pattern) if pattern.as_fixed().is_none() => {
                let text = pattern.text;
                self.mistakes
                    .push(format!("the assets at `{text}` ({source}) can have no parameter in their path"));
                return None;
            }
            Err(mistake) => {
                self.mistakes.push(format!("the assets at `{path}` ({source}): {mistake}"));
                return None;
            }
            Ok(pattern) => pattern,
        };
        let [path, _, below] = pattern.and_below();
        let mut info = RouteInfo::new(Some(Method::GET), below.text, folder.name);
        info.kind = RouteKind::Assets;
        info.script_name.clone_from(&self.script_name);
        info.host = outer.host.as_ref().map(|(host, _)| host.clone());
        info.source = Some(source);
        let info = Arc::new(info);
        self.listed.push(Arc::clone(&info));
        self.folders.push((info, folder));
        let path = path.text;
        match self.assets {
            Assets::Unserved => None,
            Assets::Untold => {
                self.mistakes.push(format!(
                    "nobody serves the assets at `{path}` ({source}): tell the endpoint how with \
                     `EndpointBuilder::assets`; `zzz::run` and `zzz::boot` do"
                ));
                None
            }
            Assets::By(open) => open(&AssetFolder { path: path.clone(), folder, source })
                .inspect_err(|error| {
                    self.mistakes.push(format!("the assets at `{path}` ({source}): {error}"));
                })
                .ok(),
        }
    }

    fn scope(&mut self, scope: Scope, outer: &Outer) {
        let at = scope.source;
        if !scope.path.starts_with('/') {
            self.mistakes.push(format!("the path of the scope `{}` ({at}) must begin with `/`", scope.path));
            return;
        }
        let path = join(&outer.path, &scope.path);
        let mut pipelines = outer.pipelines.clone();
        for pipeline in scope.pipelines {
            if pipelines.iter().any(|known| known.name == pipeline.name) {
                let name = pipeline.name;
                self.mistakes
                    .push(format!("the scope `{path}` ({at}) goes through the pipeline `{name}` twice"));
            } else {
                let place = format!("pipeline {}", pipeline.name);
                for layer in &pipeline.layers {
                    needs(layer, &place, &mut self.needs);
                }
                pipelines.push(pipeline);
            }
        }
        let name = match scope.named {
            Some(prefix) => format!("{}{prefix}_", outer.name),
            None => outer.name.clone(),
        };
        let options = scope.options.within(&outer.options);
        let host = outer.host.clone();
        let mut inner = Outer { path, name, host, options, passed: outer.passed.clone(), pipelines };
        if scope.hosts.is_empty() {
            return self.items(scope.items, &inner, at);
        }
        let mut hosts: Vec<HostPattern> = Vec::new();
        for host in scope.hosts {
            match HostPattern::parse(&host) {
                Ok(pattern) if hosts.contains(&pattern) => {
                    let path = &inner.path;
                    self.mistakes.push(format!("the scope `{path}` ({at}) names the host `{host}` twice"));
                }
                Ok(pattern) => {
                    hosts.push(pattern.clone());
                    inner.host = Some((host, pattern));
                    self.items(scope.items.clone(), &inner, at);
                }
                Err(mistake) => {
                    let path = &inner.path;
                    self.mistakes.push(format!("the scope `{path}` ({at}): {mistake}"));
                }
            }
        }
    }

    /// What stands in a scope, for one host or for all.
    fn items(&mut self, items: Vec<Item>, scope: &Outer, at: SourceLine) {
        self.format(&items, scope, at);
        for item in items {
            match item {
                Item::Scope(inner) => self.scope(inner, scope),
                Item::Route(route) => self.route(route, scope),
                Item::Forward { path, to, about } => self.forward(&path, to, &about, scope),
                Item::Fallback { handler, about } => self.fallback(handler, &about, scope),
            }
        }
    }

    /// Notes what a scope speaks where none of its routes matches. One that only holds other scopes has no say.
    fn format(&mut self, items: &[Item], scope: &Outer, at: SourceLine) {
        if items.iter().all(|item| matches!(item, Item::Scope(_))) {
            return;
        }
        if let Some(pattern) = self.pattern(&scope.path, "/", "the scope", at) {
            self.placing.format(scope.host.as_ref(), pattern, scope.format());
        }
    }

    /// The pattern of a path within a scope's.
    fn pattern(&mut self, scope: &str, path: &str, what: &str, at: SourceLine) -> Option<Pattern> {
        let parsed = if path.starts_with('/') {
            Pattern::parse(&join(scope, path))
        } else {
            Err(format!("the path `{path}` must begin with `/`"))
        };
        parsed.inspect_err(|mistake| self.mistakes.push(format!("{mistake} ({what} at {at})"))).ok()
    }

    fn route(&mut self, route: Route, scope: &Outer) {
        let Route { methods, path, handler, about, param_types } = route;
        let at = about.source;
        let Some(pattern) = self.pattern(&scope.path, &path, about.handler_name, at) else { return };
        for (name, _) in &param_types {
            if !pattern.params.contains(name) {
                let text = &pattern.text;
                self.mistakes
                    .push(format!("`{text}` ({at}) has no parameter `{name}`, of which a type is given"));
            }
        }
        let methods: Vec<Option<Method>> = match methods {
            None => vec![None],
            Some(methods) => methods.into_iter().map(Some).collect(),
        };
        if methods.is_empty() {
            let text = &pattern.text;
            self.mistakes.push(format!("the route `{text}` ({at}) has no method, so it takes no request"));
        }
        let takes = handler.describe();
        self.misfit(&takes, &pattern, &about);
        for method in methods {
            let mut info = self.info(method.clone(), &pattern.text, &about, scope);
            info.services = takes.services().to_vec();
            info.params = params(&pattern, &takes);
            for param in &mut info.params {
                let said = param_types.iter().find(|(known, _)| *known == param.name);
                param.type_name = said.map(|(_, name)| *name).or(param.type_name);
            }
            self.name(&info, at);
            let number = self.entry(info, &about, scope, Vec::new(), handler.clone());
            let exact = [pattern.clone()];
            self.placing.route(scope.host.as_ref(), &exact, method.as_ref(), number);
            // What is mounted at `/jobs` has `/jobs/` as its root too.
            if pattern.text == self.script_name {
                self.placing.alias(
                    scope.host.as_ref(),
                    &format!("{}/", pattern.text),
                    method.as_ref(),
                    number,
                );
            }
        }
    }

    /// Notes if a handler takes from the path what that does not have.
    fn misfit(&mut self, takes: &Description, pattern: &Pattern, about: &About) {
        if let Some(why) = fitting::misfit(takes.paths(), pattern) {
            self.mistakes.push(format!("the handler {} ({}) {why}", about.handler_name, about.source));
        }
    }

    fn forward(&mut self, path: &str, to: Mounted, about: &About, scope: &Outer) {
        let at = about.source;
        let Some(pattern) = self.pattern(&scope.path, path, about.handler_name, at) else { return };
        if pattern.as_fixed().is_none() {
            let text = &pattern.text;
            self.mistakes.push(format!(
                "the path `{text}` of a forward ({at}) can have no parameters: what it leads to would not know them"
            ));
            return;
        }
        let below = pattern.and_below();
        let info = self.info(None, &below[2].text, about, scope);
        let number = match to {
            Mounted::Service(service) => {
                let prefix = below[0].text.trim_end_matches('/').to_owned();
                self.entry(info, about, scope, Vec::new(), ToService { prefix, service })
            }
            Mounted::Router(router) => {
                let inner = Outer {
                    path: below[0].text.trim_end_matches('/').to_owned(),
                    name: String::new(),
                    host: scope.host.clone(),
                    options: about.options.within(&scope.options),
                    passed: scope.passed.iter().chain(&scope.pipelines).cloned().collect(),
                    pipelines: Vec::new(),
                };
                let (mut table, plugs) = Compiler::router(*router, inner, self.assets, self.mistakes);
                self.traits.routers = true;
                self.traits.body_limits |= table.traits.body_limits;
                self.traits.loud |= table.traits.loud;
                let listed = std::mem::take(&mut table.listed);
                self.folders.append(&mut table.folders);
                let inner = std::mem::take(&mut table.needs);
                self.needs
                    .extend(inner.into_iter().filter(|need| !self.needs.contains(need)).collect::<Vec<_>>());
                let table = Arc::new(table);
                let end = ToInner(ToRouter { table: Arc::clone(&table), limits: Limits::new() });
                let number = self.entry(info, about, scope, plugs, end);
                self.entries[number as usize].inner = Some(table);
                self.listed.extend(listed);
                number
            }
        };
        self.placing.route(scope.host.as_ref(), &below, None, number);
    }

    fn fallback(&mut self, handler: BoxHandler, about: &About, scope: &Outer) {
        let Some(pattern) = self.pattern(&scope.path, "/", about.handler_name, about.source) else { return };
        let takes = handler.describe();
        self.misfit(&takes, &pattern, about);
        let text = &pattern.and_below()[2].text;
        let mut info = self.info(None, text, about, scope);
        info.services = takes.services().to_vec();
        info.params = params(&pattern, &takes);
        let number = self.entry(info, about, scope, Vec::new(), handler);
        self.placing.fallback(scope.host.as_ref(), pattern, number);
    }

    fn info(&self, method: Option<Method>, pattern: &str, about: &About, scope: &Outer) -> RouteInfo {
        let options = about.options.within(&scope.options);
        let mut info = RouteInfo::new(method, pattern, about.handler_name);
        info.kind = about.kind;
        info.name = about.name.as_ref().map(|name| format!("{}{name}", scope.name));
        info.pipelines =
            scope.passed.iter().chain(&scope.pipelines).map(|pipeline| pipeline.name.to_owned()).collect();
        info.host = scope.host.as_ref().map(|(host, _)| host.clone());
        info.limits = options.limits;
        info.log = options.log.unwrap_or_default();
        info.assigns = options.presets.iter().map(|preset| preset.type_name).collect();
        info.script_name.clone_from(&self.script_name);
        info.source = Some(about.source);
        info
    }

    /// Notes the name of a route, which stands for one route only; a route of several methods has it once.
    fn name(&mut self, info: &RouteInfo, at: SourceLine) {
        let Some(name) = &info.name else { return };
        let this = (info.pattern.clone(), at);
        if let Some((pattern, first)) = self.names.get(name)
            && (pattern, *first) != (&this.0, at)
        {
            self.mistakes.push(format!(
                "the name `{name}` stands for `{pattern}` ({first}) and for `{}` ({at}); a name is for one route",
                info.pattern
            ));
            return;
        }
        self.names.insert(name.clone(), this);
    }

    fn entry(
        &mut self,
        info: RouteInfo,
        about: &About,
        scope: &Outer,
        plugs: Vec<BoxMiddleware>,
        end: impl End + 'static,
    ) -> u32 {
        let number = self.entries.len() as u32;
        self.traits.body_limits |= info.limits.body.is_some();
        self.traits.loud |= info.log.is_loud();
        let info = Arc::new(info);
        self.listed.push(Arc::clone(&info));
        let mut layers = scope.layers();
        layers.extend(plugs);
        let options = about.options.within(&scope.options);
        self.entries.push(Entry {
            info,
            stack: Stack::new(layers, end),
            presets: options.presets.into(),
            slash: self.slash,
            format: scope.format(),
            inner: None,
        });
        number
    }
}
