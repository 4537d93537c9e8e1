//! Reading [`Params`] of texts, as forms and query strings are, into a type of serde.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::{Param, Params};
use crate::rejection::shown;
use crate::{Fault, FieldPath, Place, Rejection};

/// Reads parameters whose values are texts, as forms send them:
///
/// | into | a text that fits |
/// |---|---|
/// | a number | `7`, `-7`, `1.5`, with spaces around it; no `inf` and no `nan` |
/// | `bool` | `true`, `on`, `1`; `false`, `off`, `0`. A checkbox that is not ticked sends nothing: `#[serde(default)]` |
/// | `Option` | an empty text is `None`, as a field that was left empty; anything else as the type within |
/// | a list | `ids[]=1&ids[]=2`; an empty text is an empty list |
/// | an enum | the name of a variant without fields; `kind[circle]=7` is the variant `circle` with 7 |
/// | `()` | an empty text |
///
/// Where serde reads a value before it knows what it is for (`#[serde(flatten)]`, `#[serde(untagged)]` and
/// `#[serde(tag = ...)]`), it stays a text: only `String`s fit there.
///
/// # Errors
/// If a value does not fit, with the path of its name (`post[tags][0]`).
pub fn from_text<T: DeserializeOwned>(params: Params) -> Result<T, TypeError> {
    TypeError::turned(T::deserialize(Text(Param::Map(params))))
}

/// Why parameters do not fit a type: the parameter and what was wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeError {
    /// From the value outwards, until [`from_text`] turns it round.
    path: FieldPath,
    fault: Fault,
}

impl TypeError {
    fn of(fault: Fault) -> Self {
        Self { path: FieldPath::root(), fault }
    }

    /// What was read, or an error whose path begins at the root.
    pub(super) fn turned<T>(read: Result<T, Self>) -> Result<T, Self> {
        read.map_err(|error| Self { path: error.path.reversed(), ..error })
    }

    /// The parameter; the root if it is not about one.
    #[must_use]
    pub fn path(&self) -> &FieldPath {
        &self.path
    }

    /// What is wrong with it.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// The error as an answer to a client who sent the parameters in `place`.
    #[must_use]
    pub fn into_rejection(self, place: Place) -> Rejection {
        Rejection::of(place, self.path, self.fault)
    }
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.bracketed() {
            name if name.is_empty() => self.fault.fmt(f),
            name => write!(f, "`{}`: {}", shown(&name), self.fault),
        }
    }
}

impl std::error::Error for TypeError {}

impl de::Error for TypeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::of(Fault::Other(message.to_string()))
    }

    fn missing_field(field: &'static str) -> Self {
        Self { path: field.into(), fault: Fault::Missing }
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        let nearest = crate::text::nearest(field, known.iter().copied()).map(str::to_owned);
        Self { path: field.into(), fault: Fault::Unknown { nearest } }
    }
}

/// A [`Param`] as a deserializer that turns texts into what is asked for.
pub(super) struct Text(pub(super) Param);

impl Text {
    /// What is here, for messages.
    fn shown(&self) -> String {
        match &self.0 {
            Param::Text(text) => format!("`{}`", shown(text)),
            Param::List(_) => "a list".into(),
            Param::Map(_) => "nested parameters".into(),
            Param::Null => "nothing".into(),
            Param::Bool(value) => value.to_string(),
            Param::Int(value) => value.to_string(),
            Param::Float(value) => value.to_string(),
        }
    }

    #[cold]
    fn unexpected(&self, expected: impl Into<std::borrow::Cow<'static, str>>) -> TypeError {
        TypeError::of(Fault::Unexpected { expected: expected.into(), given: self.shown() })
    }

    fn is_empty_text(&self) -> bool {
        self.0.as_text().is_some_and(str::is_empty)
    }
}

macro_rules! whole_numbers {
    ($($deserialize:ident $visit:ident $type:ident),* $(,)?) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
            let Some(text) = self.0.as_text().map(str::trim) else {
                return match self.0 {
                    Param::List(_) | Param::Map(_) => Err(self.unexpected("a whole number")),
                    _ => self.deserialize_any(visitor),
                };
            };
            match text.parse::<$type>() {
                Ok(number) => visitor.$visit(number),
                // The bounds help only whoever has typed a number.
                Err(_) if text.parse::<i128>().is_ok() => {
                    Err(self.unexpected(format!("a whole number from {} to {}", $type::MIN, $type::MAX)))
                }
                Err(_) => Err(self.unexpected("a whole number")),
            }
        }
    )*};
}

