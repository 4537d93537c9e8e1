//! `routes`: lists the routes, or shows which one a URL takes.

use clap::ArgMatches;
use serde_json::{Value, json};
use zzz_core::http::{Method, RouteInfo, Uri};
use zzz_core::{Error, Result, Services};
use zzz_middleware::ErrorPages;

use super::{print, table};
use crate::boot::Prepared;

pub(super) fn routes(prepared: &Prepared, arguments: &ArgMatches) -> Result<()> {
    let endpoint = prepared.endpoint(Services::new(), ErrorPages::new())?;
    let routes = endpoint.table();
    let as_json = arguments.get_flag("json");
    if let Some(url) = arguments.get_one::<String>("info") {
        let method = arguments.get_one::<String>("method").map_or("GET", String::as_str).to_ascii_uppercase();
        let uri: Uri = url.parse().map_err(|_| Error::internal(format!("`{url}` is no URL")))?;
        let method = Method::from_bytes(method.as_bytes())?;
        let Some(route) = routes.find(&method, uri.path()) else {
            return Err(Error::internal(format!("no route takes {method} {}", uri.path())));
        };
        return print(&if as_json { format!("{:#}\n", to_json(route)) } else { details(route) });
    }
    if as_json {
        let all: Vec<Value> = routes.routes().map(|route| to_json(route)).collect();
        return print(&format!("{:#}\n", Value::Array(all)));
    }
    let rows: Vec<[String; 5]> = routes
        .routes()
        .map(|route| {
            let method = method_of(route).to_owned();
            let name = route.name.clone().unwrap_or_default();
            [method, route.pattern.clone(), name, route.pipelines.join(", "), route.handler.to_owned()]
        })
        .collect();
    print(&table(["METHOD", "PATH", "NAME", "PIPELINES", "HANDLER"], &rows))
}

fn method_of(route: &RouteInfo) -> &str {
    route.method.as_ref().map_or("ANY", Method::as_str)
}

fn to_json(route: &RouteInfo) -> Value {
    json!({
        "method": method_of(route),
        "path": route.pattern,
        "name": route.name,
        "params": route.params,
        "pipelines": route.pipelines,
        "handler": route.handler,
    })
}

fn details(route: &RouteInfo) -> String {
    let none = || "-".to_owned();
    let listed = |list: &[String]| if list.is_empty() { none() } else { list.join(", ") };
    format!(
        "{} {}\n  name       {}\n  params     {}\n  pipelines  {}\n  handler    {}\n",
        method_of(route),
        route.pattern,
        route.name.clone().unwrap_or_else(none),
        listed(&route.params),
        listed(&route.pipelines),
        route.handler
    )
}
