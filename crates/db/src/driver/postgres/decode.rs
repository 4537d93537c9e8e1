//! Rows as they come from the server, in binary.

use std::cell::OnceCell;
use std::fmt::Write;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use tokio_postgres::types::{FromSql, Kind, Type};

use crate::{Error, ErrorKind, Result, Row, Value, ValueRef};

/// 2000-01-01, from which PostgreSQL counts days and microseconds.
const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap();

/// A row of a result.
pub(super) struct PostgresRow<'a> {
    row: &'a tokio_postgres::Row,
    /// The values that are not borrowed from the row: uuid, numeric, arrays.
    made: OnceCell<Box<[OnceCell<Made>]>>,
}

impl<'a> PostgresRow<'a> {
    pub(super) fn new(row: &'a tokio_postgres::Row) -> Self {
        Self { row, made: OnceCell::new() }
    }

    fn make(&self, column: usize, make: impl FnOnce() -> Option<Made>) -> Option<&Made> {
        let all = self.made.get_or_init(|| (0..self.row.len()).map(|_| OnceCell::new()).collect());
        let place = all.get(column)?;
        if place.get().is_none() {
            let _ = place.set(make()?);
        }
        place.get()
    }

    fn text_of(&self, column: usize, text: impl FnOnce() -> Option<String>) -> Option<&str> {
        match self.make(column, || text().map(Made::Text))? {
            Made::Text(text) => Some(text),
            Made::List(_) => None,
        }
    }

    fn list_of(&self, column: usize, list: impl FnOnce() -> Option<Vec<Value>>) -> Option<&[Value]> {
        match self.make(column, || list().map(Made::List))? {
            Made::List(list) => Some(list),
            Made::Text(_) => None,
        }
    }
}

/// A value that does not stand in the row as it is.
enum Made {
    Text(String),
    List(Vec<Value>),
}

/// The bytes of a value, whatever its type.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }
    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Row for PostgresRow<'_> {
    fn len(&self) -> usize {
        self.row.len()
    }

    fn value(&self, column: usize) -> Result<ValueRef<'_>> {
        let Some(described) = self.row.columns().get(column) else {
            return Err(crate::row::no_column(self, column));
        };
        let raw = match self.row.try_get::<_, Option<Raw<'_>>>(column) {
            Ok(Some(Raw(raw))) => raw,
            Ok(None) => return Ok(ValueRef::Null),
            Err(error) => return Err(malformed(described.name(), described.type_(), Some(error))),
        };
        let ty = base(described.type_());
        let value = match fixed(ty, raw) {
            Some(value) => value,
            None => match *ty {
                Type::UUID => self.text_of(column, || uuid(raw)).map(ValueRef::Text),
                Type::NUMERIC => self.text_of(column, || numeric(raw)).map(ValueRef::Decimal),
                // One byte says which version of the format follows.
                Type::JSONB => return utf8(described.name(), raw.get(1..).unwrap_or_default()),
                _ if is_text(ty) => return utf8(described.name(), raw),
                _ => match ty.kind() {
                    Kind::Array(member) if is_element(member) => {
                        self.list_of(column, || list(member, raw)).map(ValueRef::List)
                    }
                    _ => return Err(unknown(described.name(), described.type_())),
                },
            },
        };
        value.ok_or_else(|| malformed(described.name(), described.type_(), None))
    }

    fn int(&self, column: usize) -> Option<i64> {
        let ty = self.row.columns().get(column)?.type_();
        let Ok(Some(Raw(raw))) = self.row.try_get::<_, Option<Raw<'_>>>(column) else { return None };
        match *ty {
            Type::INT8 => array(raw).map(i64::from_be_bytes),
            Type::INT4 => array(raw).map(|raw| i32::from_be_bytes(raw).into()),
            Type::INT2 => array(raw).map(|raw| i16::from_be_bytes(raw).into()),
            _ => None,
        }
    }

    fn text(&self, column: usize) -> Option<&str> {
        let ty = self.row.columns().get(column)?.type_();
        if !matches!(*ty, Type::TEXT | Type::VARCHAR) {
            return None;
        }
        match self.row.try_get::<_, Option<Raw<'_>>>(column) {
            Ok(Some(Raw(raw))) => std::str::from_utf8(raw).ok(),
            _ => None,
        }
    }

    fn name(&self, column: usize) -> Option<&str> {
        self.row.columns().get(column).map(tokio_postgres::Column::name)
    }

    fn type_name(&self, column: usize) -> Option<&str> {
        self.row.columns().get(column).map(|column| column.type_().name())
    }
}

