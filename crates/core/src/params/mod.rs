//! [`Params`]: names and values as a form, a query string or a JSON body carries them.

mod typed;

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};

pub use typed::{TypeError, from_text};

/// How deep `a[b][c]...` or JSON may nest.
pub const MAX_DEPTH: usize = 32;

/// A value from outside, not cast to any type yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// JSON's `null`.
    Null,
    /// JSON's `true` or `false`.
    Bool(bool),
    /// A whole JSON number.
    Int(i64),
    /// Any other JSON number.
    Float(f64),
    /// A text; every value of a form.
    Text(String),
    /// `a[]=1&a[]=2`, or a JSON array.
    List(Vec<Param>),
    /// `a[b]=1`, or a JSON object.
    Map(Params),
}

impl Param {
    /// The text, if this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Names and values from outside, in their order; a later value of a name replaces the earlier one.
///
/// Forms and query strings nest as in Phoenix and Rails:
///
/// ```
/// use zzz_core::{Param, Params};
/// let pairs = [("post[title]", "Hi"), ("tags[]", "a"), ("tags[]", "b"), ("q", "1"), ("q", "2")];
/// let params = Params::from_pairs(pairs.map(|(name, value)| (name.into(), value.into()))).unwrap();
/// assert_eq!(params.text("q"), Some("2"));
/// let Some(Param::Map(post)) = params.get("post") else { panic!() };
/// assert_eq!(post.text("title"), Some("Hi"));
/// assert_eq!(params.get("tags"), Some(&Param::List(vec![Param::Text("a".into()), Param::Text("b".into())])));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Params {
    entries: Vec<(String, Param)>,
}

/// Why pairs are no [`Params`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NestingError {
    name: String,
}

impl fmt::Display for NestingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.name.chars().take(60).collect();
        write!(f, "the parameter `{shown}` nests more than {MAX_DEPTH} levels deep")
    }
}

impl std::error::Error for NestingError {}

impl Params {
    /// No parameters.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nests decoded pairs: `a[b]=1` is a map, `a[]=1` a list; of conflicting values the last wins.
    ///
    /// # Errors
    /// If a name nests deeper than [`MAX_DEPTH`].
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
    ) -> Result<Self, NestingError> {
        let mut params = Self::new();
        for (name, value) in pairs {
            let (first, rest) = split_name(&name);
            let steps: Vec<&str> = rest.map(|rest| rest.split("][").collect()).unwrap_or_default();
            if steps.len() > MAX_DEPTH {
                return Err(NestingError { name: name.into_owned() });
            }
            params.put(first, &steps, value.into_owned());
        }
        Ok(params)
    }

    fn put(&mut self, name: &str, steps: &[&str], value: String) {
        let Some((step, rest)) = steps.split_first() else {
            self.insert(name, Param::Text(value));
            return;
        };
        let slot = self.slot(name);
        if step.is_empty() {
            if !matches!(slot, Param::List(_)) {
                *slot = Param::List(Vec::new());
            }
            let Param::List(list) = slot else { return };
            let Some((next, rest)) = rest.split_first() else {
                list.push(Param::Text(value));
                return;
            };
            let mut map = Self::new();
            map.put(next, rest, value);
            list.push(Param::Map(map));
        } else {
            if !matches!(slot, Param::Map(_)) {
                *slot = Param::Map(Self::new());
            }
            let Param::Map(map) = slot else { return };
            map.put(step, rest, value);
        }
    }

    fn slot(&mut self, name: &str) -> &mut Param {
        let at = self.entries.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.entries.push((name.to_owned(), Param::Null));
            self.entries.len() - 1
        });
        &mut self.entries[at].1
    }

    /// Sets a value, in the place of an earlier one of that name.
    pub fn insert(&mut self, name: impl AsRef<str>, value: Param) {
        *self.slot(name.as_ref()) = value;
    }

    /// The value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Param> {
        self.entries.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The text of this name; `None` also if the value is not a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Param::as_text)
    }

    /// Every name with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Param)> {
        self.entries.iter().map(|(name, value)| (&**name, value))
    }

    /// Whether there is no parameter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// `a[b][c]` is `a` and `b][c`; a name whose brackets do not fit is taken as it stands.
