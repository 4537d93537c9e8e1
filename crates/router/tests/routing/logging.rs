//! At which level the line of a request stands.

use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Level, Metadata, Subscriber};
use zzz_core::http::{RouteLog, StatusCode};
use zzz_router::{Router, Scope};

use crate::support::{ask, endpoint};

/// Keeps the lines of the log down to a level.
#[derive(Clone)]
struct Lines {
    down_to: Level,
    kept: Arc<Mutex<Vec<(Level, String)>>>,
}

#[derive(Default)]
struct Message {
    text: String,
    route: String,
}

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        match field.name() {
            "message" => self.text = format!("{value:?}"),
            "route" => self.route = format!("[{value:?}] "),
            _ => {}
        }
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.down_to
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut message = Message::default();
        event.record(&mut message);
        let text = message.text.split(" in ").next().unwrap_or_default();
        self.kept.lock().unwrap().push((*event.metadata().level(), format!("{}{text}", message.route)));
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

async fn ok() {}
async fn fails() -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

fn logged(down_to: Level, path: &str) -> Option<(Level, String)> {
    let scope = Scope::new("/")
        .get("/plain", ok)
        .route(zzz_router::get("/debug/:id", ok).log(RouteLog::Debug))
        .route(zzz_router::get("/warn", ok).log(RouteLog::Warn))
        .scope(Scope::new("/quiet").log(RouteLog::Off).get("/", ok).get("/fails", fails))
        .forward(
            "/in",
            Router::new().scope(Scope::new("/").route(zzz_router::get("/:x", ok).log(RouteLog::Error))),
        );
    let endpoint = endpoint(Router::new().scope(scope));
    let lines = Lines { down_to, kept: Arc::default() };
    tracing::subscriber::with_default(lines.clone(), || ask(&endpoint, "GET", path));
    let mut kept = lines.kept.lock().unwrap();
    assert!(kept.len() <= 1, "{kept:?}");
    kept.pop()
}

#[test]
fn a_route_says_at_which_level_its_requests_are_logged() {
    let line = |level, text: &str| Some((level, text.to_owned()));
    assert_eq!(logged(Level::INFO, "/plain"), line(Level::INFO, "[\"/plain\"] GET /plain 200"));
    assert_eq!(logged(Level::INFO, "/nowhere"), line(Level::INFO, "GET /nowhere 404"));
    assert_eq!(logged(Level::INFO, "/debug/7"), None);
    assert_eq!(logged(Level::DEBUG, "/debug/7"), line(Level::DEBUG, "[\"/debug/:id\"] GET /debug/7 200"));
    assert_eq!(logged(Level::WARN, "/plain"), None);
    assert_eq!(logged(Level::WARN, "/warn"), line(Level::WARN, "[\"/warn\"] GET /warn 200"));
    assert_eq!(logged(Level::ERROR, "/in/y"), line(Level::ERROR, "[\"/in/:x\"] GET /in/y 200"));
    assert_eq!(logged(Level::TRACE, "/quiet"), None);
    assert_eq!(
        logged(Level::INFO, "/quiet/fails"),
        line(Level::ERROR, "[\"/quiet/fails\"] GET /quiet/fails 500")
    );
}
