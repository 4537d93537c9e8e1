//! Reading a form into a type, without the fields that are the framework's own.

use serde::de::{DeserializeOwned, Deserializer, Visitor};

use super::typed::Text;
use super::{Param, Params, TypeError};

/// The fields of a form that are for the framework, and not for the handler: the method that the form stands for, and
/// the token against forged requests.
pub const OWN_FIELDS: [&str; 2] = ["_method", "_csrf_token"];

/// As [`from_text`](super::from_text), for a form: [`OWN_FIELDS`] are left out, so that a type that refuses unknown
/// fields can be read, and a map holds what somebody has typed. A struct that has a field of such a name gets it.
///
/// # Errors
/// As [`from_text`](super::from_text).
pub fn from_form<T: DeserializeOwned>(fields: Params) -> Result<T, TypeError> {
    TypeError::turned(T::deserialize(Form(fields)))
}

/// All of a form.
struct Form(Params);

impl Form {
    /// The form without its own fields, save those of `known`.
    fn without_own(mut self, known: &[&str]) -> Text {
        let is_kept = |name: &str| !OWN_FIELDS.contains(&name) || known.contains(&name);
        if self.0.iter().any(|(name, _)| !is_kept(name)) {
            self.0.index = None;
            self.0.entries.retain(|(name, _)| is_kept(name));
        }
        Text(Param::Map(self.0))
    }
}

macro_rules! without_own {
    ($($deserialize:ident($($argument:ident: $type:ty),*))*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, TypeError> {
            self.without_own(&[]).$deserialize($($argument,)* visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Form {
    type Error = TypeError;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        self.without_own(fields).deserialize_struct(name, fields, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        visitor.visit_some(self)
    }

    without_own! {
        deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64()
        deserialize_i128() deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str() deserialize_string()
        deserialize_bytes() deserialize_byte_buf() deserialize_unit() deserialize_unit_struct(name: &'static str)
        deserialize_seq() deserialize_tuple(length: usize)
        deserialize_tuple_struct(name: &'static str, length: usize) deserialize_map()
        deserialize_enum(name: &'static str, variants: &'static [&'static str]) deserialize_identifier()
        deserialize_ignored_any()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    fn read<T: DeserializeOwned>(pairs: &[(&str, &str)]) -> Result<T, String> {
        let own = [("_csrf_token", "c2VjcmV0"), ("_method", "patch")];
        let pairs = own.iter().chain(pairs).map(|(name, value)| ((*name).into(), (*value).into()));
        from_form(Params::from_pairs(pairs).unwrap()).map_err(|error| error.to_string())
    }

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        title: String,
    }

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(transparent)]
    struct Wrapped(Strict);

    #[test]
    fn the_frameworks_own_fields_are_not_seen() {
        let strict = || Strict { title: "Hi".into() };
        let hi = &[("title", "Hi")];
        assert_eq!(read(hi), Ok(strict()));
        assert_eq!(read(hi), Ok(Some(strict())));
        assert_eq!(read(hi), Ok(Wrapped(strict())));
        assert_eq!(read(&[("7", "1")]), Ok(BTreeMap::from([(7_u8, 1_u8)])));
        let params: Params = read(hi).unwrap();
        assert_eq!((params.len(), params.text("title")), (1, Some("Hi")));
        #[derive(Deserialize, Debug, PartialEq)]
        enum Shape {
            #[serde(rename = "circle")]
            Circle(u8),
        }
        assert_eq!(read(&[("circle", "7")]), Ok(Shape::Circle(7)));
        #[derive(Deserialize, Debug, PartialEq)]
        struct Flat {
            title: String,
            #[serde(flatten)]
            more: BTreeMap<String, String>,
        }
        let more = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        assert_eq!(read(&[("title", "Hi"), ("a", "b")]), Ok(Flat { title: "Hi".into(), more }));
    }

    #[test]
    fn a_struct_that_names_them_gets_them() {
        #[derive(Deserialize, Debug, PartialEq)]
        #[serde(deny_unknown_fields)]
        struct Asks {
            _method: String,
            title: String,
        }
        assert_eq!(read(&[("title", "Hi")]), Ok(Asks { _method: "patch".into(), title: "Hi".into() }));
    }

    #[test]
    fn other_fields_are_what_they_were() {
        for name in ["_other", "_Method", "post[_method]"] {
            let error = read::<Strict>(&[("title", "Hi"), (name, "1")]).unwrap_err();
            let first = name.split('[').next().unwrap();
            assert!(error.starts_with(&format!("`{first}`: ")), "{error}");
        }
        let many: Vec<_> = (0..100).map(|number| number.to_string()).collect();
        let pairs: Vec<_> = many.iter().map(|name| (name.as_str(), "x")).collect();
        assert_eq!(read::<BTreeMap<u8, String>>(&pairs).unwrap().len(), 100);
        assert_eq!(read::<u8>(&[]), Err("expected a whole number, not nested parameters".into()));
    }
}
