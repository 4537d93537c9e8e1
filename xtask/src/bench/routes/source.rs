//! The two apps, as text: the same 200 handlers, as users of zzz and of axum write them.

use std::fmt::Write;

/// Modules of handlers.
pub(super) const MODULES: usize = 20;

/// Handlers in each.
pub(super) const HANDLERS: usize = 10;

/// What one of the two apps writes in its own way. `MODULE` stands for a module's name.
pub(super) struct Dialect {
    /// Imports of a module of handlers.
    imports: &'static str,
    /// The argument that is the store.
    store: &'static str,
    /// What is returned, with `{}` for what a handler answers.
    result: &'static str,
    /// The end of a module of handlers.
    routes: &'static str,
    /// `router.rs`: its beginning, what it has for each module, and its end.
    router: [&'static str; 3],
    /// `main.rs`, below its modules.
    main: &'static str,
    /// Other files, with the module that each is.
    others: &'static [(&'static str, &'static str)],
}

/// As the documentation of zzz advises: one table of routes for the whole app.
pub(super) const ZZZ: Dialect = Dialect {
    imports: "use zzz::http::{HeaderMap, StatusCode};\nuse zzz::prelude::*;\n",
    store: "store: Svc<Store>",
    result: "Result<{}>",
    routes: "",
    router: [
        "//! Which handler answers which address.\n\nuse crate::*;\n\nzzz::router! {\n",
        r#"    scope "/MODULE", as: MODULE {
        resources "/things" => MODULE, except: [new, edit] {
            post "/comments/:number" => MODULE::comment as comment;
        }
        get "/search" => MODULE::search as search;
        get "/pages/:name" => MODULE::page as page;
        get "/export" => MODULE::export as export;
        get "/stats" => MODULE::stats as stats;
    }
"#,
        "}\n",
    ],
    main: r#"use zzz::ServicesBuilder;
use zzz::prelude::*;

fn services(services: &mut ServicesBuilder) {
    services.singleton(store::Store::default);
}

fn app() -> App {
    App::new("routes").services(services).router(router::router)
}

fn main() -> std::process::ExitCode {
    zzz::run(app)
}
"#,
    others: &[],
};

/// As the documentation of axum advises: state behind an `Arc`, an error type of the app's own, and a nested router for
/// each module.
pub(super) const AXUM: Dialect = Dialect {
    imports: "use std::sync::Arc;\n\nuse axum::extract::{Form, Path, Query, State};\nuse axum::http::{HeaderMap, StatusCode};\nuse axum::response::{Html, Redirect};\nuse axum::routing::{get, post};\nuse axum::{Json, Router};\n\nuse crate::error::Error;\n",
    store: "State(store): State<Arc<Store>>",
    result: "Result<{}, Error>",
    routes: r#"
/// The routes of this module.
pub fn routes() -> Router<Arc<Store>> {
    Router::new()
        .route("/things", get(index).post(create))
        .route("/things/{id}", get(show).put(update).delete(delete))
        .route("/things/{id}/comments/{number}", post(comment))
        .route("/search", get(search))
        .route("/pages/{name}", get(page))
        .route("/export", get(export))
        .route("/stats", get(stats))
}
"#,
    router: [
        "//! Which handler answers which address.\n\nuse std::sync::Arc;\n\nuse axum::Router;\n\nuse crate::*;\n\n/// The routes of the app.\npub fn router() -> Router {\n    Router::new()\n",
        "        .nest(\"/MODULE\", MODULE::routes())\n",
        "        .with_state(Arc::new(store::Store::default()))\n}\n",
    ],
    main: r#"#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 4000)).await?;
    axum::serve(listener, router::router()).await
}
"#,
    others: &[("error", AXUM_ERROR)],
};

/// The error type that an app on axum has, after its example `anyhow-error-response`.
const AXUM_ERROR: &str = r#"//! The app's error.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

pub struct Error {
    status: StatusCode,
    message: String,
}

impl Error {
    pub fn not_found(message: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: message.to_owned() }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        (self.status, self.message).into_response()
    }
}

impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, message: error.to_string() }
    }
}
"#;

