//! [`Json`]: a value that is kept as a JSON document.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zzz_core::{Param, Params};

use super::{CastError, FieldType, Mismatch, Value, ValueRef};

/// A field that is kept as JSON: `jsonb` on PostgreSQL, `JSON` on MySQL, text on SQLite.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use zzz_db::{Json, Schema};
///
/// #[derive(Serialize, Deserialize, Default, Clone)]
/// struct Settings {
///     theme: String,
/// }
///
/// #[derive(Schema, Default)]
/// #[schema(table = "users")]
/// struct User {
///     id: i64,
///     settings: Json<Settings>,
/// }
///
/// let user = User { settings: Json(Settings { theme: "dark".into() }), ..User::default() };
/// assert_eq!(user.settings.theme, "dark");
/// ```
///
/// A JSON document gives it as it is; a form as a text of JSON, or with names that nest: `tags[]=a&tags[]=b` is a
/// `Json<Vec<String>>`, `settings[theme]=dark` the one above. A NUL character anywhere in it is refused, because
/// PostgreSQL can not store it. A value that can not be written as JSON (a map with keys that are
/// no texts, a number that is not finite) becomes `null`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Json<T>(pub T);

impl<T> std::ops::Deref for Json<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> std::ops::DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Serialize> Json<T> {
    pub(crate) fn dump_json(&self) -> Value {
        Value::Json(serde_json::to_string(&self.0).unwrap_or_else(|_| "null".into()))
    }
}

impl<T: Serialize> Serialize for Json<T> {
    /// As what is in it.
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Json<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Json)
    }
}

fn from_json<T: DeserializeOwned>(param: &Param) -> Option<T> {
    serde_json::to_value(param).and_then(serde_json::from_value).ok()
}

/// Every value of a form is a text, also that of a number.
fn from_form<T: DeserializeOwned>(param: &Param) -> Option<T> {
    let mut params = Params::new();
    params.insert(WRAPPED, param.clone());
    let mut map = zzz_core::params::from_text::<HashMap<String, T>>(params).ok()?;
    map.remove(WRAPPED)
}

/// A name around what is read on its own.
const WRAPPED: &str = "value";

/// Whether a document has the escape of a NUL in it, which is no escaped backslash before `u0000`.
fn has_nul(json: &str) -> bool {
    json.match_indices("\\u0000").any(|(at, _)| {
        let before = json.as_bytes()[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        before % 2 == 0
    })
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> FieldType for Json<T> {
    const EXPECTS: &'static str = "a JSON document of the field's shape";
    type NotNull = Self;
    fn load(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Json(text) | ValueRef::Text(text) => serde_json::from_str(text).ok().map(Json),
            _ => None,
        }
        .ok_or_else(|| Mismatch::new(Self::EXPECTS, value))
    }
    fn dump(&self) -> Value {
        self.dump_json()
    }
    fn cast(param: &Param) -> Result<Self, CastError> {
        let value = match param {
            // A text is JSON, or else a text.
            Param::Text(text) => match serde_json::from_str(text) {
                Ok(value) => Some(value),
                Err(_) => from_json(param),
            },
            Param::List(_) | Param::Map(_) => from_json(param).or_else(|| from_form(param)),
            _ => from_json(param),
        };
        let value = Self(value.ok_or(CastError)?);
        match value.dump_json() {
            Value::Json(text) if !has_nul(&text) => Ok(value),
            _ => Err(CastError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_maps_come_from_json_and_from_forms() {
        let texts =
            |items: &[&str]| Param::List(items.iter().map(|item| Param::Text((*item).into())).collect());
        assert_eq!(
            Json::<Vec<String>>::cast(&texts(&["a", "b"])).map(|json| json.0),
            Ok(vec!["a".into(), "b".into()])
        );
        assert_eq!(Json::<Vec<i64>>::cast(&texts(&["1", "-2"])).map(|json| json.0), Ok(vec![1, -2]));
        assert_eq!(Json::<Vec<i64>>::cast(&Param::List(vec![Param::Int(1)])).map(|json| json.0), Ok(vec![1]));
        assert_eq!(Json::<Vec<i64>>::cast(&texts(&["1", "x"])), Err(CastError));
        assert_eq!(Json::<Vec<i64>>::cast(&Param::Text("[1, 2]".into())).map(|json| json.0), Ok(vec![1, 2]));
        assert_eq!(Json::<String>::cast(&Param::Text("plain".into())).map(|json| json.0), Ok("plain".into()));
        assert_eq!(Json::<i64>::cast(&Param::Text("{".into())), Err(CastError));
    }

    #[test]
    fn a_nul_is_refused_wherever_it_hides() {
        let cast = |text: &str| Json::<serde_json::Value>::cast(&Param::Text(text.into()));
        assert!(cast(r#"{"a": ["\\u0000"]}"#).is_ok(), "an escaped backslash");
        assert_eq!(cast(r#"{"a": ["x\u0000"]}"#), Err(CastError));
        assert_eq!(cast(r#"{"a": ["\\\u0000"]}"#), Err(CastError));
        assert_eq!(Json::<Vec<String>>::cast(&Param::List(vec![Param::Text("a\0".into())])), Err(CastError));
    }
}
