//! Rows as they come from the server: in binary, from statements that were prepared.

use std::cell::OnceCell;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use sqlx::mysql::{MySqlRow, MySqlTypeInfo, MySqlValueRef};
use sqlx::{Column as _, Decode, MySql, Row as _, Type, TypeInfo as _};

use crate::{Error, ErrorKind, Result, Row, ValueRef};

/// How the values of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Signed,
    Unsigned,
    Float,
    Bits,
    Text,
    Bytes,
    Decimal,
    DateTime,
    Date,
    Time,
    /// MySQL's type JSON, which is text.
    Json,
    Null,
    Unknown,
}

/// How the columns of a result are read; the same for all of its rows.
pub(super) struct Forms(Box<[Form]>);

impl Forms {
    pub(super) fn of(row: &MySqlRow) -> Self {
        Self(row.columns().iter().map(|column| form(column.type_info())).collect())
    }
}

fn form(ty: &MySqlTypeInfo) -> Form {
    // A text of any collation is no bytes; the names alone do not tell them apart in a binary one.
    if <str as Type<MySql>>::compatible(ty) {
        return Form::Text;
    }
    match ty.name() {
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => Form::Signed,
        "TINYINT UNSIGNED" | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED"
        | "BIGINT UNSIGNED" | "YEAR" => Form::Unsigned,
        "FLOAT" | "DOUBLE" => Form::Float,
        "BIT" => Form::Bits,
        "DECIMAL" => Form::Decimal,
        "DATETIME" | "TIMESTAMP" => Form::DateTime,
        "DATE" => Form::Date,
        "TIME" => Form::Time,
        "JSON" => Form::Json,
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => Form::Bytes,
        "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM" | "SET" => Form::Text,
        "NULL" => Form::Null,
        _ => Form::Unknown,
    }
}

/// A row of a result.
pub(super) struct MysqlRow<'a> {
    row: &'a MySqlRow,
    forms: &'a Forms,
    /// The text of numbers that are too large for one.
    written: OnceCell<Box<[OnceCell<String>]>>,
}

impl<'a> MysqlRow<'a> {
    pub(super) fn new(row: &'a MySqlRow, forms: &'a Forms) -> Self {
        Self { row, forms, written: OnceCell::new() }
    }

    fn write(&self, column: usize, text: impl FnOnce() -> String) -> Option<&str> {
        let all = self.written.get_or_init(|| (0..self.row.len()).map(|_| OnceCell::new()).collect());
        Some(all.get(column)?.get_or_init(text))
    }
}

impl Row for MysqlRow<'_> {
    fn len(&self) -> usize {
        self.row.len()
    }

    fn value(&self, column: usize) -> Result<ValueRef<'_>> {
        let (Some(form), Ok(raw)) = (self.forms.0.get(column), self.row.try_get_raw(column)) else {
            return Err(crate::row::no_column(self, column));
        };
        // The library calls a date of zeros NULL as well; only the absence of bytes is.
        let Ok(bytes) = <&[u8] as Decode<'_, MySql>>::decode(raw.clone()) else { return Ok(ValueRef::Null) };
        let value = match form {
            Form::Signed => <i64 as Decode<'_, MySql>>::decode(raw).ok().map(ValueRef::Int),
            Form::Unsigned => self.unsigned(column, raw),
            Form::Float => float(raw).map(ValueRef::Float),
            Form::Bits => bits(bytes).map(ValueRef::Int),
            Form::Text => return self.text(column, bytes).map(ValueRef::Text),
            Form::Json => return self.text(column, bytes).map(ValueRef::Json),
            Form::Decimal => return self.text(column, bytes).map(ValueRef::Decimal),
            Form::Bytes => Some(ValueRef::Blob(bytes)),
            Form::DateTime => moment(bytes).map(ValueRef::NaiveDateTime),
            Form::Date => moment(bytes).map(|moment| ValueRef::Date(moment.date())),
            Form::Time => clock(bytes).map(ValueRef::Time),
            Form::Null => Some(ValueRef::Null),
            Form::Unknown => return Err(self.unknown(column)),
        };
        value.ok_or_else(|| self.malformed(column))
    }

    fn name(&self, column: usize) -> Option<&str> {
        self.row.columns().get(column).map(sqlx::Column::name)
    }

    fn type_name(&self, column: usize) -> Option<&str> {
        self.row.columns().get(column).map(|column| column.type_info().name())
    }
}

