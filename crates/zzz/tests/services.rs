//! Services of an app: checked before anything is opened, built in order, replaced by tests, ended with the app.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use zzz::config::Env;
use zzz::core::services::Replacement;
use zzz::db::DatabaseConfig;
use zzz::http::{Folder, Head};
use zzz::prelude::*;
use zzz::{Root, ServicesBuilder, Settings, boot};
use zzz_testing::{TempDatabase, TestClient};

zzz::config_section! {
    /// Greetings.
    pub struct GreetingConfig in "greeting" {
        /// The word.
        word: String = "Hello".into();
    }
}

trait Voice: Send + Sync {
    fn say(&self, name: &str) -> String;
}

struct Polite {
    config: Svc<GreetingConfig>,
}

impl Polite {
    async fn new(config: Svc<GreetingConfig>, _: Svc<Root>) -> Result<Self> {
        Ok(Self { config })
    }
}

impl Voice for Polite {
    fn say(&self, name: &str) -> String {
        format!("{}, {name}!", self.config.word)
    }
}

#[derive(Default)]
struct Visits(AtomicUsize);

/// Who asks: known by a header, looked up once for a request.
struct Visitor {
    name: String,
    number: usize,
}

impl Visitor {
    fn of(head: Arc<Head>, visits: Svc<Visits>) -> Result<Self> {
        let Some(name) = head.header("x-name") else {
            return Err(Error::forbidden("Say who you are."));
        };
        if name == "broken" {
            return Err(Error::internal("the directory is away"));
        }
        Ok(Self { name: name.to_owned(), number: visits.0.0.fetch_add(1, Ordering::Relaxed) })
    }
}

async fn greet(visitor: Svc<Visitor>, voice: Svc<dyn Voice>, again: Svc<Visitor>) -> String {
    assert!(Arc::ptr_eq(&visitor.0, &again.0));
    format!("{} You are number {}.", voice.say(&visitor.name), visitor.number)
}

fn services(services: &mut ServicesBuilder) {
    services.per_request::<Visitor, _>(Visitor::of);
    services.singleton::<Polite, _>(Polite::new).alias::<dyn Voice>(|voice| voice);
    services.value(Visits::default());
}

fn app() -> App {
    App::new("greeter")
        .config::<GreetingConfig>()
        .services(services)
        .router(|| Router::new().scope(Scope::new("/").get("/greet", greet)))
}

/// In a folder without a `config/`.
fn settings() -> Settings {
    Settings::test().root(env!("CARGO_MANIFEST_DIR"))
}

async fn client(settings: Settings) -> TestClient {
    TestClient::new(boot(app(), settings).await.unwrap().endpoint().clone())
}

#[tokio::test]
async fn handlers_get_services_of_every_lifetime() {
    let client = client(settings().set::<GreetingConfig>("word", "Good day")).await;
    let ask = |name: &'static str| client.get("/greet").header("x-name", name);
    assert_eq!(ask("Ada").await.text(), "Good day, Ada! You are number 0.");
    assert_eq!(ask("Bob").await.text(), "Good day, Bob! You are number 1.");
}

#[tokio::test]
async fn a_constructor_that_fails_is_the_response_and_never_a_panic() {
    let client = client(settings()).await;
    let refused = client.get("/greet").accept_json().await;
    assert_eq!((refused.status(), refused.text().contains("Say who you are.")), (403, true));
    let broken = client.get("/greet").header("x-name", "broken").accept_json().await;
    assert_eq!((broken.status(), broken.text().contains("directory")), (500, false));
    assert_eq!(client.get("/greet").header("x-name", "Ada").await.status(), 200);
}

#[tokio::test]
async fn a_test_puts_its_own_in_the_place_of_services() {
    struct Loud;
    impl Voice for Loud {
        fn say(&self, name: &str) -> String {
            name.to_uppercase()
        }
    }
    let settings = settings()
        .replace::<dyn Voice>(Arc::new(Loud) as Arc<dyn Voice>)
        .replace(Visits(AtomicUsize::new(41)))
        .replace_with(Replacement::with(|visits: Svc<Visits>| Visitor {
            name: "nobody".into(),
            number: visits.0.0.fetch_add(1, Ordering::Relaxed),
        }));
    let client = client(settings).await;
    assert_eq!(client.get("/greet").await.text(), "NOBODY You are number 41.");
    assert_eq!(client.get("/greet").await.text(), "NOBODY You are number 42.");
}

