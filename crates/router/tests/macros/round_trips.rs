//! Whatever values go into a path, a browser leaves it as it is, and the router gives the same values back.

use std::fmt::Debug;

use bolero::TypeGenerator;
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use url::Url;
use uuid::Uuid;
use zzz_core::Params;
use zzz_core::http::{Path, Query, Request, VerifiedPath};

use crate::app::handlers::answer;

mod table {
    use super::{day, decimal, free, instant, letter, moment, number, one, rest, two, wide};

    zzz_router::router! {
        paths;
        get "/one/:a" => one as one;
        get "/two/v:a/:b" => two as two;
        get "/rest/*rest" => rest as rest;
        get "/free/:a" => free as free;
        get "/number/:a/:b" => number as number;
        get "/wide/:a/:b" => wide as wide;
        get "/decimal/:a/:b" => decimal as decimal;
        get "/letter/:a/:b" => letter as letter;
        get "/day/:a" => day as day;
        get "/moment/:a" => moment as moment;
        get "/instant/:a/:b" => instant as instant;
    }
}

use table::{path, paths};

/// What a handler was given.
fn said<T: Debug>(value: T) -> String {
    format!("{value:?}")
}

async fn one(Path(a): Path<String>, Query(query): Query<Params>) -> String {
    said((a, query.to_pairs()))
}
async fn two(Path((a, b)): Path<(String, String)>) -> String {
    said((a, b))
}
async fn rest(Path(rest): Path<String>) -> String {
    said(rest)
}
async fn free(request: Request) -> String {
    said(request.param("a").unwrap())
}
async fn number(Path((a, b)): Path<(i64, u8)>) -> String {
    said((a, b))
}
async fn wide(Path((a, b)): Path<(i128, u128)>) -> String {
    said((a, b))
}
async fn decimal(Path((a, b)): Path<(f64, f32)>) -> String {
    said((a, b))
}
async fn letter(Path((a, b)): Path<(char, bool)>) -> String {
    said((a, b))
}
async fn day(Path(day): Path<NaiveDate>) -> String {
    said(day)
}
async fn moment(Path(at): Path<NaiveDateTime>) -> String {
    said(at)
}
async fn instant(Path((at, id)): Path<(DateTime<Utc>, Uuid)>) -> String {
    said((at, id))
}

/// Asks for a path as a browser does that finds it in a page.
fn visit(path: &VerifiedPath) -> (u16, String) {
    let (before, fragment) = match path.split_once('#') {
        Some((before, fragment)) => (before, Some(fragment)),
        None => (&**path, None),
    };
    let (only, query) = match before.split_once('?') {
        Some((only, query)) => (only, Some(query)),
        None => (before, None),
    };
    let base = Url::parse("https://app.example:4000/some/page?x=1#top").unwrap();
    let url = base.join(path).unwrap();
    assert_eq!((url.path(), url.query(), url.fragment()), (only, query, fragment), "{path}");
    assert_eq!(url.origin(), base.origin(), "{path}");
    answer(table::router(), Request::get(before))
}

/// Texts of what has a meaning somewhere on the way, and of anything.
#[derive(Debug, TypeGenerator)]
struct Text(Vec<Piece>);

#[derive(Debug, TypeGenerator)]
enum Piece {
    Odd(u8),
    Any(char),
}

impl Text {
    fn read(&self) -> String {
        const ODD: [&str; 32] = [
            ".", "..", "/", "//", "\\", "%", "%2e", "%2F", "%00", "%ff", "?", "#", "&", "=", "+", " ", ";",
            ":", "@", "'", "\"", "<", "`", "{", "|", "^", "~", "[]", "\n", "\t", "\0", "ü",
        ];
        let text = |piece: &Piece| match piece {
            Piece::Odd(at) => ODD[usize::from(*at) % ODD.len()].to_owned(),
            Piece::Any(any) => any.to_string(),
        };
        self.0.iter().take(12).map(text).collect()
    }
}

/// As a segment with this value is written: browsers would resolve these.
fn kept(value: &str) -> &str {
    if matches!(value, "" | "." | "..") { "_" } else { value }
}

/// What the router answers to these texts: no path has a NUL.
fn wanted(texts: &[&str], values: impl Debug) -> (u16, Option<String>) {
    if texts.iter().any(|text| text.contains('\0')) { (400, None) } else { (200, Some(said(values))) }
}

fn check(path: &VerifiedPath, (status, body): (u16, Option<String>)) {
    let (got, text) = visit(path);
    assert_eq!(got, status, "{path}: {text}");
    if let Some(body) = body {
        assert_eq!(text, body, "{path}");
    }
}

