//! Which bodies are taken as JSON, and what is said of the others.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::*;
use crate::http::{Body, now_or_never};
use crate::{Error, Fault, Param, Params, Place};

fn read<T: DeserializeOwned>(body: impl Into<Body>) -> Result<T> {
    of(Request::post("/", body).with_header("content-type", "application/json"))
}

fn of<T: DeserializeOwned>(request: Request) -> Result<T> {
    now_or_never(Json::<T>::from_request(request)).unwrap().map(|Json(value)| value)
}

/// The status and the words of the answer.
fn refused<T: DeserializeOwned>(body: impl Into<Body>) -> (u16, String) {
    let error = read::<T>(body).map(|_| ()).unwrap_err();
    (error.status(), error.to_string())
}

#[test]
fn it_is_read_under_any_of_its_media_types() {
    for media in ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json"] {
        let request = Request::post("/", "[1, 2]").with_header("content-type", media);
        assert_eq!(of::<Vec<u8>>(request).unwrap(), [1, 2], "{media}");
    }
}

#[test]
fn another_media_type_or_encoding_is_415() {
    let status = |request: Request| {
        let error = of::<u8>(request).unwrap_err();
        (error.status(), error.to_string())
    };
    let json = (415, "Send the body as application/json.".to_owned());
    assert_eq!(status(Request::post("/", "1")), json);
    for media in ["text/plain", "application/jsonx", "+json", "", "invalid", "text/json"] {
        assert_eq!(status(Request::post("/", "1").with_header("content-type", media)), json, "{media}");
    }
    let latin = Request::post("/", "1").with_header("content-type", "application/json; charset=latin1");
    assert_eq!(status(latin), (415, "Send the body in UTF-8.".into()));
}

#[test]
fn a_body_that_is_no_json_is_400_with_its_place() {
    for (body, what) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("[1,\n 2", "EOF while parsing a list at line 2 column 2"),
        ("[1] 2", "trailing characters at line 1 column 5"),
        ("[1,]", "trailing comma at line 1 column 4"),
        ("\u{feff}[1]", "expected value at line 1 column 1"),
        ("[1e400]", "number out of range at line 1 column 6"),
        (r#"["\ud800"]"#, "unexpected end of hex escape at line 1 column 9"),
        (r#"["\ud800\u0041"]"#, "lone leading surrogate in hex escape at line 1 column 14"),
        (r#"["\udc00"]"#, "lone leading surrogate in hex escape at line 1 column 8"),
        ("[\"a\nb\"]", "control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0"),
    ] {
        assert_eq!(refused::<Param>(body), (400, format!("The body is not valid JSON: {what}.")), "{body}");
    }
    let bytes = refused::<HashMap<String, serde::de::IgnoredAny>>(&b"{\"a\": \"\xff\"}"[..]);
    assert_eq!(bytes, (400, "The body is not valid JSON: byte 8 is not UTF-8.".into()));
}

#[test]
fn a_bottomless_document_is_400_and_overflows_nothing() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [128, 100_000] {
            let body = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let (status, message) = refused::<Param>(body);
            assert_eq!(status, 400);
            assert!(message.contains("recursion limit exceeded at line 1 column "), "{message}");
        }
        assert!(read::<Param>(format!("{}1{}", open.repeat(127), close.repeat(127))).is_ok());
    }
}

#[test]
fn a_body_over_its_limit_is_413_before_it_is_read() {
    let mut body = Body::from(format!("\"{}\"", "x".repeat(10_000_000)));
    body.set_limit(2 << 20);
    assert_eq!(refused::<String>(body), (413, "The body is larger than the 2MiB allowed here.".into()));
}

