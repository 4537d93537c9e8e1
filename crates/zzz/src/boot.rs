//! From an [`App`] and its configuration to something that answers requests.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use zzz_core::config::{Config, Env, Layers, Raw, Section};
use zzz_core::http::{HealthChecks, MiddlewareExt, Site, TrustedProxies};
use zzz_core::services::Replacement;
use zzz_core::{Error, Result, ServicesBuilder};
use zzz_core_http::{HttpConfig, Listen};
use zzz_db::migrate::{Migrations, Migrator};
#[cfg(feature = "sandbox")]
use zzz_db::sandbox::SandboxOptions;
use zzz_db::{DatabaseConfig, DatabaseUrl, Repo, storage};
use zzz_middleware::{ErrorPages, Keyring, StaticFiles};
#[cfg(feature = "multipart")]
use zzz_multipart::{UploadConfig, Uploads};
use zzz_router::{Assembled, Endpoint, RouterError};
#[cfg(feature = "templates")]
use {zzz_core::http::Assets, zzz_templates::TemplatesBuilder};

use crate::app::{App, Declared, Plug};
use crate::app_config::AppConfig;
use crate::root::{self, Root};
use crate::{config_files, database, folder, secret};

/// How an app is started: in which environment, with which values over those of its files, and in a test with which
/// services in place of its own.
#[derive(Debug, Clone)]
pub struct Settings {
    env: Option<Env>,
    /// Whether environment variables count.
    reads_variables: bool,
    root: Option<PathBuf>,
    values: Vec<(&'static str, &'static str, Raw)>,
    replacements: Vec<Replacement>,
    #[cfg(feature = "sandbox")]
    sandbox: Option<SandboxOptions>,
}

impl Settings {
    /// As a program is started: `ZZZ_ENV` says the environment, and variables override files.
    #[must_use]
    pub fn from_environment() -> Self {
        Self {
            env: None,
            reads_variables: true,
            root: None,
            values: Vec::new(),
            replacements: Vec::new(),
            #[cfg(feature = "sandbox")]
            sandbox: None,
        }
    }

    /// As a test starts an app: in the environment `test`, whatever variables say.
    #[must_use]
    pub fn test() -> Self {
        Self { env: Some(Env::Test), reads_variables: false, ..Self::from_environment() }
    }

    /// Puts the app into a [sandbox](zzz_db::sandbox::Sandbox) of its own, with its migrations applied: what requests,
    /// and the tasks that they start, write is seen by nobody else, and gone with the app's endpoint.
    ///
    /// The configured database says which server it is on and what its databases are called; `[database]` also gives
    /// the timeouts.
    #[cfg(feature = "sandbox")]
    #[must_use]
    pub fn sandbox(self) -> Self {
        self.sandbox_with(SandboxOptions::new())
    }

    /// As [`sandbox`](Self::sandbox), in one that is otherwise, such as an
    /// [unboxed](zzz_db::sandbox::SandboxOptions::unboxed) one. Its timeouts are those of `[database]` in any case.
    #[cfg(feature = "sandbox")]
    #[must_use]
    pub fn sandbox_with(mut self, options: SandboxOptions) -> Self {
        self.sandbox = Some(options);
        self
    }

    /// In another environment.
    #[must_use]
    pub fn env(mut self, env: Env) -> Self {
        self.env = Some(env);
        self
    }

    /// With this folder as the app's root, in place of the one that is found ([`Root`]).
    #[must_use]
    pub fn root(mut self, folder: impl Into<PathBuf>) -> Self {
        self.root = Some(folder.into());
        self
    }

    /// Sets a key of a section, as `.set::<DatabaseConfig>("url", "sqlite://test.db")`. A key that the section
    /// does not know is an error when the app is booted.
    #[must_use]
    pub fn set<S: Section>(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.values.push((S::NAME, key, Raw::Text(value.into())));
        self
    }

    /// Puts a value in the place of a service, for everybody who needs it, as a test does:
    /// `.replace::<dyn Mail>(Arc::new(Outbox::default()) as Arc<dyn Mail>)`. A service that the app does not register
    /// is an error when it is booted.
    #[track_caller]
    #[must_use]
    pub fn replace<T: ?Sized + Send + Sync + 'static>(mut self, value: impl Into<Arc<T>>) -> Self {
        self.replacements.push(Replacement::value(value));
        self
    }

    /// Puts a constructor in the place of a service, which keeps its lifetime:
    /// `.replace_with(Replacement::with(|config: Svc<Config>| Clock::stopped()))`.
    #[must_use]
    pub fn replace_with(mut self, replacement: Replacement) -> Self {
        self.replacements.push(replacement);
        self
    }
}