#[tokio::test]
async fn every_mistake_stops_the_start_before_a_database_is_made() {
    struct Unknown;
    struct Clock;
    struct Left(#[expect(dead_code)] Svc<Right>);
    struct Right(#[expect(dead_code)] Svc<Left>);
    struct Holder(#[expect(dead_code)] Svc<Visitor>);
    async fn handler(_: Svc<Unknown>, _: View, _: Repo) {}
    let app = || {
        app()
            .migrations(Folder::embedded("migrations", &[]))
            .services(|services| {
                services.singleton(Left);
                services.singleton(Right);
                services.singleton(Holder);
            })
            .router(|| Router::new().scope(Scope::new("/").get("/a", handler).post("/b", handler)))
    };
    let database = TempDatabase::new();
    let file = database.folder().join("never.db");
    let settings = settings()
        .env(Env::Dev)
        .set::<DatabaseConfig>("url", format!("sqlite://{}", file.display()))
        .replace(Clock);
    let message = boot(app(), settings).await.unwrap_err().to_string();
    assert!(!file.exists(), "the database was made");
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines[0], "the services have 5 mistakes:", "{message}");
    let rest = lines[1..].join("\n").replace("::{{closure}}", "");
    for part in [
        "Clock` (crates/zzz/tests/services.rs:",
        ") is to be replaced, but is not registered;",
        "Unknown` is not registered, and needed by `GET /a (services::every_mistake_stops_the_start_before_a_database_is_made::handler, crates/zzz/tests/services.rs:",
        ")`, `POST /b (",
        "Templates` is not registered, and needed by `GET /a (",
        "; the app has no templates: say where they are, with `App::templates`",
        "services need each other in a circle: `services::every_mistake_stops_the_start_before_a_database_is_made::Left` (singleton, ",
        "a singleton would hold on to what belongs to one request: `services::every_mistake_stops_the_start_before_a_database_is_made::Holder` (singleton, ",
        " → `services::Visitor` (per request, ",
    ] {
        assert!(rest.contains(part), "{part} is not in {rest}");
    }
}

#[tokio::test]
async fn mistakes_of_routes_and_of_services_are_told_in_one_round() {
    struct Unknown;
    async fn plug(_: Svc<Unknown>, request: Request, next: Next) -> Response {
        next.run(request).await
    }
    async fn handler(_: Repo) {}
    let app = || App::new("bare").plug(plug);
    let wrong = app().router(|| Router::new().scope(Scope::new("/").get("/", handler).get("a", handler)));
    let message = boot(wrong, settings()).await.unwrap_err().to_string();
    let lines: Vec<&str> = message.lines().collect();
    assert!(lines[0].starts_with("the routes have a mistake: the path `a` must begin with `/`"), "{message}");
    assert_eq!(lines[1], "the services have 2 mistakes:", "{message}");
    let rest = lines[2..].join("\n");
    for part in [
        "Unknown` is not registered, and needed by `services::",
        "plug (before the routes)`; register it",
        "Repo` is not registered, and needed by `GET / (",
    ] {
        assert!(rest.contains(part), "{part} is not in {message}");
    }
    let right = app().router(|| Router::new().scope(Scope::new("/").get("/", greet)));
    let message = boot(right, settings()).await.unwrap_err().to_string();
    assert!(message.starts_with("the services have 3 mistakes:"), "{message}");
}

#[tokio::test]
async fn a_route_that_needs_a_database_says_how_the_app_gets_one() {
    async fn handler(_: Repo) {}
    let app = App::new("bare").router(|| Router::new().scope(Scope::new("/").get("/", handler)));
    let message = boot(app, settings()).await.unwrap_err().to_string();
    let advice = "; the app has no database: say where its migrations are, with `App::migrations`";
    assert!(message.contains("Repo` is not registered") && message.ends_with(advice), "{message}");
}

#[tokio::test]
async fn services_end_with_the_app_in_the_reverse_of_their_order() {
    struct Log(Mutex<Vec<&'static str>>);
    struct Pool(Svc<Log>);
    impl Pool {
        async fn close(self: Arc<Self>) {
            tokio::task::yield_now().await;
            self.0.0.0.lock().unwrap().push("pool");
        }
    }
    struct Queue(Svc<Log>, #[expect(dead_code)] Svc<Pool>);
    impl Drop for Queue {
        fn drop(&mut self) {
            self.0.0.0.lock().unwrap().push("queue is gone");
        }
    }
    impl Drop for Pool {
        fn drop(&mut self) {
            self.0.0.0.lock().unwrap().push("pool is gone");
        }
    }
    let log = Arc::new(Log(Mutex::default()));
    let shared = Arc::clone(&log);
    let app = App::new("ending").services(move |services| {
        services.singleton(Queue).on_shutdown(|queue| queue.0.0.0.lock().unwrap().push("queue"));
        services.singleton(Pool).on_shutdown(Pool::close);
        services.shared(Arc::clone(&shared));
    });
    let booted = boot(app, settings()).await.unwrap();
    booted.close().await;
    assert_eq!(*log.0.lock().unwrap(), ["queue", "pool"]);
    drop(booted);
    assert_eq!(*log.0.lock().unwrap(), ["queue", "pool", "queue is gone", "pool is gone"]);
}
