//! What the table says of its routes.

use std::time::Duration;

use zzz_core::http::{RouteInfo, RouteLog};

use crate::app::router::router;

fn route(title: &str) -> RouteInfo {
    let table = router().build().unwrap();
    let found = table.routes().find(|route| route.to_string() == title);
    (**found.unwrap_or_else(|| panic!("no {title}"))).clone()
}

#[test]
fn a_route_knows_its_handler_and_where_it_is_written() {
    let info = route("GET /posts/:id");
    assert_eq!(info.handler, "macros::app::handlers::posts::show");
    assert_eq!(info.name.as_deref(), Some("posts_show"));
    assert_eq!(info.pipelines, ["browser"]);
    let source = info.source.unwrap();
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/macros/app/router/mod.rs"))
            .unwrap();
    let line = text.lines().position(|line| line.contains("resources \"/posts\"")).unwrap() + 1;
    assert!(source.file.ends_with("tests/macros/app/router/mod.rs"), "{source}");
    assert_eq!(source.line as usize, line);
}

#[test]
fn a_route_of_a_fragment_is_written_in_the_fragment() {
    let source = route("GET /teams/:team_id/members/:id").source.unwrap();
    assert!(source.file.ends_with("tests/macros/app/router/teams.rs"), "{source}");
    assert_eq!(source.line, 6);
    assert_eq!(route("GET admin.*/admin/reports/:id").name.as_deref(), Some("admin_reports_show"));
}

#[test]
fn parameters_have_the_types_that_handlers_give_them() {
    let types = |title: &str| {
        let params = route(title).params;
        params.into_iter().map(|param| (param.name, param.type_name)).collect::<Vec<_>>()
    };
    assert_eq!(types("GET /posts/:id"), [("id".into(), Some("i64"))]);
    assert_eq!(
        types("DELETE /posts/:post_id/comments/:id"),
        [("post_id".into(), Some("i64")), ("id".into(), Some("i64"))]
    );
    assert_eq!(
        types("GET /teams/:team_id/members/:id"),
        [("team_id".into(), Some("i64")), ("id".into(), Some("MemberId"))]
    );
    assert_eq!(types("GET /files/*rest"), [("rest".into(), Some("String"))]);
    assert_eq!(types("GET /anything/:what"), [("what".into(), None)]);
}

#[test]
fn options_reach_the_route() {
    let info = route("POST /upload");
    assert_eq!(info.limits.body, Some(5 * 1024 * 1024 + 64 * 1024));
    assert_eq!(info.limits.timeout, Some(Duration::from_secs(300)));
    assert_eq!(info.log, RouteLog::Debug);
    assert_eq!(info.assigns, ["macros::app::handlers::Section"]);
    let info = route("PUT /upload");
    assert_eq!((info.limits.body, info.limits.timeout), (Some(65_536), Some(Duration::from_secs(7))));
    assert_eq!(info.log, RouteLog::Off);
}
