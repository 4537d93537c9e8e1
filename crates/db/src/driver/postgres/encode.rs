//! Values on their way to the server.
//!
//! The server tells the type of each placeholder. Where it is one of the plain types, the value goes as that
//! type in binary; everything else goes as text, which the type's own reader on the server understands: that
//! makes enums, domains, citext, uuid, json, numeric and inet take a text without being known here.

use std::error::Error as StdError;
use std::fmt::{self, Write};

use bytes::{BufMut, BytesMut};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use tokio_postgres::types::{Format, IsNull, Kind, ToSql, Type, to_sql_checked};

use crate::value::time;
use crate::{Error, ErrorKind, Result, Value};

/// 2000-01-01, from which PostgreSQL counts days and microseconds.
const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap();

type Failure = Box<dyn StdError + Sync + Send>;

/// What can not be sent, found before anything is.
pub(super) fn check(params: &[Value], sql: &str) -> Result<()> {
    if params.len() > usize::from(u16::MAX) {
        return Err(Error::new(
            ErrorKind::Value,
            format!(
                "the statement has {} values, and PostgreSQL takes at most 65535; send a list as one value with \
                 `= ANY($1)`, or several statements",
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

/// What of a row can not be sent.
pub(super) fn check_values(values: &[Value]) -> Result<(), String> {
    match values.iter().enumerate().find_map(|(at, value)| Some((at, problem(value)?))) {
        Some((at, problem)) => Err(format!("value {} of the row {problem}", at + 1)),
        None => Ok(()),
    }
}

fn problem(value: &Value) -> Option<&'static str> {
    match value {
        Value::Float(number) if number.is_nan() => Some("is NaN, which not every database can hold"),
        Value::Text(text) | Value::Decimal(text) | Value::Json(text) if has_nul(text.as_bytes()) => {
            Some("is a text with a NUL character")
        }
        Value::List(values) => values.iter().find_map(problem),
        _ => None,
    }
}

/// Eight bytes at a time, as every text that is sent is looked through.
fn has_nul(text: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let has_nul = |bytes: &[u8; 8]| {
        let word = u64::from_ne_bytes(*bytes);
        word.wrapping_sub(ONES) & !word & (ONES << 7) != 0
    };
    match text.last_chunk() {
        // The last eight reach back into those before them.
        Some(last) => text.as_chunks().0.iter().any(has_nul) || has_nul(last),
        None => text.contains(&0),
    }
}

/// A value that is bound to a placeholder. Its Debug shows no value: the library logs what it binds.
pub(super) struct Bound<'a>(pub(super) &'a Value);

impl fmt::Debug for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref().kind())
    }
}

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        if self.0.is_null() {
            return Ok(IsNull::Yes);
        }
        if is_binary(self.0, ty) {
            binary(self.0, ty, out)?
        } else {
            text(self.0, ty, out)?
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, ty: &Type) -> Format {
        if is_binary(self.0, ty) { Format::Binary } else { Format::Text }
    }

    to_sql_checked!();
}

/// Whether this value has a binary form as this type. A text's two forms are the same.
fn is_binary(value: &Value, ty: &Type) -> bool {
    match value {
        Value::Int(_) => matches!(*ty, Type::INT8 | Type::INT4 | Type::INT2 | Type::FLOAT8),
        Value::Float(_) => matches!(*ty, Type::FLOAT8 | Type::FLOAT4),
        Value::Bool(_) => *ty == Type::BOOL,
        Value::Blob(_) => *ty == Type::BYTEA,
        Value::DateTime(_) | Value::NaiveDateTime(_) => matches!(*ty, Type::TIMESTAMPTZ | Type::TIMESTAMP),
        Value::Date(_) => *ty == Type::DATE,
        Value::Time(_) => *ty == Type::TIME,
        Value::List(values) => match ty.kind() {
            Kind::Array(member) => values.iter().all(|value| value.is_null() || in_an_array(value, member)),
            _ => false,
        },
        Value::Uuid(_) => *ty == Type::UUID,
        Value::Null | Value::Text(_) | Value::Decimal(_) | Value::Json(_) => false,
    }
}

fn in_an_array(value: &Value, member: &Type) -> bool {
    match value {
        Value::Text(_) => matches!(*member, Type::TEXT | Type::VARCHAR),
        value => is_binary(value, member),
    }
}

