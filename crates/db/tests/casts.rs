//! Whatever a user sends is cast or refused, never a panic; and what was cast is cast to the same again.

#![cfg(all(feature = "uuid", feature = "decimal", feature = "json"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zzz_core::{Param, Params};
use zzz_db::{Changeset, DbEnum, Json, Schema, Value, fields};

#[derive(DbEnum, Debug, Default, Clone, Copy, PartialEq)]
enum Kind {
    #[default]
    First,
    SecondOne,
}

#[derive(DbEnum, Debug, Default, Clone, Copy, PartialEq)]
#[db_enum(integer)]
enum Level {
    #[default]
    Low = 1,
    High = 10,
}

#[derive(Serialize, Deserialize, Debug, Default, Clone, PartialEq)]
struct Settings {
    theme: String,
    size: Option<i64>,
}

#[derive(Schema, Debug, Default)]
#[schema(table = "everything")]
struct Everything {
    id: i64,
    small: i16,
    medium: i32,
    big: i64,
    byte: u8,
    word: Option<u16>,
    long: Option<u32>,
    float: f32,
    double: Option<f64>,
    flag: bool,
    text: String,
    note: Option<String>,
    bytes: Vec<u8>,
    moment: Option<DateTime<Utc>>,
    naive: Option<NaiveDateTime>,
    day: Option<NaiveDate>,
    clock: Option<NaiveTime>,
    price: Decimal,
    key: Uuid,
    kind: Kind,
    level: Option<Level>,
    tags: Json<Vec<String>>,
    numbers: Option<Json<Vec<i64>>>,
    settings: Json<Settings>,
}

const FIELDS: [&str; 23] = [
    "small", "medium", "big", "byte", "word", "long", "float", "double", "flag", "text", "note", "bytes",
    "moment", "naive", "day", "clock", "price", "key", "kind", "level", "tags", "numbers", "settings",
];

fn cast(params: &Params) -> Changeset<Everything> {
    Changeset::new(Everything::default()).cast(
        params,
        fields![
            small, medium, big, byte, word, long, float, double, flag, text, note, bytes, moment, naive, day,
            clock, price, key, kind, level, tags, numbers, settings
        ],
    )
}

/// What a program that knows the value would send for it.
fn sent(value: &Value) -> Param {
    match value {
        Value::Null => Param::Null,
        Value::Bool(value) => Param::Bool(*value),
        Value::Int(number) => Param::Int(*number),
        Value::Float(number) => Param::Float(*number),
        Value::Blob(bytes) => Param::Text(String::from_utf8(bytes.clone()).unwrap()),
        Value::Json(text) => serde_json::from_str(text).unwrap(),
        other => Param::Text(other.to_text()),
    }
}

/// Bytes that decide what is sent.
struct Choices<'a>(std::slice::Iter<'a, u8>);

/// Texts that are something, or almost.
const TEXTS: [&str; 40] = [
    "",
    " ",
    "0",
    "1",
    "-1",
    "+1",
    " 12 ",
    "12",
    "255",
    "256",
    "32768",
    "-2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "1e400",
    "1.5",
    ".5",
    "5.",
    "1e3",
    "NaN",
    "inf",
    "true",
    "on",
    "a\0b",
    "größe\u{1F600}",
    "first",
    "second_one",
    "High",
    "2026-11-21",
    "2026-02-30",
    "2026-11-21T12:00:00.1234567Z",
    "2026-11-21 12:00+02:00",
    "12:34",
    "24:00",
    "9999-12-31T23:59:59.999999Z",
    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "[1,2]",
    "[\"a\", \"\\u0000\"]",
    "{\"theme\":\"x\",\"size\":null}",
    "123456789012345678901234567890.12",
];

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::from(self.byte()) % from.len()]
    }

    fn param(&mut self, depth: u8) -> Param {
        match self.byte() % if depth == 0 { 7 } else { 9 } {
            0..=2 => Param::Text(self.pick(&TEXTS).into()),
            3 => Param::Text((0..self.byte() % 12).map(|_| char::from(self.byte() % 128)).collect()),
            4 => Param::Int(match self.byte() % 4 {
                0 => i64::MIN,
                1 => i64::MAX,
                _ => i64::from(self.byte()) - 128,
            }),
            5 => match self.byte() % 4 {
                0 => Param::Null,
                1 => Param::Bool(self.byte().is_multiple_of(2)),
                2 => Param::Float(f64::from_bits(u64::from_le_bytes(std::array::from_fn(|_| self.byte())))),
                _ => Param::Float(f64::from(self.byte()) / 8.0),
            },
            6 => Param::Float(
                [0.0, -0.0, 1e39, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, f64::NAN]
                    [usize::from(self.byte()) % 7],
            ),
            7 => Param::List((0..self.byte() % 4).map(|_| self.param(depth - 1)).collect()),
            _ => {
                let mut map = Params::new();
                for _ in 0..self.byte() % 6 {
                    let name = self
                        .pick(&["year", "month", "day", "hour", "minute", "second", "theme", "size", "x"]);
                    map.insert(name, self.param(depth - 1));
                }
                Param::Map(map)
            }
        }
    }
}