fn split_name(name: &str) -> (&str, Option<&str>) {
    match name.split_once('[') {
        Some((first, rest)) if !first.is_empty() => match rest.strip_suffix(']') {
            Some(rest) => (first, Some(rest)),
            None => (name, None),
        },
        _ => (name, None),
    }
}

impl serde::Serialize for Param {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(values) => serializer.collect_seq(values),
            Self::Map(map) => map.serialize(serializer),
        }
    }
}

impl serde::Serialize for Params {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.entries.len()))?;
        for (name, value) in &self.entries {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

struct ParamVisitor;

impl<'de> Visitor<'de> for ParamVisitor {
    type Value = Param;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Param, E> {
        Ok(Param::Null)
    }
    fn visit_none<E>(self) -> Result<Param, E> {
        Ok(Param::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Param, E> {
        Ok(Param::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Param, E> {
        Ok(Param::Int(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Param, E> {
        Ok(i64::try_from(value).map_or(Param::Float(value as f64), Param::Int))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Param, E> {
        Ok(Param::Float(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Param, E> {
        Ok(Param::Text(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Param, E> {
        Ok(Param::Text(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Param, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(Param::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Param, A::Error> {
        ParamsVisitor.visit_map(map).map(Param::Map)
    }
}

struct ParamsVisitor;

impl<'de> Visitor<'de> for ParamsVisitor {
    type Value = Params;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Params, A::Error> {
        let mut entries: Vec<(String, Param)> = Vec::new();
        let mut at = std::collections::HashMap::new();
        while let Some((name, value)) = map.next_entry::<String, Param>()? {
            // An object of a hundred thousand members must not cost a scan for each.
            match at.get(&name) {
                Some(&known) => {
                    let entry: &mut (String, Param) = &mut entries[known];
                    entry.1 = value;
                }
                None => {
                    at.insert(name.clone(), entries.len());
                    entries.push((name, value));
                }
            }
        }
        Ok(Params { entries })
    }
}

impl<'de> de::Deserialize<'de> for Param {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ParamVisitor)
    }
}

impl<'de> de::Deserialize<'de> for Params {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ParamsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params::from_pairs(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into()))).unwrap()
    }

    fn text(text: &str) -> Param {
        Param::Text(text.into())
    }

    #[test]
    fn nests_maps_and_lists_and_lets_the_last_win() {
        let nested =
            params(&[("a[b][c]", "1"), ("a[b][d]", "2"), ("l[]", "x"), ("l[]", "y"), ("m[][n]", "z")]);
        let Some(Param::Map(a)) = nested.get("a") else { panic!("{nested:?}") };
        assert_eq!(a.get("b"), Some(&Param::Map(params(&[("c", "1"), ("d", "2")]))));
        assert_eq!(nested.get("l"), Some(&Param::List(vec![text("x"), text("y")])));
        assert_eq!(nested.get("m"), Some(&Param::List(vec![Param::Map(params(&[("n", "z")]))])));
        assert_eq!(params(&[("a", "1"), ("a[b]", "2")]).get("a"), Some(&Param::Map(params(&[("b", "2")]))));
        assert_eq!(params(&[("a[b]", "1"), ("a", "2")]).text("a"), Some("2"));
    }

    #[test]
    fn odd_brackets_are_part_of_the_name() {
        for name in ["[a]", "a[", "a]", "a[b", "["] {
            assert_eq!(params(&[(name, "1")]).text(name), Some("1"), "{name}");
        }
    }

    #[test]
    fn refuses_a_bottomless_name() {
        let name = format!("a{}", "[x]".repeat(MAX_DEPTH + 1));
        let error = Params::from_pairs([(Cow::from(name), Cow::from("1"))]).unwrap_err();
        assert!(error.to_string().contains("32 levels"), "{error}");
    }
}