/// An app with its configuration read, and nothing opened yet.
pub(crate) struct Prepared {
    pub(crate) app: App,
    pub(crate) root: PathBuf,
    pub(crate) config: Arc<Config>,
    /// Every section that is declared.
    sections: Vec<Declared>,
    replacements: Vec<Replacement>,
    #[cfg(feature = "sandbox")]
    pub(crate) sandbox: Option<SandboxOptions>,
}

impl Prepared {
    pub(crate) fn new(app: App, settings: Settings) -> Result<Self> {
        let variable = |name: &str| settings.reads_variables.then(|| std::env::var(name).ok()).flatten();
        let root = match settings.root {
            Some(root) => root,
            None => root::find(variable("ZZZ_ROOT").as_deref())?,
        };
        let env = match (settings.env, variable("ZZZ_ENV").filter(|name| !name.is_empty())) {
            (Some(env), _) => env,
            (None, Some(name)) => Env::from_name(&name).ok_or_else(|| {
                Error::internal(format!("ZZZ_ENV is `{name}`; it must be dev, test or prod"))
            })?,
            (None, None) if cfg!(debug_assertions) => Env::Dev,
            (None, None) => Env::Prod,
        };
        let mut layers = Layers::new(env);
        let mut sections = vec![Declared::new::<AppConfig>(), Declared::new::<HttpConfig>()];
        #[cfg(feature = "multipart")]
        sections.push(Declared::new::<UploadConfig>());
        if app.migrations.is_some() {
            sections.push(Declared::new::<DatabaseConfig>());
        }
        sections.extend(&app.sections);
        for section in &sections {
            (section.declare)(&mut layers);
        }
        config_files::add(&mut layers, &root, env.name())?;
        if settings.reads_variables {
            let variables =
                std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
            for (name, value) in variables {
                layers.variable(&name, &value.to_string_lossy());
            }
        }
        for (section, key, raw) in settings.values {
            layers.program_value(section, key, raw);
        }
        let config = Arc::new(layers.resolve()?);
        Ok(Self {
            app,
            root,
            config,
            sections,
            replacements: settings.replacements,
            #[cfg(feature = "sandbox")]
            sandbox: settings.sandbox,
        })
    }

    /// Whether the app is put into a sandbox.
    fn in_sandbox(&self) -> bool {
        #[cfg(feature = "sandbox")]
        return self.sandbox.is_some();
        #[cfg(not(feature = "sandbox"))]
        false
    }

    /// The place and the limits of uploads. What dead processes left there is removed.
    #[cfg(feature = "multipart")]
    fn uploads(&self) -> Uploads {
        let mut config = UploadConfig::clone(&self.config.get::<UploadConfig>());
        config.temp_dir = config.temp_dir.map(|folder| self.root.join(folder).display().to_string());
        let uploads = Uploads::new(config);
        if let Err(error) = uploads.folder().sweep() {
            let folder = uploads.folder().parent().display();
            tracing::warn!(%folder, %error, "could not look for uploads that dead processes left");
        }
        uploads
    }

    pub(crate) fn database_url(&self) -> Result<DatabaseUrl> {
        database::url(self.app.name, &self.config, &self.root)
    }

    /// The app's migrations; an error if it has no database.
    pub(crate) fn migrations(&self) -> Result<Migrations> {
        match self.app.migrations {
            Some(folder) => database::migrations(folder, &self.root),
            None => {
                Err(Error::internal("this app has no database: it sets no folder with `App::migrations`"))
            }
        }
    }

    #[cfg(feature = "templates")]
    pub(crate) fn templates(&self) -> Result<Option<(TemplatesBuilder, Arc<dyn Assets>)>> {
        let Some(folder) = self.app.templates else { return Ok(None) };
        let files = folder::open(&folder, &self.root)?;
        let mut builder = zzz_templates::Templates::new(Arc::clone(&files)).layout("app");
        let router = (self.app.router)();
        let declared = router.asset_folders().map(|assets| assets.path.as_str());
        let mut paths = declared.chain(self.app.plugs.iter().filter_map(|plug| match plug {
            Plug::StaticFiles(path, _) => Some(*path),
            Plug::Middleware(_) => None,
        }));
        let statics = paths.next().map(|path| path.trim_end_matches('/').to_owned());
        builder = builder.setup(move |environment| {
            let statics = statics.clone().unwrap_or_default();
            environment.add_function("asset", move |path: &str| asset(&statics, path));
        });
        for setup in &self.app.template_setups {
            let setup = Arc::clone(setup);
            builder = builder.setup(move |environment| setup(environment));
        }
        Ok(Some((builder, files)))
    }