/// What both apps have in the place of a database.
const STORE: &str = r#"//! What is stored: texts by number.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

#[derive(Default)]
pub struct Store {
    texts: Mutex<BTreeMap<i64, String>>,
}

impl Store {
    pub async fn page(&self, from: i64, count: usize) -> Vec<(i64, String)> {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.range(from..).take(count).map(|(id, text)| (*id, text.clone())).collect()
    }

    pub async fn get(&self, id: i64) -> Option<String> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    pub async fn put(&self, id: Option<i64>, text: String) -> i64 {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let id = id.unwrap_or_else(|| texts.last_key_value().map_or(1, |(last, _)| last + 1));
        texts.insert(id, text);
        id
    }

    pub async fn remove(&self, id: i64) -> Option<String> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)
    }
}
"#;

/// A module of handlers; what differs between the apps stands in capitals.
const HANDLERS_TEXT: &str = r#"use serde::{Deserialize, Serialize};

use crate::store::Store;

#[derive(Serialize)]
pub struct Thing {
    id: i64,
    title: String,
    tags: Vec<String>,
}

#[derive(Deserialize)]
pub struct NewThing {
    title: String,
    #[serde(default)]
    tags: Vec<String>,
    published: bool,
}

#[derive(Deserialize)]
pub struct Listing {
    #[serde(default)]
    from: i64,
    per_page: Option<usize>,
}

#[derive(Deserialize)]
pub struct Search {
    q: String,
    exact: Option<bool>,
}

#[derive(Deserialize)]
pub struct Comment {
    author: String,
    body: String,
}

#[derive(Serialize)]
pub struct Stats {
    count: usize,
    longest: usize,
}

fn thing(id: i64, title: String) -> Thing {
    Thing { id, title, tags: vec!["MODULE".to_owned()] }
}

pub async fn index(Query(listing): Query<Listing>, STORE) -> RESULT(Json<Vec<Thing>>) {
    let page = store.page(listing.from, listing.per_page.unwrap_or(20)).await;
    Ok(Json(page.into_iter().map(|(id, title)| thing(id, title)).collect()))
}

pub async fn show(Path(id): Path<i64>, STORE) -> RESULT(Json<Thing>) {
    let title = store.get(id).await.ok_or_else(|| MISSING)?;
    Ok(Json(thing(id, title)))
}

pub async fn create(STORE, Json(new): Json<NewThing>) -> RESULT((StatusCode, Json<Thing>)) {
    let title = if new.published { new.title } else { format!("{} (draft)", new.title) };
    let id = store.put(None, title.clone()).await;
    Ok((StatusCode::CREATED, Json(Thing { id, title, tags: new.tags })))
}

pub async fn update(Path(id): Path<i64>, STORE, Json(new): Json<NewThing>) -> RESULT(Json<Thing>) {
    store.get(id).await.ok_or_else(|| MISSING)?;
    store.put(Some(id), new.title.clone()).await;
    Ok(Json(Thing { id, title: new.title, tags: new.tags }))
}