fn binary(value: &Value, ty: &Type, out: &mut BytesMut) -> Result<(), Failure> {
    match value {
        Value::Int(number) => match *ty {
            Type::INT8 => out.put_i64(*number),
            Type::INT4 => out.put_i32(i32::try_from(*number).map_err(|_| OutOfRange("integer"))?),
            Type::INT2 => out.put_i16(i16::try_from(*number).map_err(|_| OutOfRange("smallint"))?),
            _ => out.put_f64(*number as f64),
        },
        Value::Float(number) if *ty == Type::FLOAT4 => out.put_f32(*number as f32),
        Value::Float(number) => out.put_f64(*number),
        Value::Bool(value) => out.put_u8(u8::from(*value)),
        Value::Blob(bytes) => out.put_slice(bytes),
        Value::Text(text) => out.put_slice(text.as_bytes()),
        Value::DateTime(moment) => out.put_i64(micros(moment.naive_utc())?),
        Value::NaiveDateTime(moment) => out.put_i64(micros(*moment)?),
        Value::Date(day) => {
            let days = day.signed_duration_since(EPOCH).num_days();
            out.put_i32(i32::try_from(days).map_err(|_| OutOfRange("date"))?);
        }
        Value::Time(time) => {
            // chrono's leap second is the second after the last one.
            let since = time.signed_duration_since(NaiveTime::MIN).num_microseconds();
            out.put_i64(since.ok_or(OutOfRange("time"))?);
        }
        Value::List(values) => array(values, ty, out)?,
        Value::Uuid(bytes) => out.put_slice(bytes),
        Value::Null | Value::Decimal(_) | Value::Json(_) => {}
    }
    Ok(())
}

fn micros(moment: NaiveDateTime) -> Result<i64, OutOfRange> {
    let epoch = EPOCH.and_time(NaiveTime::MIN);
    moment.signed_duration_since(epoch).num_microseconds().ok_or(OutOfRange("timestamp"))
}

fn array(values: &[Value], ty: &Type, out: &mut BytesMut) -> Result<(), Failure> {
    let Kind::Array(member) = ty.kind() else { return Ok(()) };
    let length = i32::try_from(values.len()).map_err(|_| OutOfRange("array"))?;
    out.put_i32(1);
    out.put_i32(i32::from(values.iter().any(Value::is_null)));
    out.put_u32(member.oid());
    out.put_i32(length);
    out.put_i32(1);
    for value in values {
        if value.is_null() {
            out.put_i32(-1);
            continue;
        }
        let start = out.len();
        out.put_i32(0);
        binary(value, member, out)?;
        let size = i32::try_from(out.len() - start - 4).map_err(|_| OutOfRange("array"))?;
        out[start..start + 4].copy_from_slice(&size.to_be_bytes());
    }
    Ok(())
}

fn text(value: &Value, ty: &Type, out: &mut BytesMut) -> fmt::Result {
    match value {
        Value::Null => {}
        Value::Text(text) | Value::Decimal(text) | Value::Json(text) => out.put_slice(text.as_bytes()),
        Value::Uuid(bytes) => out.put_slice(crate::value::uuid_text(*bytes).as_bytes()),
        Value::Bool(value) => out.put_u8(if *value { b'1' } else { b'0' }),
        Value::Int(number) => write!(out, "{number}")?,
        Value::Float(number) => write!(out, "{number:e}")?,
        Value::Blob(bytes) => {
            out.put_slice(b"\\x");
            bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))?;
        }
        Value::DateTime(moment) => out.put_slice(datetime(*moment).as_bytes()),
        Value::NaiveDateTime(moment) => out.put_slice(naive(*moment).as_bytes()),
        Value::Date(day) => out.put_slice(date(*day).as_bytes()),
        Value::Time(at) => out.put_slice(time::time(*at).as_bytes()),
        Value::List(values) => list(values, ty, out)?,
    }
    Ok(())
}

/// A value in the text format of COPY, in which a tab parts values and a line end parts rows.
pub(super) fn copied(value: &Value, out: &mut BytesMut) -> Result<(), Failure> {
    if value.is_null() {
        out.put_slice(b"\\N");
        return Ok(());
    }
    let mut plain = BytesMut::new();
    text(value, &Type::UNKNOWN, &mut plain)?;
    for byte in plain {
        match byte {
            b'\\' => out.put_slice(b"\\\\"),
            b'\n' => out.put_slice(b"\\n"),
            b'\r' => out.put_slice(b"\\r"),
            b'\t' => out.put_slice(b"\\t"),
            byte => out.put_u8(byte),
        }
    }
    Ok(())
}

/// `{1,NULL,"a \"quoted\" text"}`: an array as text.
fn list(values: &[Value], ty: &Type, out: &mut BytesMut) -> fmt::Result {
    out.put_u8(b'{');
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.put_u8(b',');
        }
        if value.is_null() {
            out.put_slice(b"NULL");
            continue;
        }
        let mut member = BytesMut::new();
        text(value, ty, &mut member)?;
        out.put_u8(b'"');
        for byte in member {
            if matches!(byte, b'"' | b'\\') {
                out.put_u8(b'\\');
            }
            out.put_u8(byte);
        }
        out.put_u8(b'"');
    }
    out.put_u8(b'}');
    Ok(())
}