    /// The part of the endpoint that needs nothing opened.
    pub(crate) fn endpoint(&self, pages: ErrorPages) -> Result<Assembled> {
        let http = self.config.get::<HttpConfig>();
        let mut builder = Endpoint::new((self.app.router)()).limits(http.limits()).errors(pages);
        for plug in &self.app.plugs {
            builder = match plug {
                Plug::Middleware(middleware) => builder.plug_erased(middleware.clone()),
                Plug::StaticFiles(path, folder) => {
                    builder.plug(StaticFiles::new(path, folder::open(folder, &self.root)?)?)
                }
            };
        }
        let root = self.root.clone();
        let builder = builder.assets(move |assets| {
            Ok(StaticFiles::new(&assets.path, folder::open(&assets.folder, &root)?)?.erase())
        });
        builder.assemble().map_err(|routes| self.all_mistakes(&routes).into())
    }

    /// Where the app is reached: `PUBLIC_URL`, or else where it listens.
    fn site(&self, address: Option<&str>) -> Site {
        let http = self.config.get::<HttpConfig>();
        match (&http.public_url, address) {
            (Some(url), _) => Site::new(&url.to_string()),
            (None, Some(address)) => Site::new(address),
            (None, None) => match http.plain_address() {
                Listen::Tcp(address) => Site::new(&format!("http://{address}")),
                // A socket file has no address of this kind; who listens there sets PUBLIC_URL.
                Listen::Unix(_) => Site::new("http://localhost"),
            },
        }
    }

    /// What is registered, by the framework and by the app; what needs something opened is only promised.
    fn services(&self) -> ServicesBuilder {
        let mut services = ServicesBuilder::new();
        services
            .advise::<Repo>("the app has no database: say where its migrations are, with `App::migrations`");
        services.shared(Arc::clone(&self.config));
        for section in &self.sections {
            (section.serve)(&mut services, &self.config);
        }
        services.value(Root::new(&self.root));
        let http = self.config.get::<HttpConfig>();
        let proxies = TrustedProxies::new(http.trusted_proxies.iter().copied());
        services.value(proxies.reading(&http.proxy_headers));
        services.promise::<Keyring>();
        services.promise::<HealthChecks>();
        services.promise::<Site>();
        #[cfg(feature = "multipart")]
        services.promise::<Uploads>();
        if self.app.migrations.is_some() {
            services.promise::<Repo>();
        }
        #[cfg(feature = "templates")]
        if self.app.templates.is_some() {
            services.promise::<zzz_templates::Templates>();
        } else {
            services.advise::<zzz_templates::Templates>(
                "the app has no templates: say where they are, with `App::templates`",
            );
        }
        for register in &self.app.services {
            register(&mut services);
        }
        for replacement in &self.replacements {
            services.apply(replacement);
        }
        services
    }

    /// The mistakes of the routes, with those of the services, so that nobody mends the ones to be told the others.
    fn all_mistakes(&self, routes: &RouterError) -> Mistakes {
        match self.services().check(routes.requirements()) {
            Ok(()) => Mistakes(routes.to_string()),
            Err(services) => Mistakes(format!("{routes}\n{services}")),
        }
    }

    fn error_pages(&self) -> ErrorPages {
        if self.config.env().is_dev() { ErrorPages::new().dev(&self.root) } else { ErrorPages::new() }
    }
}

/// Everything that is wrong with an app and can be told before anything is opened.
#[derive(Debug)]
struct Mistakes(String);

impl std::fmt::Display for Mistakes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mistakes {}

/// An app that answers requests: opened, with everything it needs.
#[derive(Debug)]
pub struct Booted {
    endpoint: Endpoint,
    config: Arc<Config>,
    repo: Option<Repo>,
    migrations: Option<Migrations>,
    /// What the start did, for the banner.
    pub(crate) database_note: Option<String>,
}

impl Booted {
    /// What answers requests.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The app's database.
    ///
    /// # Errors
    /// If it has none.
    pub fn repo(&self) -> Result<&Repo> {
        self.repo.as_ref().ok_or_else(|| Error::internal("this app has no database"))
    }

    /// Applies the app's migrations, as a test does after it has booted.
    ///
    /// # Errors
    /// If the app has no database, or a migration fails.
    pub async fn migrate(&self) -> Result<()> {
        if let Some(migrations) = &self.migrations {
            Migrator::new(self.repo()?, migrations).migrate().await?;
        }
        Ok(())
    }

    /// Lets services end, the last first, then closes the database. What a service can not do within
    /// `[http] shutdown_grace`, it does not do.
    pub async fn close(&self) {
        self.close_within(self.config.get::<HttpConfig>().shutdown_grace).await;
    }

    pub(crate) async fn close_within(&self, time: Duration) {
        match tokio::time::timeout(time, self.endpoint.services().shutdown()).await {
            Ok(failures) => {
                for error in failures {
                    tracing::error!(%error, "a service did not end as it should");
                }
            }
            Err(_) => tracing::error!(?time, "services did not end in time"),
        }
        if let Some(repo) = &self.repo {
            repo.close().await;
        }
    }
}