#[test]
fn another_shape_is_422_in_words_of_json() {
    type Whole = BTreeMap<String, u8>;
    for (answer, what) in [
        (refused::<Vec<u8>>("{}"), "The JSON body does not fit: expected a list, not an object."),
        (refused::<Params>("[]"), "The JSON body does not fit: expected an object, not a list."),
        (
            refused::<Vec<u8>>("[1, 256]"),
            "The field `[1]` does not fit: expected a whole number from 0 to 255, not 256.",
        ),
        (
            refused::<Whole>(r#"{"n": -1}"#),
            "The field `n` does not fit: expected a whole number from 0 to 255, not -1.",
        ),
        (
            refused::<Whole>(r#"{"n": 1.5}"#),
            "The field `n` does not fit: expected a whole number from 0 to 255, not 1.5.",
        ),
        (
            refused::<Whole>(r#"{"n": null}"#),
            "The field `n` does not fit: expected a whole number from 0 to 255, not null.",
        ),
        (
            refused::<BTreeMap<String, Vec<bool>>>(r#"{"a": [true, "b, expected c"]}"#),
            "The field `a[1]` does not fit: expected true or false, not the text \"b, expected c\".",
        ),
        (
            refused::<BTreeMap<String, Vec<String>>>(r#"{"a": ["x", {}]}"#),
            "The field `a[1]` does not fit: expected a text, not an object.",
        ),
        (refused::<(u8, u8)>("[1]"), "The JSON body does not fit: expected a list of 2, not one of 1."),
        (
            refused::<char>("\"ab\""),
            "The JSON body does not fit: expected a text of one character, not the text \"ab\".",
        ),
    ] {
        assert_eq!(answer, (422, what.to_owned()));
    }
}

#[derive(Debug)]
struct Strict;

impl<'de> Deserialize<'de> for Strict {
    /// As serde's derive reads a struct with the field `title` and `deny_unknown_fields`.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Fields;
        impl<'de> serde::de::Visitor<'de> for Fields {
            type Value = Strict;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("struct Strict")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Strict, A::Error> {
                use serde::de::Error as _;
                let mut title: Option<String> = None;
                while let Some(name) = map.next_key::<Name>()? {
                    if title.is_some() {
                        return Err(A::Error::duplicate_field(name.0));
                    }
                    title = Some(map.next_value()?);
                }
                title.map(|_| Strict).ok_or_else(|| A::Error::missing_field("title"))
            }
        }
        deserializer.deserialize_struct("Strict", &["title"], Fields)
    }
}

/// The name of a field, known or refused.
struct Name(&'static str);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        use serde::de::Error as _;
        let name = String::deserialize(deserializer)?;
        if name == "title" { Ok(Self("title")) } else { Err(D::Error::unknown_field(&name, &["title"])) }
    }
}

#[test]
fn a_field_that_is_missing_unknown_or_there_twice_is_named_with_its_path() {
    for (body, what) in [
        (r#"{"p": [{"title": "a"}, {}]}"#, "The field `p[1].title` is missing."),
        (r#"{"p": [{"titel": "a"}]}"#, "The field `p[0].titel` is not known here; did you mean `title`?"),
        (r#"{"p": [{"title": "a", "title": "b"}]}"#, "The field `p[0].title` stands there twice."),
        (r#"{"p": [{"title": 7}]}"#, "The field `p[0].title` does not fit: expected a text, not 7."),
        (r#"{"p": [7]}"#, "The field `p[0]` does not fit: expected an object, not 7."),
    ] {
        assert_eq!(refused::<BTreeMap<String, Vec<Strict>>>(body), (422, what.to_owned()));
    }
}

#[test]
fn a_rejection_holds_what_its_message_says() {
    let error = read::<BTreeMap<String, Vec<u8>>>(r#"{"a/b": [1, "x"]}"#).unwrap_err();
    assert_eq!(error.fields().get("a/b[1]"), ["expected a whole number from 0 to 255, not the text \"x\""]);
    let rejection = Rejection::of_error(error).unwrap();
    assert_eq!((rejection.status(), rejection.place()), (422, Some(Place::Json)));
    assert_eq!(rejection.field().unwrap().pointer(), "/a~1b/1");
    assert_eq!(rejection.expected(), Some("a whole number from 0 to 255"));
    assert_eq!(rejection.given(), Some("the text \"x\""));
    assert_ne!(rejection.fault(), Some(&Fault::Missing));
}

#[test]
fn two_members_of_one_name_are_refused_whatever_they_are_read_as() {
    fn check<T: DeserializeOwned>(body: &str, field: &str) {
        let what = format!("The field `{field}` stands there twice.");
        assert_eq!(refused::<T>(body.to_owned()), (422, what), "{body}");
    }
    for (body, field) in [
        (r#"{"a": 1, "a": 2}"#, "a"),
        (r#"{"a": 1, "b": {"c": [{}], "c": 1}}"#, "b.c"),
        (r#"{"a": {"a": 1, "a": 2}}"#, "a.a"),
        (r#"{"b": "x", "a": [[], {"c": {}}, [0, {"d": 1, "e": "}", "d": 2}]]}"#, "a[2][1].d"),
        (r#"{"a": {"b": 1}, "c": {"b": 1}, "\u0061": 2}"#, "a"),
        (r#"{"\"": 1, "\u0022": 2}"#, "\""),
        (r#"{"": 1, "": 2}"#, ""),
        (r#"{ "ü" :1,"x":[",\"",{}], "\u00fc":2 }"#, "ü"),
    ] {
        check::<Params>(body, field);
        check::<serde_json::Value>(body, field);
        check::<serde::de::IgnoredAny>(body, field);
        check::<HashMap<String, serde_json::Value>>(body, field);
    }
    #[derive(serde::Deserialize)]
    struct Title {
        #[allow(dead_code, reason = "only read into")]
        title: String,
    }
    check::<Title>(r#"{"title": "a", "x": 1, "x": 2}"#, "x");
    check::<Title>(r#"{"title": "a", "title": "b"}"#, "title");
    let error = read::<Params>(r#"{"p": [{"a": 1, "a": 1}]}"#).unwrap_err();
    assert_eq!(Rejection::of_error(error).unwrap().field().unwrap().pointer(), "/p/0/a");
    for body in [
        r#"{"a": {"a": {"a": 1}, "b": 1}, "b": [{"a": 1}, {"a": "a"}], "c": "a"}"#,
        r#"["a", "a", {"a": ["a", "a"], "A": "a"}]"#,
        r#"[{"a": "{\"x\":1,\"x\":2}"}, "\\", {"\\": 1}]"#,
        r#"{"\ud83e\udd89": 1, "\ud83e": 1}"#.replace(r#", "\ud83e": 1"#, "").as_str(),
    ] {
        assert!(read::<serde_json::Value>(body.to_owned()).is_ok(), "{body}");
    }
}

#[test]
fn what_a_type_passes_over_is_held_to_the_same() {
    for (value, why) in [
        ("1e400", "it has a number out of range"),
        ("-1E+400", "it has a number out of range"),
        (&"9".repeat(400), "it has a number out of range"),
        (r#""\ud800""#, "it has half of a surrogate pair"),
        (r#""\udc00""#, "it has half of a surrogate pair"),
        (r#""\ud800\ud800""#, "it has half of a surrogate pair"),
        (r#""\ud800x""#, "it has half of a surrogate pair"),
        (&format!("{}{}", "[".repeat(127), "]".repeat(127)), "it nests more than 127 deep"),
        (&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), "it nests more than 127 deep"),
        (&format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)), "it nests more than 127 deep"),
    ] {
        let body = format!("{{\"x\": {value}}}");
        let (status, message) = refused::<BTreeMap<String, serde::de::IgnoredAny>>(body.clone());
        assert_eq!(
            (status, message),
            (400, format!("The body is not valid JSON: {why}.")),
            "{}",
            &body[..20.min(body.len())]
        );
        // Read as a value, it is refused by serde_json itself.
        assert_eq!(refused::<serde_json::Value>(body).0, 400);
    }
    for value in [
        "1e300",
        "1e-400",
        "-0.5E+2",
        r#""\ud83e\udd89\u0041""#,
        &format!("{}{}", "[".repeat(126), "]".repeat(126)),
        &"9".repeat(300),
    ] {
        let body = format!("{{\"x\": {value}}}");
        assert!(read::<serde_json::Value>(body.clone()).is_ok(), "{body}");
        assert!(read::<BTreeMap<String, serde::de::IgnoredAny>>(body).is_ok());
    }
}

#[test]
fn a_hundred_thousand_members_are_read_in_one_go() {
    let members: Vec<String> = (0..100_000).map(|number| format!("\"{number}\":1")).collect();
    let params: Params = read(format!("{{{}}}", members.join(","))).unwrap();
    assert_eq!((params.len(), params.get("99999")), (100_000, Some(&Param::Int(1))));
    let twice = format!("{{{},\"5\":1}}", members.join(","));
    assert_eq!(refused::<serde_json::Value>(twice).1, "The field `5` stands there twice.");
}

#[test]
fn without_a_body_and_a_content_type_it_is_none() {
    let of = |request: Request| now_or_never(Option::<Json<u8>>::from_request(request)).unwrap();
    let status = |result: Result<Option<Json<u8>>, Error>| result.unwrap_err().status();
    assert_eq!(of(Request::post("/", "")).unwrap(), None);
    assert_eq!(
        of(Request::post("/", "7").with_header("content-type", "application/json")).unwrap(),
        Some(Json(7))
    );
    assert_eq!(status(of(Request::post("/", "7"))), 415, "a body of an unknown kind is not passed over");
    assert_eq!(status(of(Request::post("/", "").with_header("content-type", "application/json"))), 400);
    assert_eq!(status(of(Request::post("/", "x").with_header("content-type", "application/json"))), 400);
}

/// Whether a document has two members of one name, told in another way.
struct HasTwice(bool);

impl<'de> Deserialize<'de> for HasTwice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        use serde::de::{MapAccess, SeqAccess, Visitor};
        struct Reader;
        macro_rules! no {
            ($($visit:ident $type:ty),*) => {$(
                fn $visit<E>(self, _: $type) -> std::result::Result<HasTwice, E> {
                    Ok(HasTwice(false))
                }
            )*};
        }
        impl<'de> Visitor<'de> for Reader {
            type Value = HasTwice;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value")
            }
            no!(visit_bool bool, visit_u64 u64, visit_i64 i64, visit_f64 f64, visit_str &str);
            fn visit_unit<E>(self) -> std::result::Result<HasTwice, E> {
                Ok(HasTwice(false))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<HasTwice, A::Error> {
                let mut any = false;
                while let Some(HasTwice(twice)) = list.next_element()? {
                    any |= twice;
                }
                Ok(HasTwice(any))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<HasTwice, A::Error> {
                let (mut any, mut known) = (false, std::collections::BTreeSet::new());
                while let Some((name, HasTwice(twice))) = map.next_entry::<String, HasTwice>()? {
                    any |= twice | !known.insert(name);
                }
                Ok(HasTwice(any))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A document that these steps build.
fn document(steps: &mut impl Iterator<Item = u8>, depth: usize) -> String {
    let step = steps.next().unwrap_or(9);
    let count = if depth > 5 { 0 } else { usize::from(step >> 4) % 4 };
    match step % 8 {
        0..=3 => {
            let names = ["a", "\\u0061", "b", "\\\"", "", "ü"];
            let members = (0..count).map(|_| {
                let name = names[usize::from(steps.next().unwrap_or_default()) % names.len()];
                format!("\"{name}\" : {}", document(steps, depth + 1))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        4 | 5 => {
            format!("[{}]", (0..count).map(|_| document(steps, depth + 1)).collect::<Vec<_>>().join(" , "))
        }
        6 => ["1", "-1e5", "true", "null"][count].to_owned(),
        _ => ["\"a\"", "\"\\\"a\\\":\"", "\"{\"", "\"\\ud83e\\udd89\""][count].to_owned(),
    }
}

#[test]
fn a_member_that_stands_twice_is_found_wherever_it_is_and_only_then() {
    bolero::check!().with_type::<Vec<u8>>().for_each(|steps| {
        let text = document(&mut steps.iter().copied(), 0);
        let HasTwice(twice) = serde_json::from_str(&text).unwrap();
        assert_eq!(strict::check(&text).is_err(), twice, "{text}");
    });
}

#[test]
fn any_document_is_looked_through_to_its_end() {
    const WORDS: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\":",
        "\"b\":",
        "\"\\u0061\":",
        "\"a\"",
        "{\"a\":",
        "{\"a\":1,\"b\":",
        "[1,",
        "]}",
        "}}",
        "{}",
        "1",
        "-1e5",
        "1e400",
        "null",
        "\"\\\"\"",
        "\"\\ud800\"",
        "\"ü\"",
        "\"",
        "\\",
        "\\u",
        " ",
        "1,\"a\":2}",
        ",\"a\":{}",
    ];
    bolero::check!().with_type::<Vec<u8>>().for_each(|choice| {
        let text: String = choice.iter().map(|at| WORDS[usize::from(*at) % WORDS.len()]).collect();
        // It ends, whatever it is.
        let _ = strict::check(&text);
    });
}