/// A value of a type that is read without making anything; `None` of any other type, `Some(None)` if it is malformed.
#[inline]
fn fixed<'a>(ty: &Type, raw: &'a [u8]) -> Option<Option<ValueRef<'a>>> {
    Some(match *ty {
        Type::INT8 => array(raw).map(|raw| ValueRef::Int(i64::from_be_bytes(raw))),
        Type::INT4 => array(raw).map(|raw| ValueRef::Int(i32::from_be_bytes(raw).into())),
        Type::INT2 => array(raw).map(|raw| ValueRef::Int(i16::from_be_bytes(raw).into())),
        Type::OID => array(raw).map(|raw| ValueRef::Int(u32::from_be_bytes(raw).into())),
        Type::BOOL => array(raw).map(|[raw]: [u8; 1]| ValueRef::Bool(raw != 0)),
        Type::FLOAT8 => array(raw).map(|raw| ValueRef::Float(f64::from_be_bytes(raw))),
        Type::FLOAT4 => array(raw).map(|raw| ValueRef::Float(f32::from_be_bytes(raw).into())),
        Type::TIMESTAMPTZ => {
            moment(raw).map(|at| ValueRef::DateTime(DateTime::from_naive_utc_and_offset(at, chrono::Utc)))
        }
        Type::TIMESTAMP => moment(raw).map(ValueRef::NaiveDateTime),
        Type::DATE => day(raw).map(ValueRef::Date),
        Type::TIME => clock(raw).map(ValueRef::Time),
        Type::BYTEA => Some(ValueRef::Blob(raw)),
        Type::VOID => Some(ValueRef::Null),
        _ => return None,
    })
}

/// Whether arrays of this type can be read.
fn is_element(ty: &Type) -> bool {
    let ty = base(ty);
    fixed(ty, &[]).is_some() || matches!(*ty, Type::UUID | Type::NUMERIC | Type::JSONB) || is_text(ty)
}

/// An array of one dimension: how many dimensions, whether there are NULLs, of which type; how many values, from which
/// number on; and each with its length before it, -1 of NULL.
fn list(member: &Type, raw: &[u8]) -> Option<Vec<Value>> {
    let word = |at: usize| raw.get(at..at + 4).and_then(array).map(i32::from_be_bytes);
    match word(0)? {
        0 => return Some(Vec::new()),
        1 => {}
        _ => return None,
    }
    let member = base(member);
    let count = usize::try_from(word(12)?).ok()?;
    let mut values = Vec::with_capacity(count.min(raw.len() / 4));
    let mut at = 20;
    for _ in 0..count {
        let length = word(at)?;
        at += 4;
        let Ok(length) = usize::try_from(length) else {
            values.push(Value::Null);
            continue;
        };
        let raw = raw.get(at..at.checked_add(length)?)?;
        at += length;
        let text = |raw| std::str::from_utf8(raw).ok().map(str::to_owned);
        values.push(match *member {
            Type::UUID => Value::Text(uuid(raw)?),
            Type::NUMERIC => Value::Decimal(numeric(raw)?),
            Type::JSONB => Value::Json(text(raw.get(1..)?)?),
            _ => match fixed(member, raw) {
                Some(value) => value?.to_value(),
                None => Value::Text(text(raw)?),
            },
        });
    }
    Some(values)
}

/// What a domain is made of.
fn base(mut ty: &Type) -> &Type {
    while let Kind::Domain(inner) = ty.kind() {
        ty = inner;
    }
    ty
}

/// Types whose binary form is their text.
fn is_text(ty: &Type) -> bool {
    matches!(
        *ty,
        Type::TEXT
            | Type::VARCHAR
            | Type::BPCHAR
            | Type::NAME
            | Type::JSON
            | Type::XML
            | Type::UNKNOWN
            | Type::CHAR
    ) || matches!(ty.kind(), Kind::Enum(_))
        || matches!(ty.name(), "citext" | "ltree" | "regtype" | "regclass")
}

fn array<const N: usize>(raw: &[u8]) -> Option<[u8; N]> {
    raw.try_into().ok()
}

fn utf8<'a>(name: &str, raw: &'a [u8]) -> Result<ValueRef<'a>> {
    std::str::from_utf8(raw).map(ValueRef::Text).map_err(|error| {
        Error::with_source(
            ErrorKind::Decode,
            format!("the column `{name}` can not be read: its text is not UTF-8"),
            error,
        )
    })
}

/// `infinity` and its opposite are no moment, and have no place in chrono's.
fn moment(raw: &[u8]) -> Option<NaiveDateTime> {
    let micros = i64::from_be_bytes(array(raw)?);
    EPOCH.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::microseconds(micros))
}

fn day(raw: &[u8]) -> Option<NaiveDate> {
    let days = i32::from_be_bytes(array(raw)?);
    EPOCH.checked_add_signed(TimeDelta::days(days.into()))
}

/// PostgreSQL knows 24:00:00, chrono does not.
fn clock(raw: &[u8]) -> Option<NaiveTime> {
    let micros = u64::from_be_bytes(array(raw)?);
    let seconds = u32::try_from(micros / 1_000_000).ok()?;
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, (micros % 1_000_000) as u32 * 1_000)
}