/// Starts an app without serving it: a test calls its endpoint directly.
///
/// # Errors
/// If the configuration, the routes, the templates or the database are not in order; the message says what.
pub async fn boot(app: App, settings: Settings) -> Result<Booted> {
    let creates_database = settings.env == Some(Env::Test);
    let prepared = Prepared::new(app, settings)?;
    if creates_database && prepared.app.migrations.is_some() && !prepared.in_sandbox() {
        // A test says where its database is, and wants one there.
        storage::create(&prepared.database_url()?).await?;
    }
    start(&prepared, None).await
}

/// Starts the app; `address` is where a server listens for it already.
pub(crate) async fn start(prepared: &Prepared, address: Option<&str>) -> Result<Booted> {
    let config = &prepared.config;
    // What can be refused without the database is refused before anything is created.
    let pages = prepared.error_pages();
    #[cfg(feature = "templates")]
    let templates = prepared.templates()?.map(|(builder, _)| builder.build()).transpose()?;
    #[cfg(feature = "templates")]
    let pages = match &templates {
        Some(templates) => pages.own(own_page(templates.clone())),
        None => pages,
    };
    let endpoint = prepared.endpoint(pages)?;
    let mut services = prepared.services();
    #[cfg(feature = "templates")]
    if let Some(templates) = templates {
        services.provide(templates);
    }
    services.check(&endpoint.requirements())?;

    let secret = config.get::<AppConfig>();
    services.provide(secret::keyring(secret.secret_key_base.as_ref(), config.env(), &prepared.root)?);
    #[cfg(feature = "multipart")]
    services.provide(prepared.uploads());
    let mut health = HealthChecks::default();
    let mut database = None;
    if prepared.app.migrations.is_some() {
        let migrations = prepared.migrations()?;
        let opened = database::open(prepared, &migrations).await?;
        services.provide(opened.repo.clone());
        // It is there for as long as anybody can send a request.
        #[cfg(feature = "sandbox")]
        if let Some(sandbox) = opened.sandbox.clone() {
            services.shared(sandbox);
        }
        health.add(opened.repo.clone());
        database = Some((opened, migrations));
    }
    services.provide(health);
    services.provide(prepared.site(address));
    let endpoint = match services.build().await {
        Ok(services) => endpoint.with_services(Arc::new(services))?,
        Err(error) => {
            if let Some((opened, _)) = database {
                opened.repo.close().await;
            }
            return Err(error);
        }
    };

    let (mut repo, mut migrations, mut database_note) = (None, None, None);
    if let Some((opened, known)) = database {
        database_note = Some(note(&opened, &prepared.database_url()?, &prepared.root));
        repo = Some(opened.repo);
        migrations = Some(known);
    }
    Ok(Booted { endpoint, config: Arc::clone(config), repo, migrations, database_note })
}

/// `sqlite://data/app.db (created, 3 migrations applied, seeded)`.
fn note(opened: &database::Opened, url: &DatabaseUrl, root: &Path) -> String {
    let mut done = Vec::new();
    if opened.created {
        done.push("created".to_owned());
    }
    match opened.migrated {
        0 => {}
        1 => done.push("1 migration applied".to_owned()),
        count => done.push(format!("{count} migrations applied")),
    }
    if opened.seeded {
        done.push("seeded".to_owned());
    }
    let place = url.path().map(|path| path.strip_prefix(root).unwrap_or(path).display().to_string());
    let place = place.unwrap_or_else(|| url.to_string());
    if done.is_empty() { place } else { format!("{place} ({})", done.join(", ")) }
}

/// The app's own error pages: `errors/{status}.html`, or `errors/error.html`.
#[cfg(feature = "templates")]
fn own_page(templates: zzz_templates::Templates) -> zzz_middleware::error_pages::OwnPage {
    Arc::new(move |page| {
        let named = format!("errors/{}.html", page.status.as_u16());
        let name = if templates.has(&named) { named } else { "errors/error.html".to_owned() };
        if !templates.has(&name) {
            return None;
        }
        let context = serde_json::json!({
            "status": page.status.as_u16(),
            "reason": page.reason(),
            "message": page.message().unwrap_or("Something went wrong on our side."),
            "request_id": page.id.to_string(),
            "current_path": page.path,
        });
        templates
            .page(&name, &context)
            .inspect_err(|error| tracing::error!(%error, "the error page itself has an error"))
            .ok()
    })
}

/// The address of a static file. Plain paths, as they all are, need no escaping in HTML.
#[cfg(feature = "templates")]
fn asset(statics: &str, path: &str) -> zzz_templates::minijinja::Value {
    let address = format!("{statics}/{path}");
    if address.chars().all(|c| c.is_ascii_alphanumeric() || "/-._~".contains(c)) {
        zzz_templates::minijinja::Value::from_safe_string(address)
    } else {
        address.into()
    }
}
