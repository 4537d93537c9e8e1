//! From an [`App`] and its configuration to something that answers requests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zzz_core::config::{Config, Env, Layers, Raw, Section};
use zzz_core::http::HealthChecks;
use zzz_core::{Error, Result, Services};
use zzz_core_http::HttpConfig;
use zzz_db::migrate::{Migrations, Migrator};
use zzz_db::{DatabaseConfig, DatabaseUrl, Repo, storage};
use zzz_middleware::{ErrorPages, StaticFiles};
#[cfg(feature = "multipart")]
use zzz_multipart::{UploadConfig, Uploads};
use zzz_router::Endpoint;
#[cfg(feature = "templates")]
use {zzz_core::http::Assets, zzz_templates::TemplatesBuilder};

use crate::app::{App, Plug};
use crate::app_config::AppConfig;
use crate::root::{self, Root};
use crate::{config_files, database, secret};

/// How an app is started: in which environment, and with which values over those of its files.
#[derive(Debug, Clone)]
pub struct Settings {
    env: Option<Env>,
    /// Whether environment variables count.
    reads_variables: bool,
    values: Vec<(&'static str, &'static str, Raw)>,
}

impl Settings {
    /// As a program is started: `ZZZ_ENV` says the environment, and variables override files.
    #[must_use]
    pub fn from_environment() -> Self {
        Self { env: None, reads_variables: true, values: Vec::new() }
    }

    /// As a test starts an app: in the environment `test`, whatever variables say.
    #[must_use]
    pub fn test() -> Self {
        Self { env: Some(Env::Test), reads_variables: false, values: Vec::new() }
    }

    /// In another environment.
    #[must_use]
    pub fn env(mut self, env: Env) -> Self {
        self.env = Some(env);
        self
    }

    /// Sets a key of a section, as `.set::<DatabaseConfig>("url", "sqlite://test.db")`. A key that the section
    /// does not know is an error when the app is booted.
    #[must_use]
    pub fn set<S: Section>(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.values.push((S::NAME, key, Raw::Text(value.into())));
        self
    }
}

/// An app with its configuration read, and nothing opened yet.
pub(crate) struct Prepared {
    pub(crate) app: App,
    pub(crate) root: PathBuf,
    pub(crate) config: Arc<Config>,
}

impl Prepared {
    pub(crate) fn new(app: App, settings: Settings) -> Result<Self> {
        let variable = |name: &str| settings.reads_variables.then(|| std::env::var(name).ok()).flatten();
        let root = root::find(variable("ZZZ_ROOT").as_deref())?;
        let env = match (settings.env, variable("ZZZ_ENV").filter(|name| !name.is_empty())) {
            (Some(env), _) => env,
            (None, Some(name)) => Env::from_name(&name).ok_or_else(|| {
                Error::internal(format!("ZZZ_ENV is `{name}`; it must be dev, test or prod"))
            })?,
            (None, None) if cfg!(debug_assertions) => Env::Dev,
            (None, None) => Env::Prod,
        };
        let mut layers = Layers::new(env);
        layers.section::<AppConfig>();
        layers.section::<HttpConfig>();
        #[cfg(feature = "multipart")]
        layers.section::<UploadConfig>();
        if app.migrations.is_some() {
            layers.section::<DatabaseConfig>();
        }
        for section in &app.sections {
            section(&mut layers);
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
        Ok(Self { app, root, config })
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
            Some(folder) => database::migrations(&*folder.open(&self.root)?),
            None => {
                Err(Error::internal("this app has no database: it sets no folder with `App::migrations`"))
            }
        }
    }

    #[cfg(feature = "templates")]
    pub(crate) fn templates(&self) -> Result<Option<(TemplatesBuilder, Arc<dyn Assets>)>> {
        let Some(folder) = self.app.templates else { return Ok(None) };
        let files = folder.open(&self.root)?;
        let mut builder = zzz_templates::Templates::new(Arc::clone(&files)).layout("app");
        let statics = self.app.plugs.iter().find_map(|plug| match plug {
            Plug::StaticFiles(path, _) => Some(path.trim_end_matches('/').to_owned()),
            Plug::Middleware(_) => None,
        });
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
    pub(crate) fn endpoint(&self, services: Services, pages: ErrorPages) -> Result<Endpoint> {
        let http = self.config.get::<HttpConfig>();
        let mut builder = Endpoint::new((self.app.router)()).limits(http.limits()).errors(pages);
        for plug in &self.app.plugs {
            builder = match plug {
                Plug::Middleware(middleware) => builder.plug_erased(middleware.clone()),
                Plug::StaticFiles(path, folder) => {
                    builder.plug(StaticFiles::new(path, folder.open(&self.root)?)?)
                }
            };
        }
        Ok(builder.services(Arc::new(services)).build()?)
    }

    fn error_pages(&self) -> ErrorPages {
        if self.config.env().is_dev() { ErrorPages::new().dev(&self.root) } else { ErrorPages::new() }
    }
}

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

    /// Closes the database.
    pub async fn close(&self) {
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
    if creates_database && prepared.app.migrations.is_some() {
        // A test says where its database is, and wants one there.
        storage::create(&prepared.database_url()?).await?;
    }
    start(&prepared).await
}

pub(crate) async fn start(prepared: &Prepared) -> Result<Booted> {
    let config = &prepared.config;
    let env = config.env();
    let app_config = config.get::<AppConfig>();
    let mut services = Services::new();
    services.insert_arc(Arc::clone(config));
    services.insert(Root::new(&prepared.root));
    let mut health = HealthChecks::default();

    // What can be refused without the database is refused before anything is created.
    prepared.endpoint(Services::new(), ErrorPages::new())?;
    services.insert(secret::keyring(app_config.secret_key_base.as_ref(), env, &prepared.root)?);
    #[cfg(feature = "templates")]
    let templates = prepared.templates()?.map(|(builder, _)| builder.build()).transpose()?;

    let mut booted_database = None;
    if prepared.app.migrations.is_some() {
        let migrations = prepared.migrations()?;
        let opened = database::open(prepared, &migrations).await?;
        services.insert(opened.repo.clone());
        health.add(opened.repo.clone());
        booted_database = Some((opened, migrations));
    }
    services.insert(health);
    #[cfg(feature = "multipart")]
    services.insert(prepared.uploads());
    for register in &prepared.app.services {
        register(&mut services, config)?;
    }

    let pages = prepared.error_pages();
    #[cfg(feature = "templates")]
    let pages = match templates {
        Some(templates) => {
            services.insert(templates.clone());
            pages.own(own_page(templates))
        }
        None => pages,
    };
    let endpoint = prepared.endpoint(services, pages)?;
    let (mut repo, mut migrations, mut database_note) = (None, None, None);
    if let Some((opened, known)) = booted_database {
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
