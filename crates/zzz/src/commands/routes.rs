//! `routes`: lists the routes, or shows what becomes of a request.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use zzz_core::config::ByteSize;
use zzz_core::http::{Assets, Folder, Method, Request, RouteInfo, RouteKind, Uri};
use zzz_core::{Error, Result};
use zzz_middleware::ErrorPages;
use zzz_router::{Outcome, RouteTable};

use super::{print, table};
use crate::app::Plug;
use crate::boot::Prepared;
use crate::folder;

pub(super) fn routes(prepared: &Prepared, arguments: &ArgMatches) -> Result<()> {
    let endpoint = prepared.endpoint(ErrorPages::new())?;
    let routes = endpoint.table();
    let as_json = arguments.get_flag("json");
    if let Some(url) = arguments.get_one::<String>("info") {
        let method = arguments.get_one::<String>("method").map_or("GET", String::as_str);
        return info(routes, &Files::of(prepared, routes)?, method, url, as_json);
    }
    if as_json {
        let all: Vec<Value> = routes.routes().map(|route| to_json(route)).collect();
        return print(&format!("{:#}\n", Value::Array(all)));
    }
    print(&list(routes))
}

/// Every route in a line, with a column for hosts where there are any.
fn list(routes: &RouteTable) -> String {
    let rows: Vec<[String; 6]> = routes
        .routes()
        .map(|route| {
            let handler = match route.kind {
                RouteKind::Handler => route.handler.to_owned(),
                kind => format!("{} ({})", route.handler, kind.as_str()),
            };
            let (host, name) =
                (route.host.clone().unwrap_or_default(), route.name.clone().unwrap_or_default());
            [
                method_of(route).to_owned(),
                host,
                route.pattern.clone(),
                name,
                route.pipelines.join(", "),
                handler,
            ]
        })
        .collect();
    if rows.iter().any(|[_, host, ..]| !host.is_empty()) {
        return table(["METHOD", "HOST", "PATH", "NAME", "PIPELINES", "HANDLER"], &rows);
    }
    let rows: Vec<[String; 5]> = rows
        .into_iter()
        .map(|[method, _, path, name, pipelines, handler]| [method, path, name, pipelines, handler])
        .collect();
    table(["METHOD", "PATH", "NAME", "PIPELINES", "HANDLER"], &rows)
}

/// A folder whose files are served under a path, before any route is asked.
struct Files {
    /// Without a `/` at its end.
    path: String,
    name: &'static str,
    /// Where it is declared, if that is known.
    source: Option<String>,
    files: Arc<dyn Assets>,
}

impl Files {
    /// All that an app serves, in the order in which they are asked.
    fn of(prepared: &Prepared, routes: &RouteTable) -> Result<Vec<Self>> {
        let open = |path: &str, folder: &Folder, source| {
            let files = folder::open(folder, &prepared.root)?;
            Ok(Self { path: path.trim_end_matches('/').to_owned(), name: folder.name, source, files })
        };
        let plugs = prepared.app.plugs.iter().filter_map(|plug| match plug {
            Plug::StaticFiles(path, folder) => Some(open(path, folder, None)),
            Plug::Middleware(_) => None,
        });
        let declared = routes.folders().map(|(info, folder)| {
            let path = info.pattern.strip_suffix('*').unwrap_or(&info.pattern);
            open(path, folder, info.source.map(|source| source.to_string()))
        });
        plugs.chain(declared).collect()
    }

    /// What would be the name of a file of this path; none if the path does not lie here, or is none of a file.
    fn name<'a>(&self, path: &'a str) -> Option<Cow<'a, str>> {
        let name = path.strip_prefix(&self.path)?.strip_prefix('/')?;
        let name = percent_decode_str(name).decode_utf8().ok()?;
        let is_plain = |segment: &str| !segment.is_empty() && !segment.starts_with('.');
        name.split('/').all(is_plain).then_some(name)
    }

    fn to_json(&self, name: &str) -> Value {
        json!({
            "outcome": "file", "path": self.path, "folder": self.name, "file": name, "source": self.source,
        })
    }
}