fn uuid(raw: &[u8]) -> Option<String> {
    let raw: [u8; 16] = array(raw)?;
    let mut text = String::with_capacity(36);
    for (at, byte) in raw.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        write!(text, "{byte:02x}").ok()?;
    }
    Some(text)
}

/// Numbers of four decimal digits each, the first one of weight 10000^`weight`; `scale` digits are after the
/// point.
fn numeric(raw: &[u8]) -> Option<String> {
    let word = |at: usize| raw.get(at * 2..at * 2 + 2).and_then(array).map(u16::from_be_bytes);
    let (count, weight, sign, scale) = (word(0)?, word(1)? as i16, word(2)?, usize::from(word(3)?));
    match sign {
        0xC000 => return Some("NaN".to_owned()),
        0xD000 => return Some("Infinity".to_owned()),
        0xF000 => return Some("-Infinity".to_owned()),
        _ => {}
    }
    let digits = |at: i32| match usize::try_from(at) {
        Ok(at) if at < usize::from(count) => word(4 + at),
        _ => Some(0),
    };
    let mut text = String::from(if sign == 0x4000 { "-" } else { "" });
    let weight = i32::from(weight);
    if weight < 0 {
        text.push('0');
    }
    for at in 0..=weight {
        if at == 0 {
            write!(text, "{}", digits(at)?).ok()?
        } else {
            write!(text, "{:04}", digits(at)?).ok()?
        }
    }
    if scale > 0 {
        text.push('.');
        let start = text.len();
        let mut at = weight + 1;
        while text.len() < start + scale {
            write!(text, "{:04}", digits(at)?).ok()?;
            at += 1;
        }
        text.truncate(start + scale);
    }
    Some(text)
}

#[cold]
fn unknown(name: &str, ty: &Type) -> Error {
    Error::new(
        ErrorKind::Decode,
        format!(
            "the column `{name}` is of PostgreSQL's type `{ty}`, which can not be read as it is; cast it in the \
             query, for example to a text with `{name}::text`"
        ),
    )
}

#[cold]
fn malformed(name: &str, ty: &Type, source: Option<tokio_postgres::Error>) -> Error {
    let message = format!(
        "the column `{name}` of PostgreSQL's type `{ty}` can not be read: its value is out of range, as \
         `infinity` and `24:00` are, or it is an array of several dimensions"
    );
    match source {
        Some(source) => Error::with_source(ErrorKind::Decode, message, source),
        None => Error::new(ErrorKind::Decode, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[i32]) -> Vec<u8> {
        words.iter().flat_map(|word| (*word as u16).to_be_bytes()).collect()
    }

    #[test]
    fn decimal_numbers_are_written_out() {
        let of = |all: &[i32]| numeric(&words(all)).unwrap();
        assert_eq!(of(&[0, 0, 0, 0]), "0");
        assert_eq!(of(&[2, 1, 0, 0, 1, 2345]), "12345");
        assert_eq!(of(&[1, 1, 0, 0, 3]), "30000", "zeros at the end are left out on the wire");
        assert_eq!(of(&[2, 0, 0x4000, 2, 12, 5000]), "-12.50");
        assert_eq!(of(&[1, -1, 0, 3, 10]), "0.001");
        assert_eq!(of(&[1, -2, 0, 8, 1]), "0.00000001");
        assert_eq!(of(&[0, 0, 0xC000, 0]), "NaN");
        assert_eq!(numeric(&[0, 1]), None);
    }

    #[test]
    fn a_uuid_is_written_with_dashes() {
        assert_eq!(uuid(&[0xab; 16]).unwrap(), "abababab-abab-abab-abab-abababababab");
        assert_eq!(uuid(&[0xab; 15]), None);
    }

    #[test]
    fn arrays_of_one_dimension_are_read_and_others_are_none() {
        let of = |words: &[i32]| {
            let raw: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            list(&Type::INT4, &raw)
        };
        assert_eq!(of(&[0, 0, 23]), Some(vec![]));
        assert_eq!(of(&[1, 1, 23, 2, 1, 4, 7, -1]), Some(vec![Value::Int(7), Value::Null]));
        assert_eq!(of(&[2, 0, 23, 1, 1, 1, 1, 4, 7]), None);
        for cut in [&[1, 0, 23, 2, 1, 4, 7][..], &[1, 0, 23, i32::MAX, 1], &[1, 0, 23, 1, 1, i32::MAX], &[1]]
        {
            assert_eq!(of(cut), None, "{cut:?}");
        }
    }

    #[test]
    fn times_that_chrono_does_not_have_are_none() {
        assert_eq!(moment(&i64::MAX.to_be_bytes()), None);
        assert_eq!(day(&i32::MAX.to_be_bytes()), None);
        assert_eq!(clock(&86_400_000_000_u64.to_be_bytes()), None);
        assert_eq!(moment(&0_i64.to_be_bytes()), EPOCH.and_hms_opt(0, 0, 0));
    }
}