pub async fn delete(Path(id): Path<i64>, STORE) -> RESULT(StatusCode) {
    store.remove(id).await.ok_or_else(|| MISSING)?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn search(Query(search): Query<Search>, STORE) -> RESULT(Json<Vec<Thing>>) {
    let page = store.page(0, 1000).await;
    let exact = search.exact.unwrap_or(false);
    let fits = |title: &str| if exact { title == search.q } else { title.contains(&search.q) };
    let found = page.into_iter().filter(|(_, title)| fits(title));
    Ok(Json(found.map(|(id, title)| thing(id, title)).collect()))
}

pub async fn comment(
    Path((id, number)): Path<(i64, i64)>,
    STORE,
    Form(comment): Form<Comment>,
) -> RESULT(Redirect) {
    let title = store.get(id).await.ok_or_else(|| MISSING)?;
    store.put(Some(id), format!("{title}: {number}. {} by {}", comment.body, comment.author)).await;
    Ok(Redirect::to(&format!("/MODULE/{id}")))
}

pub async fn page(Path(name): Path<String>, STORE) -> Html<String> {
    let count = store.page(0, 10).await.len();
    Html(format!("<h1>MODULE</h1><p>{count} things, {} letters</p>", name.len()))
}

pub async fn export(headers: HeaderMap, STORE) -> RESULT(String) {
    let all = store.page(0, usize::MAX).await;
    let language = headers.get("accept-language").ok_or_else(|| MISSING)?.to_str()?;
    Ok(all.into_iter().map(|(id, title)| format!("{language};{id};{title}\n")).collect())
}

pub async fn stats(STORE) -> Json<Stats> {
    let all = store.page(0, usize::MAX).await;
    Json(Stats { count: all.len(), longest: all.iter().map(|(_, title)| title.len()).max().unwrap_or(0) })
}
"#;

/// The error that both have for what is not there.
const MISSING: &str = "Error::not_found(\"There is no such thing.\")";

impl Dialect {
    /// Every file below `src/`, with its text.
    pub(super) fn files(&self) -> Vec<(String, String)> {
        let names: Vec<String> = (0..MODULES).map(|number| format!("m{number:02}")).collect();
        let others = self.others.iter().chain([&("store", STORE)]);
        let mut files: Vec<(String, String)> =
            others.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        files.extend(names.iter().map(|name| (name.clone(), self.module(name))));
        let [begin, each, end] = self.router;
        let each: String = names.iter().map(|name| each.replace("MODULE", name)).collect();
        files.push(("router".to_owned(), format!("{begin}{each}{end}")));
        let mut main = "//! An app of 200 handlers, written by `cargo xtask bench routes`.\n\n".to_owned();
        for (name, _) in &files {
            let _ = writeln!(main, "mod {name};");
        }
        let _ = write!(main, "\n{}", self.main);
        files.push(("main".to_owned(), main));
        files.into_iter().map(|(name, text)| (format!("{name}.rs"), text)).collect()
    }

    fn module(&self, name: &str) -> String {
        let text = results(HANDLERS_TEXT, self.result)
            .replace("STORE", self.store)
            .replace("MISSING", MISSING)
            .replace("MODULE", name);
        format!("//! Ten handlers.\n\n{}{text}{}", self.imports, self.routes)
    }
}

/// Writes each `RESULT(...)` as the app's result of what stands in the parentheses.
fn results(text: &str, result: &str) -> String {
    let mut parts = text.split("RESULT(");
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // The parenthesis that closes is the last before the body.
        let (answer, rest) = part.split_once(") {\n").unwrap_or((part, ""));
        let _ = write!(written, "{} {{\n{rest}", result.replacen("{}", answer, 1));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(dialect: &Dialect, name: &str) -> String {
        dialect.files().into_iter().find(|(known, _)| known == name).unwrap().1
    }

    #[test]
    fn the_two_apps_have_the_same_handlers_each_in_its_own_words() {
        let (zzz, axum) = (file(&ZZZ, "m07.rs"), file(&AXUM, "m07.rs"));
        for text in [&zzz, &axum] {
            assert_eq!(text.matches("pub async fn ").count(), HANDLERS);
            for capitals in ["STORE", "RESULT", "MISSING", "MODULE"] {
                assert!(!text.contains(capitals), "{capitals} is left in {text}");
            }
        }
        assert!(zzz.contains("-> Result<(StatusCode, Json<Thing>)> {"), "{zzz}");
        assert!(axum.contains("-> Result<(StatusCode, Json<Thing>), Error> {"), "{axum}");
        assert!(axum.contains(r#".route("/things/{id}", get(show).put(update).delete(delete))"#), "{axum}");
        for (dialect, line) in [
            (ZZZ, r#"    scope "/m19", as: m19 {"#),
            (ZZZ, r#"        resources "/things" => m19, except: [new, edit] {"#),
            (AXUM, r#"        .nest("/m19", m19::routes())"#),
        ] {
            let (main, router) = (file(&dialect, "main.rs"), file(&dialect, "router.rs"));
            assert_eq!(main.matches("\nmod m").count(), MODULES, "{main}");
            assert!(router.lines().any(|known| known == line), "{router}");
        }
    }
}