/// What becomes of a request. A URL with a host asks for that host's routes, a path for those of all hosts.
fn info(routes: &RouteTable, folders: &[Files], method: &str, url: &str, as_json: bool) -> Result<()> {
    let request = request(method, url)?;
    let asked = format!("{} {}", request.method(), request.path());
    let mut without = String::new();
    for folder in folders {
        let Some(name) = folder.name(request.path()) else { continue };
        let (path, at) = (if folder.path.is_empty() { "/" } else { &folder.path }, folder.name);
        if folder.files.read(&name)?.is_none() {
            without.push_str(&format!(
                " The folder `{at}`, which is served under `{path}`, has no file `{name}`."
            ));
            continue;
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let message = format!(
                "{asked} is answered with 405: `{name}` is a file of the folder `{at}`, and is only read"
            );
            return Err(Error::internal(message));
        }
        if as_json {
            return print(&format!("{:#}\n", folder.to_json(&name)));
        }
        let source = folder.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
        return print(&format!(
            "{asked} is answered with the file `{name}` of the folder `{at}`, which is served under `{path}`{source}\n"
        ));
    }
    let outcome = routes.explain(&request);
    if as_json {
        print(&format!("{:#}\n", outcome_json(&outcome)))?;
    }
    match outcome {
        _ if as_json && !matches!(outcome, Outcome::Refused(..)) => Ok(()),
        Outcome::Route(route, values) => print(&details(&route, &values)),
        Outcome::Redirect(route, to) => {
            print(&format!("{asked} is redirected with 308 to {to}\n\n{}", details(&route, &[])))
        }
        Outcome::Options(allow) => print(&format!("{asked} is answered with 204: {allow}\n")),
        Outcome::Refused(status, message, _) => Err(Error::internal(format!(
            "no route takes {asked}: it is answered with {status}. {message}{without}"
        ))),
        other => Err(Error::internal(format!("{asked}: {other:?}"))),
    }
}

/// The request that is asked about.
fn request(method: &str, url: &str) -> Result<Request> {
    let target = url.split('#').next().unwrap_or_default();
    let is_address = target.starts_with('/') || target.contains("://") || target == "*";
    if !is_address || target.parse::<Uri>().is_err() {
        let path = format!("/{target}");
        let advice = match path.parse::<Uri>() {
            Ok(_) if !is_address => format!("; did you mean `{path}`?"),
            _ => String::new(),
        };
        return Err(Error::internal(format!(
            "`{url}` is no URL, and no path, which begins with `/`{advice}"
        )));
    }
    let upper = method.to_ascii_uppercase();
    let method = Method::from_bytes(upper.as_bytes())
        .map_err(|_| Error::internal(format!("`{method}` can not be a method of HTTP")))?;
    Ok(Request::new(method, target, ""))
}

fn method_of(route: &RouteInfo) -> &str {
    route.method.as_ref().map_or("ANY", Method::as_str)
}

fn to_json(route: &RouteInfo) -> Value {
    let params = route.params.iter().map(|param| json!({ "name": param.name, "type": param.type_name }));
    json!({
        "kind": route.kind.as_str(),
        "method": method_of(route),
        "host": route.host,
        "path": route.pattern,
        "name": route.name,
        "params": params.collect::<Vec<_>>(),
        "pipelines": route.pipelines,
        "handler": route.handler,
        "source": route.source.map(|source| source.to_string()),
        "script_name": route.script_name,
        "body_limit": route.limits.body,
        "timeout_ms": timeout(route).map(|timeout| timeout.as_millis()),
        "log": route.log.as_str(),
        "assigns": route.assigns,
    })
}

fn outcome_json(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Route(route, values) => {
            let values: serde_json::Map<String, Value> =
                values.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
            json!({ "outcome": "route", "route": to_json(route), "values": values })
        }
        Outcome::Redirect(route, to) => {
            json!({ "outcome": "redirect", "status": 308, "location": to, "route": to_json(route) })
        }
        Outcome::Options(allow) => json!({ "outcome": "options", "status": 204, "allow": allow }),
        Outcome::Refused(status, message, allow) => {
            json!({ "outcome": "refused", "status": status, "message": message, "allow": allow })
        }
        other => json!({ "outcome": format!("{other:?}") }),
    }
}

/// The timeout of a route; `None` for the server's, and where there is none at all.
fn timeout(route: &RouteInfo) -> Option<Duration> {
    route.limits.timeout.filter(|timeout| *timeout != Duration::MAX)
}

