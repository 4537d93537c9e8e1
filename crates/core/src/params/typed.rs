//! Reading [`Params`] of texts, as forms and query strings are, into a type of serde.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::{Param, Params};

/// Reads parameters whose values are texts: `"7"` fits a number, `"true"` or `"on"` a bool, an empty text an
/// `Option` as `None`.
///
/// # Errors
/// If a value does not fit, with the path of its name (`post[tags][0]`).
pub fn from_text<T: DeserializeOwned>(params: Params) -> Result<T, TypeError> {
    T::deserialize(Text(Param::Map(params)))
}

/// Why parameters do not fit a type: the parameter and what was wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeError {
    path: Vec<String>,
    message: String,
}

impl TypeError {
    /// The parameter as a form would name it: `post[tags][0]`; empty if it is not about one.
    #[must_use]
    pub fn name(&self) -> String {
        let mut steps = self.path.iter().rev();
        let first = steps.next().cloned().unwrap_or_default();
        steps.fold(first, |name, step| format!("{name}[{step}]"))
    }

    /// The error as an answer: `{what} `name` ...`.
    #[cfg(feature = "http")]
    #[track_caller]
    pub(crate) fn into_error(self, status: u16, what: &str) -> crate::Error {
        let name = self.name();
        if name.is_empty() {
            return crate::Error::new(status, format!("The parameters do not fit: {}.", self.message));
        }
        let error = crate::Error::new(status, format!("{what} `{name}` does not fit: {}.", self.message));
        error.with_fields(crate::FieldErrors::one(name, self.message))
    }
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            name if name.is_empty() => f.write_str(&self.message),
            name => write!(f, "`{name}`: {}", self.message),
        }
    }
}

impl std::error::Error for TypeError {}

impl de::Error for TypeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { path: Vec::new(), message: message.to_string() }
    }

    fn missing_field(field: &'static str) -> Self {
        Self { path: vec![field.to_owned()], message: "is missing".into() }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let near = crate::text::nearest(field, expected.iter().copied());
        let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Self { path: vec![field.to_owned()], message: format!("is not known here{hint}") }
    }
}

/// A [`Param`] as a deserializer that turns texts into what is asked for.
struct Text(Param);

impl Text {
    /// Shown in messages; long values are cut.
    fn shown(&self) -> String {
        match &self.0 {
            Param::Text(text) => {
                let cut: String = text.chars().take(40).collect();
                format!("`{cut}`")
            }
            Param::List(_) => "a list".into(),
            Param::Map(_) => "nested parameters".into(),
            Param::Null => "nothing".into(),
            Param::Bool(value) => value.to_string(),
            Param::Int(value) => value.to_string(),
            Param::Float(value) => value.to_string(),
        }
    }

    fn expected(&self, what: &str) -> TypeError {
        de::Error::custom(format!("expected {what}, not {}", self.shown()))
    }

    fn parse<T: std::str::FromStr>(&self, what: &str) -> Result<T, TypeError> {
        self.0.as_text().and_then(|text| text.trim().parse().ok()).ok_or_else(|| self.expected(what))
    }
}

macro_rules! numbers {
    ($($deserialize:ident $visit:ident $type:ty => $what:literal),* $(,)?) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
            match &self.0 {
                Param::Text(_) => visitor.$visit(self.parse::<$type>($what)?),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Text {
    type Error = TypeError;

    numbers! {
        deserialize_i8 visit_i8 i8 => "a whole number",
        deserialize_i16 visit_i16 i16 => "a whole number",
        deserialize_i32 visit_i32 i32 => "a whole number",
        deserialize_i64 visit_i64 i64 => "a whole number",
        deserialize_u8 visit_u8 u8 => "a whole number",
        deserialize_u16 visit_u16 u16 => "a whole number",
        deserialize_u32 visit_u32 u32 => "a whole number",
        deserialize_u64 visit_u64 u64 => "a whole number",
        deserialize_f32 visit_f32 f32 => "a number",
        deserialize_f64 visit_f64 f64 => "a number",
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match self.0 {
            Param::Null => visitor.visit_unit(),
            Param::Bool(value) => visitor.visit_bool(value),
            Param::Int(value) => visitor.visit_i64(value),
            Param::Float(value) => visitor.visit_f64(value),
            Param::Text(text) => visitor.visit_string(text),
            Param::List(list) => visitor.visit_seq(Items { items: list.into_iter(), at: 0 }),
            Param::Map(params) => {
                visitor.visit_map(Entries { entries: params.entries.into_iter(), value: None })
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match self.0.as_text() {
            Some("true" | "on" | "1") => visitor.visit_bool(true),
            Some("false" | "off" | "0") => visitor.visit_bool(false),
            Some(_) => Err(self.expected("true or false")),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match &self.0 {
            Param::Null => visitor.visit_none(),
            Param::Text(text) if text.is_empty() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        match self.0.as_text() {
            Some(text) if variants.contains(&text) => {
                let text: StrDeserializer<'_, TypeError> = text.into_deserializer();
                visitor.visit_enum(text)
            }
            _ => Err(self.expected(&format!("one of {}", variants.join(", ")))),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// Puts the name of the parameter around its error.
fn within<T>(result: Result<T, TypeError>, step: impl FnOnce() -> String) -> Result<T, TypeError> {
    result.map_err(|mut error| {
        error.path.push(step());
        error
    })
}

struct Entries {
    entries: std::vec::IntoIter<(String, Param)>,
    value: Option<(String, Param)>,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = TypeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, TypeError> {
        let Some((name, value)) = self.entries.next() else { return Ok(None) };
        let key = seed.deserialize(IntoDeserializer::<TypeError>::into_deserializer(name.as_str()))?;
        self.value = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, TypeError> {
        let (name, value) = self.value.take().unwrap_or((String::new(), Param::Null));
        within(seed.deserialize(Text(value)), || name)
    }
}

struct Items {
    items: std::vec::IntoIter<Param>,
    at: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = TypeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, TypeError> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let at = self.at;
        self.at += 1;
        within(seed.deserialize(Text(item)), || at.to_string()).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Nested = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

    fn read<T: DeserializeOwned>(pairs: &[(&str, &str)]) -> Result<T, TypeError> {
        from_text(
            Params::from_pairs(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into()))).unwrap(),
        )
    }

    #[test]
    fn texts_become_what_is_asked_for() {
        assert_eq!(read::<BTreeMap<String, u32>>(&[("a", " 7")]).unwrap()["a"], 7);
        assert!(read::<BTreeMap<String, bool>>(&[("a", "on")]).unwrap()["a"]);
        assert_eq!(read::<BTreeMap<String, Option<u8>>>(&[("a", "")]).unwrap()["a"], None);
        assert_eq!(read::<Nested>(&[("a[b][]", "1"), ("a[b][]", "2")]).unwrap()["a"]["b"], [1, 2]);
    }

    #[test]
    fn an_error_names_the_parameter() {
        let error = read::<Nested>(&[("a[b][]", "1"), ("a[b][]", "two")]).unwrap_err();
        assert_eq!(error.to_string(), "`a[b][1]`: expected a whole number, not `two`");
        let error = read::<BTreeMap<String, u8>>(&[("page", "300")]).unwrap_err();
        assert_eq!(error.to_string(), "`page`: expected a whole number, not `300`");
    }
}