fn datetime(moment: DateTime<Utc>) -> String {
    let naive = moment.naive_utc();
    era(naive.date(), format_args!("T{}Z", time::time(naive.time())))
}

fn naive(moment: NaiveDateTime) -> String {
    era(moment.date(), format_args!("T{}", time::time(moment.time())))
}

fn date(day: NaiveDate) -> String {
    era(day, format_args!(""))
}

/// PostgreSQL writes the year 0 as 1 BC.
fn era(day: NaiveDate, rest: fmt::Arguments<'_>) -> String {
    use chrono::Datelike;
    let (common, year) = day.year_ce();
    let era = if common { "" } else { " BC" };
    format!("{year:04}-{:02}-{:02}{rest}{era}", day.month(), day.day())
}

/// A number that is no such number of PostgreSQL's.
#[derive(Debug)]
struct OutOfRange(&'static str);

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is out of the range of PostgreSQL's type `{}`", self.0)
    }
}

impl StdError for OutOfRange {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_found_wherever_it_is() {
        for length in 0..=40 {
            // Bytes one above and one below it are none.
            let mut text: Vec<u8> = [1, 0xFF, b'a', 0x80].into_iter().cycle().take(length).collect();
            assert!(!has_nul(&text), "{length}");
            for at in 0..length {
                let byte = std::mem::replace(&mut text[at], 0);
                assert!(has_nul(&text), "{at} of {length}");
                text[at] = byte;
            }
        }
    }

    fn encoded(value: Value, ty: &Type) -> (bool, Vec<u8>) {
        let mut out = BytesMut::new();
        Bound(&value).to_sql(ty, &mut out).unwrap();
        (is_binary(&value, ty), out.to_vec())
    }

    fn as_text(value: Value, ty: &Type) -> String {
        let (binary, bytes) = encoded(value, ty);
        assert!(!binary);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn plain_types_go_in_binary() {
        assert_eq!(encoded(Value::Int(-2), &Type::INT4), (true, vec![255, 255, 255, 254]));
        assert_eq!(encoded(Value::Bool(true), &Type::BOOL), (true, vec![1]));
        let day = NaiveDate::from_ymd_opt(1999, 12, 31).unwrap();
        assert_eq!(encoded(Value::Date(day), &Type::DATE), (true, vec![255, 255, 255, 255]));
    }

    #[test]
    fn other_types_go_as_text_for_the_servers_reader() {
        assert_eq!(as_text(Value::Int(5), &Type::NUMERIC), "5");
        assert_eq!(as_text(Value::Float(0.1), &Type::NUMERIC), "1e-1");
        assert_eq!(as_text(Value::Blob(vec![0, 255]), &Type::UNKNOWN), "\\x00ff");
        assert_eq!(as_text(Value::Bool(false), &Type::INT4), "0");
        let before = NaiveDate::from_ymd_opt(0, 1, 2).unwrap();
        assert_eq!(as_text(Value::Date(before), &Type::UNKNOWN), "0001-01-02 BC");
        let list = vec![Value::Text("a\"\\,{}".into()), Value::Null, Value::Int(7)];
        assert_eq!(as_text(Value::List(list), &Type::UNKNOWN), r#"{"a\"\\,{}",NULL,"7"}"#);
    }

    #[test]
    fn a_number_that_does_not_fit_is_refused_and_not_cut() {
        let mut out = BytesMut::new();
        let error = Bound(&Value::Int(1 << 40)).to_sql(&Type::INT4, &mut out).err().unwrap();
        assert!(error.to_string().contains("`integer`"), "{error}");
    }

    #[test]
    fn nothing_in_a_copied_value_ends_it() {
        let copied = |value: Value| {
            let mut out = BytesMut::new();
            copied(&value, &mut out).unwrap();
            String::from_utf8(out.to_vec()).unwrap()
        };
        assert_eq!(copied(Value::Text("a\tb\nc\\.\r".into())), r"a\tb\nc\\.\r");
        assert_eq!(copied(Value::Null), r"\N");
        assert_eq!(copied(Value::Text(r"\N".into())), r"\\N");
        assert_eq!(copied(Value::Blob(vec![0, 255])), r"\\x00ff");
        let list = Value::List(vec![Value::Text("a\"b".into()), Value::Null]);
        assert_eq!(copied(list), r#"{"a\\"b",NULL}"#);
    }

    #[test]
    fn debug_shows_no_value() {
        assert_eq!(format!("{:?}", Bound(&Value::Text("hunter2".into()))), "a text");
    }
}
