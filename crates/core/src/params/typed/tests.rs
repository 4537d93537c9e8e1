//! Which texts fit which types, and what is said of those that do not.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::value::MapDeserializer;

use super::*;

type Nested = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

fn read<T: DeserializeOwned>(pairs: &[(&str, &str)]) -> Result<T, TypeError> {
    from_text(
        Params::from_pairs(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into()))).unwrap(),
    )
}

/// One value under the name `a`.
fn value<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let mut all: BTreeMap<String, T> = read(&[("a", text)]).map_err(|error| error.to_string())?;
    Ok(all.remove("a").unwrap())
}

#[test]
fn texts_become_what_is_asked_for() {
    assert_eq!(value::<u32>(" 7"), Ok(7));
    assert_eq!(value::<i128>("-170141183460469231731687303715884105728"), Ok(i128::MIN));
    assert_eq!(value::<f64>("-1.5e3"), Ok(-1500.0));
    for (text, expected) in
        [("on", true), ("true", true), ("1", true), ("off", false), ("false", false), ("0", false)]
    {
        assert_eq!(value::<bool>(text), Ok(expected), "{text}");
    }
    assert_eq!(value::<char>("ü"), Ok('ü'));
    assert_eq!(value::<Option<u8>>(""), Ok(None));
    assert_eq!(value::<Option<u8>>("7"), Ok(Some(7)));
    assert_eq!(value::<String>(""), Ok(String::new()));
    assert_eq!(value::<Vec<u8>>(""), Ok(vec![]));
    assert_eq!(value::<()>(""), Ok(()));
    assert_eq!(read::<Nested>(&[("a[b][]", "1"), ("a[b][]", "2")]).unwrap()["a"]["b"], [1, 2]);
    let by_number: BTreeMap<String, BTreeMap<u32, bool>> = read(&[("a[7]", "on")]).unwrap();
    assert!(by_number["a"][&7]);
    let odd = read::<BTreeMap<String, BTreeMap<u8, bool>>>(&[("a[x]", "on")]).unwrap_err().to_string();
    assert_eq!(odd, "`a`: expected a whole number, not `x`");
    let by_flag: BTreeMap<bool, Option<char>> = read(&[("on", "ü"), ("false", "")]).unwrap();
    assert_eq!(by_flag, BTreeMap::from([(true, Some('ü')), (false, None)]));
}

#[test]
fn an_error_names_the_parameter_and_what_it_should_be() {
    let error = read::<Nested>(&[("a[b][]", "1"), ("a[b][]", "two")]).unwrap_err();
    assert_eq!(error.to_string(), "`a[b][1]`: expected a whole number, not `two`");
    fn refused<T: DeserializeOwned>(text: &str) -> String {
        value::<T>(text).map(|_| ()).unwrap_err()
    }
    assert_eq!(refused::<u8>("300"), "`a`: expected a whole number from 0 to 255, not `300`");
    assert_eq!(refused::<u8>(""), "`a`: expected a whole number, not ``");
    assert_eq!(refused::<u8>("7x"), "`a`: expected a whole number, not `7x`");
    for text in ["inf", "nan", "1e400", "-infinity", "one", ""] {
        assert_eq!(refused::<f64>(text), format!("`a`: expected a number, not `{text}`"));
    }
    assert_eq!(refused::<f32>("1e39"), "`a`: expected a number, not `1e39`");
    let mut float = Params::new();
    float.insert("a", Param::Float(1e39));
    assert_eq!(from_text::<BTreeMap<String, f64>>(float.clone()).unwrap()["a"], 1e39);
    let float = from_text::<BTreeMap<String, f32>>(float).unwrap_err().to_string();
    assert!(float.starts_with("`a`: expected a number, not "), "{float}");
    assert_eq!(refused::<bool>("yes"), "`a`: expected true or false, not `yes`");
    assert_eq!(refused::<char>("ab"), "`a`: expected one character, not `ab`");
    assert_eq!(refused::<()>("x"), "`a`: expected nothing, not `x`");
    assert_eq!(refused::<Vec<u8>>("1"), "`a`: expected a list, whose name ends in `[]`, not `1`");
    let nested = "`a`: expected nested parameters, whose names are like `a[b]`, not `1`";
    assert_eq!(refused::<BTreeMap<String, u8>>("1"), nested);
    let list = read::<BTreeMap<String, String>>(&[("a[]", "1")]).unwrap_err().to_string();
    assert_eq!(list, "`a`: expected a text, not a list");
    let nested = read::<BTreeMap<String, u8>>(&[("a[b]", "1")]).unwrap_err().to_string();
    assert_eq!(nested, "`a`: expected a whole number, not nested parameters");
    let long = refused::<u8>(&"9".repeat(1000));
    assert!(long.len() < 200, "{long}");
}