impl MysqlRow<'_> {
    fn text<'b>(&self, column: usize, bytes: &'b [u8]) -> Result<&'b str> {
        std::str::from_utf8(bytes).map_err(|error| {
            let name = self.name(column).unwrap_or("?");
            Error::with_source(
                ErrorKind::Decode,
                format!("the column `{name}` can not be read: its text is not UTF-8"),
                error,
            )
        })
    }

    /// Numbers past the half of what 64 bits hold are handed over as decimals.
    fn unsigned(&self, column: usize, raw: MySqlValueRef<'_>) -> Option<ValueRef<'_>> {
        let number = <u64 as Decode<'_, MySql>>::decode(raw).ok()?;
        match i64::try_from(number) {
            Ok(number) => Some(ValueRef::Int(number)),
            Err(_) => self.write(column, || number.to_string()).map(ValueRef::Decimal),
        }
    }

    #[cold]
    fn unknown(&self, column: usize) -> Error {
        let (name, ty) = (self.name(column).unwrap_or("?"), self.type_name(column).unwrap_or("?"));
        Error::new(
            ErrorKind::Decode,
            format!(
                "the column `{name}` is of MySQL's type `{ty}`, which can not be read as it is; cast it in the \
                 query, for example with `CAST({name} AS CHAR)`"
            ),
        )
    }

    #[cold]
    fn malformed(&self, column: usize) -> Error {
        let (name, ty) = (self.name(column).unwrap_or("?"), self.type_name(column).unwrap_or("?"));
        Error::new(
            ErrorKind::Decode,
            format!(
                "the column `{name}` of MySQL's type `{ty}` can not be read: its value is out of range, as \
                 `0000-00-00` and a time of 24 hours are"
            ),
        )
    }
}

fn float(raw: MySqlValueRef<'_>) -> Option<f64> {
    <f64 as Decode<'_, MySql>>::decode(raw).ok()
}

/// At most 64 bits, the highest first.
fn bits(bytes: &[u8]) -> Option<i64> {
    let mut all = [0; 8];
    all.get_mut(8_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    i64::try_from(u64::from_be_bytes(all)).ok()
}

/// How many bytes follow; year, month and day; hour, minute and second; microseconds. What is zero at the end is
/// left out. The date of zeros is none.
fn moment(bytes: &[u8]) -> Option<NaiveDateTime> {
    let (date, rest) = bytes.get(1..)?.split_at_checked(4)?;
    let date = NaiveDate::from_ymd_opt(
        i32::from(u16::from_le_bytes([date[0], date[1]])),
        u32::from(date[2]),
        u32::from(date[3]),
    )?;
    Some(date.and_time(time_of_day(rest)?))
}

/// How many bytes follow; whether it is negative; days; hour, minute and second; microseconds. MySQL's times reach
/// from -838 to 838 hours: only those of one day are times of day.
fn clock(bytes: &[u8]) -> Option<NaiveTime> {
    match bytes.get(1..)? {
        [] => Some(NaiveTime::MIN),
        [0, 0, 0, 0, 0, rest @ ..] => time_of_day(rest),
        _ => None,
    }
}

fn time_of_day(bytes: &[u8]) -> Option<NaiveTime> {
    let (&[hour, minute, second], micros) = match bytes {
        [] => return Some(NaiveTime::MIN),
        bytes => bytes.split_first_chunk::<3>()?,
    };
    let micros = match micros {
        [] => 0,
        micros => u32::from_le_bytes(micros.try_into().ok()?),
    };
    NaiveTime::from_hms_micro_opt(hour.into(), minute.into(), second.into(), micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_long_as_they_have_to_be() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        assert_eq!(moment(&[4, 0xea, 7, 11, 21]), day.and_hms_opt(0, 0, 0));
        assert_eq!(moment(&[7, 0xea, 7, 11, 21, 1, 2, 3]), day.and_hms_opt(1, 2, 3));
        assert_eq!(moment(&[11, 0xea, 7, 11, 21, 1, 2, 3, 5, 0, 0, 0]), day.and_hms_micro_opt(1, 2, 3, 5));
        assert_eq!(moment(&[0]), None, "0000-00-00");
        assert_eq!(moment(&[4, 0xea, 7, 0, 0]), None);
        assert_eq!(moment(&[]), None);
        assert_eq!(clock(&[0]), Some(NaiveTime::MIN));
        assert_eq!(clock(&[8, 0, 0, 0, 0, 0, 23, 59, 59]), NaiveTime::from_hms_opt(23, 59, 59));
        assert_eq!(clock(&[8, 1, 0, 0, 0, 0, 1, 0, 0]), None, "before midnight");
        assert_eq!(clock(&[8, 0, 1, 0, 0, 0, 1, 0, 0]), None, "25 hours");
    }

    #[test]
    fn bits_are_a_number() {
        assert_eq!(bits(&[1, 0]), Some(256));
        assert_eq!(bits(&[0xff; 8]), None);
        assert_eq!(bits(&[0; 9]), None);
    }
}
