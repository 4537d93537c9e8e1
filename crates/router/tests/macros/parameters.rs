//! What handlers may take from the path, through `router!`: all that it checks, and all that comes of it.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use uuid::Uuid;
use zzz_core::Rejection;
use zzz_core::http::{Path, Request};

use crate::app::handlers::answer;

mod table {
    use super::{anything, at, day, document, event, pair, report};

    zzz_router::router! {
        paths;
        get "/reports" => report;
        get "/reports/:id" => report as report;
        get "/tried/:id" => anything;
        get "/pairs" => pair;
        get "/pairs/:a/:b" => pair;
        get "/documents/:id" => document as document;
        get "/days/:day" => day;
        get "/events/:at" => event;
        get "/log/:at" => at;
    }
}

use table::{path, paths};

async fn report(id: Option<Path<i64>>) -> String {
    id.map_or("all reports".into(), |Path(id)| format!("report {id}"))
}

async fn anything(id: Result<Path<u8>, Rejection>) -> String {
    id.map_or_else(|rejection| format!("{:?}", rejection.place()), |Path(id)| id.to_string())
}

async fn pair(pair: Option<Path<(u8, bool)>>) -> String {
    format!("{:?}", pair.map(|Path(pair)| pair))
}

async fn document(Path(id): Path<Uuid>) -> String {
    format!("document {id}")
}

async fn day(Path(day): Path<NaiveDate>) -> String {
    day.format("%d.%m.%Y").to_string()
}

async fn event(Path(at): Path<NaiveDateTime>) -> String {
    at.format("%H:%M on %d.%m.%Y").to_string()
}

async fn at(Path(at): Path<DateTime<Utc>>) -> String {
    at.timestamp().to_string()
}

fn ask(path: &str) -> (u16, String) {
    answer(table::router(), Request::get(path))
}

#[test]
fn one_handler_serves_a_path_with_a_parameter_and_one_without() {
    assert_eq!(ask(&path!("/reports")), (200, "all reports".into()));
    let id = 7_i32;
    assert_eq!(ask(&path!("/reports/{id}")), (200, "report 7".into()));
    assert_eq!(ask("/reports/x").0, 400, "what is there has to fit");
    assert_eq!(ask("/pairs"), (200, "None".into()));
    assert_eq!(ask(&path!("/pairs/{7}/true")), (200, "Some((7, true))".into()));
}

#[test]
fn a_handler_may_deal_with_a_parameter_that_does_not_fit() {
    assert_eq!(ask("/tried/7"), (200, "7".into()));
    assert_eq!(ask("/tried/700"), (200, "Some(Path)".into()));
    let version = 2_u8;
    assert_eq!(
        path!("/tried/{version}"),
        "/tried/2",
        "the type of `Result<Path<u8>, _>` is known to `path!`"
    );
}

#[test]
fn uuids_and_times_are_read_as_path_writes_them() {
    let id = Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8);
    assert_eq!(path!("/documents/{id}"), "/documents/67e55044-10b1-426f-9247-bb680e5fe0c8");
    assert_eq!(paths::document(id), path!("/documents/{&id}"));
    assert_eq!(ask(&paths::document(id)), (200, format!("document {id}")));
    let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
    assert_eq!(path!("/days/{day}"), "/days/2026-11-21");
    assert_eq!(ask(&path!("/days/{day}")), (200, "21.11.2026".into()));
    let at = day.and_hms_opt(15, 30, 0).unwrap();
    assert_eq!(path!("/events/{at}"), "/events/2026-11-21T15%3A30%3A00");
    assert_eq!(ask(&path!("/events/{at}")), (200, "15:30 on 21.11.2026".into()));
    let at = at.and_utc();
    assert_eq!(path!("/log/{at}"), "/log/2026-11-21T15%3A30%3A00Z");
    assert_eq!(ask(&path!("/log/{at}")), (200, "1795275000".into()));
    assert_eq!(ask("/log/2026-11-21T16:30:00+01:00"), (200, "1795275000".into()));
    for path in ["/documents/7", "/days/2026-02-30", "/events/2026-11-21", "/log/2026-11-21T15:30:00"] {
        assert_eq!(ask(path).0, 400, "{path}");
    }
}