/// Two texts: those that are most easily lost on the way, and any.
fn for_texts(check: fn(&str, &str)) {
    const EDGES: [&str; 10] = ["", ".", "..", "...", "/", "//", "/..", "a", "%2e", "\0"];
    for (a, b) in EDGES.iter().flat_map(|a| EDGES.map(|b| (*a, b))) {
        check(a, b);
    }
    bolero::check!().with_type::<[Text; 2]>().for_each(|[a, b]| check(&a.read(), &b.read()));
}

#[test]
fn texts_come_back_as_they_went_in() {
    for_texts(|a, b| {
        let none: [(String, String); 0] = [];
        check(&path!("/one/{a}"), wanted(&[a], (kept(a), &none)));
        check(&path!("/free/{a}"), wanted(&[a], kept(a)));
        check(&path!("/free/{a}{b}"), wanted(&[a, b], kept(&format!("{a}{b}"))));
        check(&path!("/free/.{a}"), wanted(&[a], kept(&format!(".{a}"))));
        check(&path!("/free/%2e{a}%2E"), wanted(&[a], kept(&format!(".{a}."))));
        // Behind a prefix, a value is a part of its segment.
        let first = if a.is_empty() { "_" } else { a };
        check(&paths::two(a, b), wanted(&[a, b], (first, kept(b))));
        check(&path!("/two/v{a}/{b}"), wanted(&[a, b], (first, kept(b))));
    });
}

#[test]
fn the_rest_comes_back_segment_by_segment() {
    for_texts(|a, b| {
        let whole: Vec<&str> = a.trim_start_matches('/').split('/').map(kept).collect();
        check(&paths::rest(a), wanted(&[a], whole.join("/")));
        check(&path!("/rest/{a}"), wanted(&[a], whole.join("/")));
        let segments = format!("{}/{}", kept(a), kept(b));
        check(&path!("/rest/{[a, b]}"), wanted(&[a, b], &segments));
        check(&path!("/rest/x/{a}"), wanted(&[a], format!("x/{}", kept(a))));
    });
}

#[test]
fn query_and_fragment_come_back_as_they_went_in() {
    for_texts(|a, b| {
        let pairs = [("q".to_owned(), a.to_owned()), ("l[]".into(), a.into()), ("l[]".into(), b.into())];
        let path = path!("/one/x?q={a}&l={[a, b]}#{b}");
        check(&path, wanted(&[a, b], ("x", &pairs)));
        let fragment = path.split_once('#').unwrap().1;
        assert_eq!(percent_encoding::percent_decode_str(fragment).decode_utf8().unwrap(), b, "{path}");
        check(&path!("/one/x", ?[("q", a)]), wanted(&[a], ("x", &pairs[..1])));
    });
}

#[test]
fn numbers_come_back_as_they_went_in() {
    bolero::check!().with_type::<(i64, u8, i128, u128, f64, f32, char, bool)>().for_each(
        |(long, byte, wide, most, double, single, letter, flag)| {
            check(&path!("/number/{long}/{byte}"), (200, Some(said((long, byte)))));
            check(&path!("/wide/{wide}/{most}"), (200, Some(said((wide, most)))));
            let is_number = double.is_finite() && single.is_finite();
            let back = is_number.then(|| said((double, single)));
            check(&path!("/decimal/{double}/{single}"), (if is_number { 200 } else { 400 }, back));
            let text = letter.to_string();
            let back = kept(&text).chars().next().unwrap();
            check(&path!("/letter/{letter}/{flag}"), wanted(&[&text], (back, flag)));
        },
    );
}

#[test]
fn dates_come_back_as_they_went_in_or_are_refused() {
    let begin = NaiveDate::from_ymd_opt(-2, 1, 1).unwrap();
    bolero::check!().with_type::<(u32, u32, u32, u128)>().for_each(|(days, seconds, nanos, id)| {
        // Up to the year 12,000.
        let day = begin + Days::new(u64::from(days % 4_400_000));
        let at = day.and_hms_opt(0, 0, 0).unwrap()
            + TimeDelta::new(i64::from(seconds % 86_400), nanos % 1_000_000_000).unwrap();
        let id = Uuid::from_u128(*id);
        // RFC 3339 has four digits for a year.
        let fits = (0..=9999).contains(&chrono::Datelike::year(&day));
        let answered = |back: String| (if fits { 200 } else { 400 }, fits.then_some(back));
        check(&path!("/day/{day}"), answered(said(day)));
        check(&path!("/moment/{at}"), answered(said(at)));
        let at = at.and_utc();
        check(&path!("/instant/{at}/{id}"), answered(said((at, id))));
    });
}
