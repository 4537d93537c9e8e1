//! [`App`]: an app, as it declares itself.

use std::future::Future;
use std::sync::Arc;

use zzz_core::config::{Config, Layers, Section};
use zzz_core::http::{BoxFuture, BoxMiddleware, Folder, Middleware, MiddlewareExt, Service};
use zzz_core::{Result, ServicesBuilder};
use zzz_db::Repo;
use zzz_middleware::Mount;
use zzz_router::Router;

type Seed = Arc<dyn Fn(Repo) -> BoxFuture<Result<()>> + Send + Sync>;
type Register = Box<dyn Fn(&mut ServicesBuilder) + Send + Sync>;
#[cfg(feature = "templates")]
type TemplateSetup = Arc<dyn Fn(&mut zzz_templates::minijinja::Environment<'static>) + Send + Sync>;

/// An app, as it declares itself: its routes, folders, sections of the configuration, services and seeds.
///
/// Nothing happens until it is [`run`](crate::run) or [`boot`](crate::boot)ed.
pub struct App {
    pub(crate) name: &'static str,
    pub(crate) router: Box<dyn Fn() -> Router + Send + Sync>,
    pub(crate) sections: Vec<Declared>,
    pub(crate) plugs: Vec<Plug>,
    pub(crate) services: Vec<Register>,
    pub(crate) migrations: Option<MigrationFolder>,
    pub(crate) seed: Option<Seed>,
    #[cfg(feature = "templates")]
    pub(crate) templates: Option<Folder>,
    #[cfg(feature = "templates")]
    pub(crate) template_setups: Vec<TemplateSetup>,
}

/// Where an app's migrations are: what `migrations!` or `folder!` names.
#[derive(Debug, Clone, Copy)]
pub struct MigrationFolder(pub(crate) Place);

#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    Files(Folder),
    FilesAndCode(zzz_db::migrate::Folder),
}

impl From<Folder> for MigrationFolder {
    fn from(folder: Folder) -> Self {
        Self(Place::Files(folder))
    }
}

impl From<zzz_db::migrate::Folder> for MigrationFolder {
    fn from(folder: zzz_db::migrate::Folder) -> Self {
        Self(Place::FilesAndCode(folder))
    }
}

/// A section of the configuration: how it is declared, and how it becomes a service.
#[derive(Clone, Copy)]
pub(crate) struct Declared {
    pub(crate) declare: fn(&mut Layers),
    pub(crate) serve: fn(&mut ServicesBuilder, &Config),
}

impl Declared {
    pub(crate) fn new<S: Section>() -> Self {
        Self {
            declare: Layers::section::<S>,
            serve: |services, config| {
                services.shared(config.get::<S>());
            },
        }
    }
}

/// A stage that every request passes before its route is looked up.
pub(crate) enum Plug {
    Middleware(BoxMiddleware),
    StaticFiles(&'static str, Folder),
}

impl App {
    /// An app of this name: the crate's, which is also the target of its log lines.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            router: Box::new(Router::new),
            sections: Vec::new(),
            plugs: Vec::new(),
            services: Vec::new(),
            migrations: None,
            seed: None,
            #[cfg(feature = "templates")]
            templates: None,
            #[cfg(feature = "templates")]
            template_setups: Vec::new(),
        }
    }

    /// Sets the function that makes the routes.
    #[must_use]
    pub fn router(mut self, router: impl Fn() -> Router + Send + Sync + 'static) -> Self {
        self.router = Box::new(router);
        self
    }

    /// Declares a section of the configuration, which is a service from then on: `Svc<SiteConfig>`.
    #[must_use]
    pub fn config<S: Section>(mut self) -> Self {
        self.sections.push(Declared::new::<S>());
        self
    }

    /// Adds a middleware that every request passes, matched or not, before its route is looked up; they run in
    /// the order in which they are added.
    #[must_use]
    pub fn plug<Args: 'static>(mut self, middleware: impl Middleware<Args>) -> Self {
        self.plugs.push(Plug::Middleware(middleware.erase()));
        self
    }

    /// Hands every request under `path` to another service, in the order of the plugs: to an `axum::Router`
    /// with `server::tower::from_tower` (feature `tower`), or to a whole other app's endpoint. The service sees
    /// the path without that prefix ([`Mount`]).
    #[must_use]
    pub fn mount(self, path: &str, service: impl Service) -> Self {
        self.plug(Mount::new(path, service))
    }

    /// Serves the files of a folder under a path, in the order of the plugs. What is no file goes on to the routes
    /// ([`StaticFiles`](zzz_middleware::StaticFiles)).
    #[must_use]
    pub fn static_files(mut self, path: &'static str, folder: Folder) -> Self {
        self.plugs.push(Plug::StaticFiles(path, folder));
        self
    }

    /// Registers services of the app's own. Constructors may take those that the framework registers: `Config` and
    /// every section of it, `Root`, `Repo`, `Keyring`, `Templates`, `Uploads`. A function that needs the configuration
    /// to decide what to register finds it with [`peek`](ServicesBuilder::peek).
    #[must_use]
    pub fn services(mut self, register: impl Fn(&mut ServicesBuilder) + Send + Sync + 'static) -> Self {
        self.services.push(Box::new(register));
        self
    }

    /// Sets the folder of migrations, `migrations!("migrations")`, or a `folder!` that has SQL files only; with it the
    /// app has a database, and a `Repo` among its services.
    #[must_use]
    pub fn migrations(mut self, folder: impl Into<MigrationFolder>) -> Self {
        self.migrations = Some(folder.into());
        self
    }

    /// Sets what fills a new database with sample content, in dev when the database has just been created, and
    /// with the command `seed`.
    #[must_use]
    pub fn seed<F, Fut>(mut self, seed: F) -> Self
    where
        F: Fn(Repo) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.seed = Some(Arc::new(move |repo| Box::pin(seed(repo))));
        self
    }

    /// Sets the folder of templates. Pages are rendered into `layouts/app.html`; `errors/404.html` and the
    /// like, or `errors/error.html` for all others, are the error pages, if they exist.
    #[cfg(feature = "templates")]
    #[must_use]
    pub fn templates(mut self, folder: Folder) -> Self {
        self.templates = Some(folder);
        self
    }

    /// Adds filters, functions and globals for templates.
    #[cfg(feature = "templates")]
    #[must_use]
    pub fn template_setup(
        mut self,
        setup: impl Fn(&mut zzz_templates::minijinja::Environment<'static>) + Send + Sync + 'static,
    ) -> Self {
        self.template_setups.push(Arc::new(setup));
        self
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("name", &self.name).finish_non_exhaustive()
    }
}
