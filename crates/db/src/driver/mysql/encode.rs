//! Values on their way to the server.
//!
//! Numbers, bytes and UUIDs go in binary. Texts, decimals, JSON and times go as text: the server reads them as
//! what the column is, and where there is no column (`CASE`, `coalesce`) they come back as the text they were.

use chrono::{Datelike, NaiveDate};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::mysql::{MySqlArguments, MySqlTypeInfo};
use sqlx::{Arguments as _, Encode, MySql, Type};

use super::connection::Failure;
use crate::value::time;
use crate::{Error, ErrorKind, Result, Value};

/// What can not be sent, found before anything is.
pub(super) fn check(params: &[Value], sql: &str) -> Result<()> {
    if params.len() > usize::from(u16::MAX) {
        return Err(Error::new(
            ErrorKind::Value,
            format!(
                "the statement has {} values, and MySQL takes at most 65535; send several statements",
                params.len()
            ),
        ));
    }
    for (at, value) in params.iter().enumerate() {
        if let Some(problem) = problem(value) {
            return Err(Error::new(
                ErrorKind::Value,
                format!("value {} of the statement {problem}: `{sql}`", at + 1),
            ));
        }
    }
    Ok(())
}

fn problem(value: &Value) -> Option<&'static str> {
    match value {
        Value::Float(number) if number.is_nan() => Some("is NaN, which not every database can hold"),
        Value::Float(number) if number.is_infinite() => Some("is infinite, which MySQL can not hold"),
        Value::Text(text) | Value::Decimal(text) | Value::Json(text) if text.as_bytes().contains(&0) => {
            Some("is a text with a NUL character")
        }
        Value::DateTime(moment) => past_the_end(moment.date_naive()),
        Value::NaiveDateTime(moment) => past_the_end(moment.date()),
        Value::Date(day) => past_the_end(*day),
        Value::List(_) => Some("is a list, and MySQL has none; give its values one by one"),
        _ => None,
    }
}

fn past_the_end(date: NaiveDate) -> Option<&'static str> {
    (!(0..=9999).contains(&date.year()) || date.year() == 0)
        .then_some("has a year that MySQL does not know: it counts from 1 to 9999")
}

/// The values as the library takes them.
pub(super) fn arguments(params: &[Value]) -> Result<MySqlArguments, Failure> {
    let mut arguments = MySqlArguments::default();
    arguments.reserve(params.len(), params.len() * 8);
    for value in params {
        arguments.add(Bound(value)).map_err(|error| Failure::Server(sqlx::Error::Encode(error)))?;
    }
    Ok(arguments)
}

/// A value that is bound to a placeholder.
struct Bound<'a>(&'a Value);

impl Type<MySql> for Bound<'_> {
    fn type_info() -> MySqlTypeInfo {
        <str as Type<MySql>>::type_info()
    }
}

impl Encode<'_, MySql> for Bound<'_> {
    fn encode_by_ref(&self, out: &mut Vec<u8>) -> Result<IsNull, BoxDynError> {
        let text = match self.0 {
            Value::Null | Value::List(_) => return Ok(IsNull::Yes),
            Value::Bool(value) => return Encode::<MySql>::encode(i64::from(*value), out),
            Value::Int(number) => return Encode::<MySql>::encode(*number, out),
            Value::Float(number) => return Encode::<MySql>::encode(*number, out),
            Value::Blob(bytes) => return Encode::<MySql>::encode(&**bytes, out),
            Value::Uuid(bytes) => return Encode::<MySql>::encode(&bytes[..], out),
            Value::Text(text) | Value::Decimal(text) | Value::Json(text) => {
                return Encode::<MySql>::encode(&**text, out);
            }
            Value::DateTime(moment) => time::naive(moment.naive_utc()).replace('T', " "),
            Value::NaiveDateTime(moment) => time::naive(*moment).replace('T', " "),
            Value::Date(day) => time::date(*day),
            Value::Time(clock) => time::time(*clock),
        };
        Encode::<MySql>::encode(text.as_str(), out)
    }

    fn produces(&self) -> Option<MySqlTypeInfo> {
        Some(match self.0 {
            Value::Bool(_) | Value::Int(_) => <i64 as Type<MySql>>::type_info(),
            Value::Float(_) => <f64 as Type<MySql>>::type_info(),
            Value::Blob(_) | Value::Uuid(_) => <[u8] as Type<MySql>>::type_info(),
            _ => <str as Type<MySql>>::type_info(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_can_not_hold_is_refused_before_it_is_sent() {
        let refused = |value: Value| check(&[Value::Int(1), value], "SELECT ?, ?").unwrap_err().to_string();
        assert!(refused(Value::Text("a\0".into())).contains("value 2 of the statement is a text with a NUL"));
        assert!(refused(Value::Float(f64::NAN)).contains("NaN"));
        assert!(refused(Value::Float(f64::INFINITY)).contains("infinite"));
        assert!(refused(Value::List(vec![])).contains("list"));
        let year = |year| Value::Date(NaiveDate::from_ymd_opt(year, 1, 1).unwrap());
        assert!(refused(year(0)).contains("from 1 to 9999") && refused(year(10_000)).contains("9999"));
        assert!(check(&[year(9999)], "").is_ok());
        assert!(check(&vec![Value::Null; 65_536], "").unwrap_err().to_string().contains("65535"));
    }
}