fn details(route: &RouteInfo, values: &[(String, String)]) -> String {
    let params = route.params.iter().map(|param| {
        let value = values
            .iter()
            .find(|(name, _)| *name == param.name)
            .map(|(_, value)| format!(" = {}", value.escape_debug()));
        let type_name = param.type_name.map(|name| format!(" ({name})"));
        format!("{}{}{}", param.name, value.unwrap_or_default(), type_name.unwrap_or_default())
    });
    let limits = [
        route.limits.body.map(|bytes| format!("body {}", ByteSize(bytes))),
        match route.limits.timeout {
            Some(Duration::MAX) => Some("no timeout".to_owned()),
            timeout => timeout.map(|timeout| format!("timeout {timeout:?}")),
        },
    ];
    let rows = [
        ("name", route.name.clone().unwrap_or_default()),
        ("params", params.collect::<Vec<_>>().join(", ")),
        ("pipelines", route.pipelines.join(", ")),
        ("handler", route.handler.to_owned()),
        ("source", route.source.map(|source| source.to_string()).unwrap_or_default()),
        ("kind", route.kind.as_str().to_owned()),
        ("host", route.host.clone().unwrap_or_default()),
        ("mounted", route.script_name.clone()),
        ("limits", limits.into_iter().flatten().collect::<Vec<_>>().join(", ")),
        ("log", route.log.as_str().to_owned()),
        ("assigns", route.assigns.join(", ")),
    ];
    let mut text = format!("{} {}\n", method_of(route), route.pattern);
    for (label, value) in rows {
        let value = if value.is_empty() { "-" } else { &value };
        text.push_str(&format!("  {label:<9}  {value}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::http::Limits;
    use zzz_router::{Router, Scope, TrailingSlash, get};

    async fn handler() {}

    fn routes() -> RouteTable {
        let show =
            get("/posts/:id", handler).name("post").param_type("id", "i64").handler_name("posts::show");
        let limits = Limits::new().body(5 * 1024 * 1024).timeout(Duration::from_secs(300));
        let scope = Scope::new("/").route(show.limits(limits).at("src/router.rs", 7));
        let router = Router::new().trailing_slash(TrailingSlash::Redirect).scope(scope);
        router.scope(Scope::new("/admin").host("admin.*").fallback(handler)).build().unwrap()
    }

    #[test]
    fn lists_routes_in_columns() {
        let name = std::any::type_name_of_val(&handler);
        assert_eq!(
            list(&routes()),
            format!(
                "METHOD  HOST     PATH        NAME  PIPELINES  HANDLER\n\
                 GET              /posts/:id  post             posts::show\n\
                 ANY     admin.*  /admin/*                     {name} (fallback)\n"
            )
        );
    }

    struct Talk;

    impl zzz_core::http::Socket for Talk {
        fn transports(self) -> Vec<zzz_core::http::Transport> {
            vec![
                zzz_core::http::Transport::new("/websocket", &[Method::GET], handler),
                zzz_core::http::Transport::new("/longpoll", &[Method::GET, Method::POST], handler),
            ]
        }
    }

    #[test]
    fn lists_every_kind_of_route() {
        let name = std::any::type_name_of_val(&handler);
        let api = zzz_router::Pipeline::new("api");
        let inner = Router::new().scope(Scope::new("/").route(get("/x", handler).handler_name("inner::x")));
        let scope = Scope::new("/in")
            .through(&api)
            .named("in")
            .route(zzz_router::any("/all", handler).name("all").handler_name("all"))
            .scope(Scope::new("/hosts").host("a.example").host("b.*").get("/", handler))
            .forward("/jobs", inner)
            .socket("/talk", Talk);
        let router = Router::new().assets("/static", Folder::on_disk("public")).scope(scope);
        let table = router.build().unwrap();
        let lines: Vec<String> =
            list(&table).lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(
            lines,
            [
                "METHOD HOST PATH NAME PIPELINES HANDLER".to_owned(),
                "GET /static/* public (assets)".into(),
                "ANY /in/all in_all api all".into(),
                format!("GET a.example /in/hosts api {name}"),
                format!("GET b.* /in/hosts api {name}"),
                "ANY /in/jobs/* api zzz_router::router::Router (forward)".into(),
                "GET /in/jobs/x api inner::x".into(),
                format!("GET /in/talk/websocket api {name} (socket)"),
                format!("GET /in/talk/longpoll api {name} (socket)"),
                format!("POST /in/talk/longpoll api {name} (socket)"),
            ]
        );
    }

    #[test]
    fn tells_everything_of_a_route() {
        let Outcome::Route(route, values) = routes().explain(&Request::get("/posts/7")) else { panic!() };
        assert_eq!(
            details(&route, &values),
            "GET /posts/:id\n  name       post\n  params     id = 7 (i64)\n  pipelines  -\n  handler    posts::show\n  \
             source     src/router.rs:7\n  kind       handler\n  host       -\n  mounted    -\n  \
             limits     body 5MiB, timeout 300s\n  log        info\n  assigns    -\n"
        );
        let json = outcome_json(&Outcome::Route(route, values));
        assert_eq!((&json["values"]["id"], &json["route"]["timeout_ms"]), (&json!("7"), &json!(300_000)));
    }

    #[test]
    fn tells_what_else_becomes_of_a_request() {
        let outcome = |request: &Request| outcome_json(&routes().explain(request));
        let redirect = outcome(&Request::get("/posts/7/"));
        assert_eq!((&redirect["status"], &redirect["location"]), (&json!(308), &json!("/posts/7")));
        let refused = outcome(&Request::post("/posts/7", ""));
        assert_eq!((&refused["status"], &refused["allow"]), (&json!(405), &json!("GET, HEAD, OPTIONS")));
        let options = outcome(&Request::new(Method::OPTIONS, "/posts/7", ""));
        assert_eq!((&options["status"], &options["allow"]), (&json!(204), &json!("GET, HEAD, OPTIONS")));
        assert_eq!(outcome(&Request::get("/nowhere"))["status"], 404);
    }

    fn refused(folders: &[Files], method: &str, url: &str) -> String {
        info(&routes(), folders, method, url, false).unwrap_err().to_string()
    }

    #[test]
    fn a_url_that_is_none_is_named() {
        for (url, advice) in [
            ("http://[", ""),
            ("/a b", ""),
            ("", "; did you mean `/`?"),
            ("posts", "; did you mean `/posts`?"),
            ("posts/7?x=1", "; did you mean `/posts/7?x=1`?"),
            ("example.com:80", "; did you mean `/example.com:80`?"),
        ] {
            let wanted = format!("`{url}` is no URL, and no path, which begins with `/`{advice}");
            assert_eq!(refused(&[], "GET", url), wanted);
        }
        assert_eq!(refused(&[], "ge t", "/"), "`ge t` can not be a method of HTTP");
        assert_eq!(
            refused(&[], "GET", "/nowhere"),
            "no route takes GET /nowhere: it is answered with 404. There is nothing at this address."
        );
    }

    #[test]
    fn a_file_is_found_before_a_route() {
        let files = zzz_core::http::Embedded(&[("app.css", b"body{}"), ("posts/7", b"7")]);
        let at = |path: &str, name| Files { path: path.into(), name, source: None, files: Arc::new(files) };
        let folders = [at("", "public"), at("/static", "static")];
        let json =
            |folder: &Files, path: &str| folder.name(path).map(|name| folder.to_json(&name)["file"].clone());
        assert_eq!(json(&folders[1], "/static/app%2Ecss"), Some(json!("app.css")));
        for path in ["/static", "/static/", "/statics/a", "/static/.env", "/static/a//b", "/static/%ff"] {
            assert_eq!(json(&folders[1], path), None, "{path}");
        }
        assert!(info(&routes(), &folders, "GET", "/static/app.css", false).is_ok());
        assert!(info(&routes(), &folders, "HEAD", "https://example.org/posts/7", true).is_ok());
        assert_eq!(
            refused(&folders, "POST", "/static/app.css"),
            "POST /static/app.css is answered with 405: `app.css` is a file of the folder `static`, and is only read"
        );
        assert_eq!(
            refused(&folders, "GET", "/static/app.js"),
            "no route takes GET /static/app.js: it is answered with 404. There is nothing at this address. The folder \
             `public`, which is served under `/`, has no file `static/app.js`. The folder `static`, which is served under \
             `/static`, has no file `app.js`."
        );
    }
}
