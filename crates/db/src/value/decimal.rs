//! Decimal numbers as fields: money, measures.

use rust_decimal::Decimal;
use zzz_core::Param;

use super::number::is_number;
use super::{CastError, FieldType, Mismatch, Numeric, Value, ValueRef};

impl FieldType for Decimal {
    const EXPECTS: &'static str = "a decimal number";
    type NotNull = Self;
    fn load(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Decimal(text) | ValueRef::Text(text) => text.parse().ok(),
            ValueRef::Int(number) => Some(Self::from(number)),
            // SQLite keeps 1.5 so in a column of numbers; its shortest text is the decimal that was meant.
            ValueRef::Float(number) => number.to_string().parse().ok(),
            _ => None,
        }
        .ok_or_else(|| Mismatch::new(Self::EXPECTS, value))
    }
    fn dump(&self) -> Value {
        Value::Decimal(self.to_string())
    }
    fn cast(param: &Param) -> Result<Self, CastError> {
        match param {
            Param::Int(number) => Ok(Self::from(*number)),
            Param::Float(number) => number.to_string().parse().map_err(|_| CastError),
            // Not a digit is lost: what a decimal can not hold is refused.
            Param::Text(text) if is_number(text) && text.contains(['e', 'E']) => {
                Self::from_scientific(text).map_err(|_| CastError)
            }
            Param::Text(text) if is_number(text) => Self::from_str_exact(text).map_err(|_| CastError),
            _ => Err(CastError),
        }
    }
}

impl Numeric for Decimal {
    type Sum = Self;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_kept_or_the_number_refused() {
        let cast = |text: &str| Decimal::cast(&Param::Text(text.into())).map(|number| number.to_string());
        assert_eq!(cast("12.50"), Ok("12.50".into()));
        assert_eq!((cast("+1"), cast("1e3")), (Ok("1".into()), Ok("1000".into())));
        let long = "0.12345678901234567890123456789";
        for wrong in
            [long, "79228162514264337593543950336", "1e400", "1e-400", "1_000", "NaN", ".5", " 12 ", ""]
        {
            assert_eq!(cast(wrong), Err(CastError), "{wrong}");
        }
        assert_eq!(Decimal::cast(&Param::Float(0.1)).map(|number| number.to_string()), Ok("0.1".into()));
        assert_eq!(Decimal::cast(&Param::Float(f64::NAN)), Err(CastError));
    }
}
