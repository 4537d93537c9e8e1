//! Lists as fields: arrays on PostgreSQL, JSON elsewhere.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use zzz_core::Param;

use super::{CastError, FieldType, Mismatch, Value, ValueRef};

/// Types of which a field can be a list: `Vec<String>`, `Vec<Option<i64>>`, what Ecto calls `{:array, :string}`.
///
/// On PostgreSQL such a field is an array (`text[]`), of one dimension; on SQLite and MySQL it is kept as JSON, in a column
/// of type `TEXT` or `JSON`, which needs this crate's feature `json`. `u8` is none, for `Vec<u8>` is bytes. A type
/// of your own that implements [`FieldType`] implements this too, with nothing in it; `#[derive(DbEnum)]` does.
#[diagnostic::on_unimplemented(
    message = "a field can not be a list of `{Self}`",
    label = "not the type of a list's values",
    note = "use a number other than u8, bool, String, a chrono type, an Option of one, or implement `zzz_db::value::Element`; anything else can be a `Json<Vec<...>>`"
)]
pub trait Element: FieldType {}

macro_rules! elements {
    ($($type:ty),*) => {$(impl Element for $type {})*};
}
elements!(i16, i32, i64, u16, u32, f32, f64, bool, String);
elements!(DateTime<Utc>, NaiveDateTime, NaiveDate, NaiveTime);
#[cfg(feature = "uuid")]
elements!(uuid::Uuid);
#[cfg(feature = "decimal")]
elements!(rust_decimal::Decimal);
impl<T: Element> Element for Option<T> {}

impl<T: Element> FieldType for Vec<T> {
    const EXPECTS: &'static str = "a list";
    type NotNull = Self;
    fn load(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let load = |values: &[Value]| values.iter().map(|value| T::load(value.as_ref())).collect();
        match value {
            ValueRef::List(values) => load(values),
            #[cfg(feature = "json")]
            ValueRef::Json(text) | ValueRef::Text(text) => {
                load(&from_json(text).ok_or_else(|| Mismatch::new(Self::EXPECTS, value))?)
            }
            _ => Err(Mismatch::new(Self::EXPECTS, value)),
        }
    }
    fn dump(&self) -> Value {
        Value::List(self.iter().map(T::dump).collect())
    }
    /// A form with several fields of one name, or JSON. Empty texts are left out, as Ecto does: a form sends one for a
    /// choice of which nothing is chosen.
    fn cast(param: &Param) -> Result<Self, CastError> {
        let Param::List(items) = param else { return Err(CastError) };
        let is_empty = |item: &&Param| matches!(item, Param::Text(text) if text.is_empty());
        items.iter().filter(|item| !is_empty(item)).map(T::cast).collect()
    }
    fn blank() -> Option<Self> {
        Some(Self::new())
    }
}

/// The JSON of a list, where the database has no arrays. `None` if this crate is compiled without JSON.
pub(crate) fn to_json(values: &[Value]) -> Option<Value> {
    #[cfg(feature = "json")]
    {
        let values: Vec<serde_json::Value> = values.iter().map(json_of).collect();
        Some(Value::Json(serde_json::Value::from(values).to_string()))
    }
    #[cfg(not(feature = "json"))]
    {
        let _ = values;
        None
    }
}

/// The JSON of one value of a list.
pub(crate) fn element_to_json(value: &Value) -> Option<Value> {
    #[cfg(feature = "json")]
    {
        Some(Value::Json(json_of(value).to_string()))
    }
    #[cfg(not(feature = "json"))]
    {
        let _ = value;
        None
    }
}

/// A value as it is found again in JSON: what JSON does not have is a text.
pub(crate) fn in_json(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_) => value.clone(),
        other => Value::Text(other.to_text()),
    }
}

#[cfg(feature = "json")]
fn json_of(value: &Value) -> serde_json::Value {
    match in_json(value) {
        Value::Bool(value) => value.into(),
        Value::Int(number) => number.into(),
        Value::Float(number) => number.into(),
        Value::Text(text) => text.into(),
        _ => serde_json::Value::Null,
    }
}

#[cfg(feature = "json")]
fn from_json(text: &str) -> Option<Vec<Value>> {
    let values: Vec<serde_json::Value> = serde_json::from_str(text).ok()?;
    let value = |value| {
        Some(match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(value),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(number) => Value::Int(number),
                None => Value::Float(number.as_f64()?),
            },
            serde_json::Value::String(text) => Value::Text(text),
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => return None,
        })
    };
    values.into_iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Param {
        Param::List(texts.iter().map(|text| Param::Text((*text).into())).collect())
    }

    #[test]
    fn a_list_is_cast_value_by_value_without_the_empty_ones() {
        assert_eq!(Vec::<i64>::cast(&texts(&["", "1", "-2"])), Ok(vec![1, -2]));
        assert_eq!(Vec::<String>::cast(&texts(&[""])), Ok(vec![]));
        assert_eq!(Vec::<i64>::cast(&texts(&["1", "x"])), Err(CastError));
        assert_eq!(Vec::<i64>::cast(&Param::Text("1".into())), Err(CastError));
        assert_eq!(Vec::<i64>::blank(), Some(vec![]));
    }

    #[test]
    #[cfg(feature = "json")]
    fn what_is_kept_as_json_comes_back() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let json = |list: Value| match list {
            Value::List(values) => to_json(&values).unwrap(),
            other => other,
        };
        let days = json(vec![Some(day), None].dump());
        assert_eq!(days, Value::Json(r#"["2026-11-21",null]"#.into()));
        assert_eq!(Vec::<Option<NaiveDate>>::load(days.as_ref()), Ok(vec![Some(day), None]));
        let numbers = json(vec![1.5, 2.0].dump());
        assert_eq!(Vec::<f64>::load(numbers.as_ref()), Ok(vec![1.5, 2.0]));
        assert!(Vec::<String>::load(ValueRef::Json(r#"[["a"]]"#)).is_err());
        assert!(Vec::<String>::load(ValueRef::Json("[null]")).is_err());
    }
}