/// What serde's derive would write for a struct with the fields `title` and `pages`, of which no other is allowed.
#[derive(Debug, PartialEq)]
struct Book {
    title: String,
    pages: Option<u16>,
}

impl<'de> Deserialize<'de> for Book {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Book;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("struct Book")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Book, A::Error> {
                let (mut title, mut pages) = (None, None);
                while let Some(name) = map.next_key::<String>()? {
                    match &*name {
                        "title" => title = Some(map.next_value()?),
                        "pages" => pages = map.next_value()?,
                        other => return Err(de::Error::unknown_field(other, &["title", "pages"])),
                    }
                }
                Ok(Book { title: title.ok_or_else(|| de::Error::missing_field("title"))?, pages })
            }
        }
        deserializer.deserialize_struct("Book", &["title", "pages"], Fields)
    }
}

#[test]
fn a_field_that_is_missing_or_unknown_is_named_with_its_path() {
    let book = Book { title: "Dune".into(), pages: Some(412) };
    let books = || [("b[title]", "Dune"), ("b[pages]", "412")];
    assert_eq!(read::<BTreeMap<String, Book>>(&books()).unwrap()["b"], book);

    let missing = read::<BTreeMap<String, Book>>(&[("b[pages]", "412")]).unwrap_err();
    assert_eq!((missing.path().bracketed(), missing.fault()), ("b[title]".into(), &Fault::Missing));
    let mut pairs = books().to_vec();
    pairs.push(("b[titel]", "x"));
    let unknown = read::<BTreeMap<String, Book>>(&pairs).unwrap_err();
    assert_eq!(unknown.to_string(), "`b[titel]`: is not known here; did you mean `title`?");
}

#[derive(Debug, PartialEq)]
enum Shape {
    Dot,
    Circle(u8),
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Variants;
        impl<'de> Visitor<'de> for Variants {
            type Value = Shape;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("enum Shape")
            }
            fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Shape, A::Error> {
                let (name, variant) = access.variant::<String>()?;
                match &*name {
                    "dot" => variant.unit_variant().map(|()| Shape::Dot),
                    _ => variant.newtype_variant().map(Shape::Circle),
                }
            }
        }
        deserializer.deserialize_enum("Shape", &["dot", "circle"], Variants)
    }
}

#[test]
fn a_variant_is_named_by_a_text_or_holds_what_is_nested() {
    let shape = |pairs: &[(&str, &str)]| {
        read::<BTreeMap<String, Shape>>(pairs)
            .map_err(|error| error.to_string())
            .map(|mut all| all.remove("s"))
    };
    assert_eq!(shape(&[("s", "dot")]), Ok(Some(Shape::Dot)));
    assert_eq!(shape(&[("s[circle]", "7")]), Ok(Some(Shape::Circle(7))));
    assert_eq!(shape(&[("s[dot]", "")]), Ok(Some(Shape::Dot)));
    assert_eq!(shape(&[("s[circle]", "x")]), Err("`s[circle]`: expected a whole number, not `x`".into()));
    assert_eq!(shape(&[("s", "square")]), Err("`s`: expected one of dot, circle, not `square`".into()));
    assert_eq!(
        shape(&[("s[dot]", ""), ("s[circle]", "1")]),
        Err("`s`: expected one of dot, circle, not nested parameters".into())
    );
}

#[test]
fn params_stay_as_they_are() {
    let pairs = [("a[b]", "1"), ("c[]", "2")];
    let params: Params = read(&pairs).unwrap();
    assert_eq!(params.to_pairs().len(), 2);
    let empty: Params =
        Params::deserialize(MapDeserializer::<_, TypeError>::new(std::iter::empty::<(String, String)>()))
            .unwrap();
    assert!(empty.is_empty());
}
