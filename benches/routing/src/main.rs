//! Counts the instructions that finding a route costs among 500, in our table and in matchit's tree.
//!
//! `cargo run --profile bench -p bench-routing` starts itself under valgrind's callgrind, twice for each contender and
//! kind of path: the difference of the totals, divided by the difference of the look-ups, has nothing of the start in it.
//! Before that, it compares what the two find.
//!
//! Ours finds the route of a method and a path and all that `RouteTable::find` promises: paths that can not be decoded, or
//! lead elsewhere, are refused. Matchit finds a path alone.

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use zzz_core::http::Method;
use zzz_router::{RouteTable, Router, Scope, get};

/// Rounds over all paths in the two runs.
const ROUNDS: [u64; 2] = [2, 22];

/// What a part of a site may be called.
const RESOURCES: [&str; 50] = [
    "users",
    "posts",
    "comments",
    "tags",
    "images",
    "files",
    "orders",
    "items",
    "carts",
    "products",
    "prices",
    "offers",
    "vendors",
    "reviews",
    "ratings",
    "messages",
    "rooms",
    "members",
    "teams",
    "projects",
    "tasks",
    "boards",
    "columns",
    "labels",
    "events",
    "calendars",
    "invites",
    "accounts",
    "sessions",
    "tokens",
    "keys",
    "roles",
    "groups",
    "policies",
    "audits",
    "reports",
    "charts",
    "exports",
    "imports",
    "jobs",
    "queues",
    "workers",
    "hooks",
    "logs",
    "metrics",
    "alerts",
    "plans",
    "invoices",
    "payments",
    "refunds",
];

/// The routes of each: with our parameters, with matchit's, and a path for it with its kind.
const ROUTES: [(&str, &str, &str, &str); 10] = [
    ("/{}", "/{}", "/{}", "fixed"),
    ("/{}/new", "/{}/new", "/{}/new", "fixed"),
    ("/api/v1/{}", "/api/v1/{}", "/api/v1/{}", "fixed"),
    ("/{}/:id", "/{}/{id}", "/{}/31415", "one parameter"),
    ("/{}/:id/edit", "/{}/{id}/edit", "/{}/31415/edit", "one parameter"),
    ("/api/v1/{}/:id", "/api/v1/{}/{id}", "/api/v1/{}/31415", "one parameter"),
    ("/{}/:id/notes/:note", "/{}/{id}/notes/{note}", "/{}/31415/notes/2718", "two parameters"),
    (
        "/api/v1/{}/:id/notes/:note",
        "/api/v1/{}/{id}/notes/{note}",
        "/api/v1/{}/31415/notes/2718",
        "two parameters",
    ),
    (
        "/{}/:id/files/*path",
        "/{}/{id}/files/{*path}",
        "/{}/31415/files/a/b/c.txt",
        "a parameter and the rest",
    ),
    ("/api/v1/{}/:id/history", "/api/v1/{}/{id}/history", "/api/v1/{}/31415/histories", "no route"),
];

const KINDS: [&str; 5] = ["fixed", "one parameter", "two parameters", "a parameter and the rest", "no route"];

async fn handler() {}

fn of(pattern: &str, resource: &str) -> String {
    pattern.replacen("{}", resource, 1)
}

fn ours() -> Result<RouteTable, String> {
    let mut scope = Scope::new("/");
    for resource in RESOURCES {
        for (pattern, ..) in ROUTES {
            scope = scope.route(get(&of(pattern, resource), handler));
        }
    }
    Router::new().scope(scope).build().map_err(|error| error.to_string())
}

fn matchit() -> Result<matchit::Router<usize>, String> {
    let mut router = matchit::Router::new();
    for (place, resource) in RESOURCES.iter().enumerate() {
        for (number, (_, pattern, ..)) in ROUTES.iter().enumerate() {
            router
                .insert(of(pattern, resource), place * ROUTES.len() + number)
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(router)
}

fn paths(kind: &str) -> Vec<String> {
    let chosen = ROUTES.iter().filter(|(.., known)| *known == kind);
    chosen.flat_map(|(_, _, path, _)| RESOURCES.iter().map(|resource| of(path, resource))).collect()
}

/// Both find the same.
fn compare() -> Result<(), String> {
    let (ours, matchit) = (ours()?, matchit()?);
    let patterns: Vec<&str> = ours.routes().map(|route| route.pattern.as_str()).collect();
    for path in KINDS.iter().flat_map(|kind| paths(kind)) {
        let found = ours.find(&Method::GET, &path).map(|route| route.pattern.as_str());
        let other = matchit.at(&path).ok().map(|found| patterns[*found.value]);
        if found != other {
            return Err(format!("`{path}` is {found:?} for us and {other:?} for matchit"));
        }
    }
    Ok(())
}

/// What runs under valgrind.
fn look_up(contender: &str, kind: &str, rounds: u64) -> Result<(), String> {
    let paths = paths(kind);
    match contender {
        "zzz" => {
            let table = ours()?;
            for _ in 0..rounds {
                for path in &paths {
                    black_box(table.find(&Method::GET, black_box(path)));
                }
            }
        }
        "matchit" => {
            let router = matchit()?;
            for _ in 0..rounds {
                for path in &paths {
                    let _ = black_box(router.at(black_box(path)));
                }
            }
        }
        other => return Err(format!("there is no contender `{other}`")),
    }
    Ok(())
}

/// Instructions of a whole run.
fn total(program: &Path, contender: &str, kind: &str, rounds: u64) -> Result<u64, String> {
    let profile = std::env::temp_dir().join(format!("bench-routing-{}.out", std::process::id()));
    let done = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .args([contender, kind, &rounds.to_string()])
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("valgrind: {error}; install it, for instructions are counted with it"))?;
    if !done.success() {
        return Err(format!("{contender} under valgrind: {done}"));
    }
    let text =
        std::fs::read_to_string(&profile).map_err(|error| format!("{}: {error}", profile.display()))?;
    let _ = std::fs::remove_file(&profile);
    let total = text.lines().find_map(|line| line.strip_prefix("totals:")?.trim().parse().ok());
    total.ok_or_else(|| "there is no total in the profile".to_owned())
}

fn run() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [contender, kind, rounds] = arguments.as_slice() {
        return look_up(contender, kind, rounds.parse().map_err(|_| format!("`{rounds}` is no number"))?);
    }
    compare()?;
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    println!("instructions per look-up among {} routes", RESOURCES.len() * ROUTES.len());
    println!("{:<26}{:>8}{:>10}{:>8}", "", "zzz", "matchit", "ratio");
    for kind in KINDS {
        let look_ups = (ROUNDS[1] - ROUNDS[0]) * paths(kind).len() as u64;
        let per = |contender: &str| -> Result<u64, String> {
            let [few, many] =
                [total(&program, contender, kind, ROUNDS[0])?, total(&program, contender, kind, ROUNDS[1])?];
            Ok(many.saturating_sub(few) / look_ups)
        };
        let (ours, theirs) = (per("zzz")?, per("matchit")?);
        println!("{kind:<26}{ours:>8}{theirs:>10}{:>8.2}", ours as f64 / theirs.max(1) as f64);
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