macro_rules! numbers {
    ($($deserialize:ident $visit:ident $type:ty),* $(,)?) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
            let Some(text) = self.0.as_text().map(str::trim) else {
                return match self.0 {
                    Param::List(_) | Param::Map(_) => Err(self.unexpected("a number")),
                    // A number that is none of this type: `1e39` as an `f32` would be infinite.
                    Param::Float(value) if !(value as $type).is_finite() => Err(self.unexpected("a number")),
                    _ => self.deserialize_any(visitor),
                };
            };
            // `parse` takes `inf` and `nan` too, and makes infinity of 1e400.
            match text.parse::<$type>() {
                Ok(number) if number.is_finite() => visitor.$visit(number),
                _ => Err(self.unexpected("a number")),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Text {
    type Error = TypeError;

    whole_numbers! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128,
    }

    numbers! {
        deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
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
        match self.0.as_text().map(str::trim) {
            Some("true" | "on" | "1") => visitor.visit_bool(true),
            Some("false" | "off" | "0") => visitor.visit_bool(false),
            None if matches!(self.0, Param::Bool(_)) => self.deserialize_any(visitor),
            _ => Err(self.unexpected("true or false")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match self.0 {
            Param::List(_) | Param::Map(_) => Err(self.unexpected("a text")),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        let mut characters = self.0.as_text().unwrap_or_default().chars();
        match (characters.next(), characters.next()) {
            (Some(only), None) => visitor.visit_char(only),
            _ => Err(self.unexpected("one character")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        if matches!(self.0, Param::Null) || self.is_empty_text() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        if matches!(self.0, Param::Null) || self.is_empty_text() {
            visitor.visit_unit()
        } else {
            Err(self.unexpected("nothing"))
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match self.0 {
            // A field that says that nothing is chosen: a list of no items can not be sent otherwise.
            Param::Text(text) if text.is_empty() => {
                visitor.visit_seq(Items { items: Vec::new().into_iter(), at: 0 })
            }
            Param::List(_) => self.deserialize_any(visitor),
            _ => Err(self.unexpected("a list, whose name ends in `[]`")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, TypeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        match self.0 {
            Param::Map(_) => self.deserialize_any(visitor),
            _ => Err(self.unexpected("nested parameters, whose names are like `a[b]`")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        self.deserialize_map(visitor)
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
        let one_of = || format!("one of {}", variants.join(", "));
        match self.0 {
            Param::Text(text) if variants.contains(&text.as_str()) => {
                let text: StrDeserializer<'_, TypeError> = text.as_str().into_deserializer();
                visitor.visit_enum(text)
            }
            Param::Map(map) if map.len() == 1 && variants.contains(&map.entries[0].0.as_str()) => {
                visitor.visit_enum(Entries { entries: map.entries.into_iter(), value: None })
            }
            _ => Err(self.unexpected(one_of())),
        }
    }

    serde::forward_to_deserialize_any! {
        bytes byte_buf unit_struct identifier ignored_any
    }
}

/// Puts the name of the parameter around its error.
fn within<T>(
    result: Result<T, TypeError>,
    around: impl FnOnce(FieldPath) -> FieldPath,
) -> Result<T, TypeError> {
    result.map_err(|error| TypeError { path: around(error.path), ..error })
}

/// The name of a field, or of an entry in a map: a text as well, so that a `HashMap<u32, _>` reads numbers.
struct Name<'a>(&'a str);

impl Name<'_> {
    fn text(&self) -> Text {
        Text(Param::Text(self.0.to_owned()))
    }
}

macro_rules! as_texts {
    ($($deserialize:ident)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
            self.text().$deserialize(visitor)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Name<'_> {
    type Error = TypeError;

    /// What nearly all of them are read as: without a copy.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypeError> {
        visitor.visit_str(self.0)
    }

    as_texts! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_option
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
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        self.text().deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Entries {
    entries: std::vec::IntoIter<(String, Param)>,
    value: Option<(String, Param)>,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = TypeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, TypeError> {
        let Some((name, value)) = self.entries.next() else { return Ok(None) };
        let key = seed.deserialize(Name(&name))?;
        self.value = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, TypeError> {
        let (name, value) = self.value.take().unwrap_or((String::new(), Param::Null));
        within(seed.deserialize(Text(value)), |path| path.field(name))
    }
}

/// `kind[circle]=7`: the variant `circle` with what belongs to it.
impl<'de> EnumAccess<'de> for Entries {
    type Error = TypeError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<(S::Value, Self), TypeError> {
        match self.next_key_seed(seed)? {
            Some(variant) => Ok((variant, self)),
            None => Err(de::Error::custom("no variant is named")),
        }
    }
}

impl<'de> VariantAccess<'de> for Entries {
    type Error = TypeError;

    fn unit_variant(mut self) -> Result<(), TypeError> {
        self.next_value_seed(std::marker::PhantomData)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<S::Value, TypeError> {
        self.next_value_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(mut self, _: usize, visitor: V) -> Result<V::Value, TypeError> {
        let (name, value) = self.value.take().unwrap_or((String::new(), Param::Null));
        within(de::Deserializer::deserialize_seq(Text(value), visitor), |path| path.field(name))
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypeError> {
        let (name, value) = self.value.take().unwrap_or((String::new(), Param::Null));
        within(de::Deserializer::deserialize_map(Text(value), visitor), |path| path.field(name))
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
        within(seed.deserialize(Text(item)), |path| path.item(at)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

#[cfg(test)]
mod tests;