#[test]
fn whatever_is_sent_is_cast_or_refused_and_cast_to_the_same_again() {
    bolero::check!().with_type::<Vec<u8>>().for_each(|bytes| {
        let mut choices = Choices(bytes.iter());
        let mut given = Params::new();
        for _ in 0..1 + choices.byte() % 6 {
            let name = choices.pick(&FIELDS);
            given.insert(name, choices.param(3));
        }
        let changeset = cast(&given);
        for error in changeset.errors() {
            assert!(matches!(error.key(), "cast" | "required"), "{error:?} of {given:?}");
        }
        let changes: Vec<(&str, Value)> =
            changeset.changes().map(|(name, value)| (name, value.clone())).collect();
        let mut again = Params::new();
        changes.iter().for_each(|(name, value)| again.insert(name, sent(value)));
        let second = cast(&again);
        assert!(second.is_valid(), "{:?} of {again:?} of {given:?}", second.errors());
        let changed: Vec<(&str, Value)> =
            second.changes().map(|(name, value)| (name, value.clone())).collect();
        let of = |list: &[(&str, Value)], name: &str| {
            list.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        };
        for (name, value) in &changes {
            assert_eq!(of(&changed, name).as_ref(), Some(value), "{name} of {given:?}");
        }
        assert_eq!(changed.len(), changes.len());
        let _ = changeset.form();
        changeset.apply_changes().unwrap();
    });
}

#[test]
fn each_type_takes_what_its_table_says() {
    let of = |name: &str, param: Param| {
        let mut given = Params::new();
        given.insert(name, param);
        let changeset = cast(&given);
        match changeset.errors().first() {
            Some(error) => Err(error.key().to_owned()),
            None => Ok(changeset.changes().next().map(|(_, value)| value.clone())),
        }
    };
    let text = |name: &str, text: &str| of(name, Param::Text(text.into()));
    let invalid = Err("cast".to_owned());
    for (name, wrong) in [
        ("big", "9223372036854775808"),
        ("big", " 12 "),
        ("big", "1.0"),
        ("byte", "-1"),
        ("double", "1e400"),
        ("double", "NaN"),
        ("double", ".5"),
        ("price", "1_000"),
        ("price", "1e400"),
        ("flag", "yes"),
        ("text", "a\0b"),
        ("day", "2026-02-30"),
        ("clock", "24:00"),
        ("naive", "2026-11-21T12:00:00Z"),
        ("moment", "now"),
        ("kind", "First"),
        ("level", "1"),
        ("key", "f81d4fae7dec11d0a76500a0c91e6bf6"),
        ("tags", "{}"),
        ("numbers", "[1.5]"),
        ("settings", "{\"size\": 1}"),
    ] {
        assert_eq!(text(name, wrong), invalid, "{name} {wrong}");
    }
    for (name, wrong) in [
        ("text", Param::Int(5)),
        ("text", Param::List(vec![])),
        ("big", Param::Float(1.0)),
        ("big", Param::Bool(true)),
        ("flag", Param::Int(1)),
        ("day", Param::Int(5)),
        ("key", Param::Int(5)),
        ("double", Param::Float(f64::NAN)),
        ("float", Param::Float(1e39)),
        ("price", Param::Float(1e300)),
        ("level", Param::Int(10)),
        ("small", Param::Int(40_000)),
        ("tags", Param::List(vec![Param::Text("a\0".into())])),
        ("kind", Param::Map(Params::new())),
    ] {
        assert_eq!(of(name, wrong.clone()), invalid, "{name} {wrong:?}");
    }
    assert_eq!(text("big", "+1"), Ok(Some(Value::Int(1))));
    assert_eq!(text("big", "-9223372036854775808"), Ok(Some(Value::Int(i64::MIN))));
    assert_eq!(text("big", ""), Err("required".into()));
    assert_eq!(of("word", Param::Null), Ok(None));
    assert_eq!(of("double", Param::Int(2)), Ok(Some(Value::Float(2.0))));
    assert_eq!(text("price", "12.50"), Ok(Some(Value::Decimal("12.50".into()))));
    assert_eq!(of("price", Param::Float(0.1)), Ok(Some(Value::Decimal("0.1".into()))));
    assert_eq!(text("kind", "second_one"), Ok(Some(Value::Text("second_one".into()))));
    assert_eq!(text("level", "high"), Ok(Some(Value::Int(10))));
    assert_eq!(
        text("day", "2026-11-21T23:30:00-05:00"),
        Ok(Some(Value::Date("2026-11-21".parse().unwrap())))
    );
    assert_eq!(
        text("moment", "2026-11-21T12:00"),
        Ok(Some(Value::DateTime("2026-11-21T12:00:00Z".parse().unwrap())))
    );
    assert_eq!(
        of("tags", Param::List(vec![Param::Text("a".into()), Param::Text(String::new())])),
        Ok(Some(Value::Json("[\"a\"]".into())))
    );
}
