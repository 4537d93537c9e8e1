//! UUIDs as fields, and as primary keys that are made here.

use uuid::Uuid;
use zzz_core::Param;

use super::{CastError, FieldType, Mismatch, Value, ValueRef};
use crate::schema::Autogenerate;

impl FieldType for Uuid {
    const EXPECTS: &'static str = "a UUID";
    type NotNull = Self;
    fn load(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Uuid(bytes) => Some(Self::from_bytes(bytes)),
            ValueRef::Text(text) => Self::try_parse(text).ok(),
            ValueRef::Blob(bytes) => Self::from_slice(bytes).ok(),
            _ => None,
        }
        .ok_or_else(|| Mismatch::new(Self::EXPECTS, value))
    }
    fn dump(&self) -> Value {
        Value::Uuid(self.into_bytes())
    }
    fn cast(param: &Param) -> Result<Self, CastError> {
        // Only with hyphens: that others are the same UUID is not for every client to know.
        let text = param.as_text().filter(|text| text.len() == 36).ok_or(CastError)?;
        Self::try_parse(text).map_err(|_| CastError)
    }
}

/// `#[schema(autogenerate)]` makes UUIDs of version 7, which sort by the time of their making, so that an
/// index on them grows at its end.
impl Autogenerate for Uuid {
    fn autogenerate() -> Self {
        Self::now_v7()
    }
}

/// A UUID of version 4, all random; for `#[schema(autogenerate = "zzz_db::value::uuid_v4")]`.
#[must_use]
pub fn uuid_v4() -> Uuid {
    Uuid::new_v4()
}

/// A UUID of version 7; see [`uuid_v4`].
#[must_use]
pub fn uuid_v7() -> Uuid {
    Uuid::now_v7()
}
