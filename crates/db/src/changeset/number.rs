//! `validate_number`: six comparisons, as methods and as ranges. All are exact, also of a whole number with a
//! fraction.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Bound, Range, RangeBounds, RangeFrom, RangeInclusive, RangeTo, RangeToInclusive};

#[cfg(feature = "decimal")]
use rust_decimal::Decimal;
use zzz_core::Param;

use super::validate::validate;
use super::{Changeset, FieldError, Validation};
use crate::schema::FieldOf;
use crate::{Numeric, Schema, Value};

/// A bound of [`Changeset::validate_number`].
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A decimal number.
    #[cfg(feature = "decimal")]
    Decimal(Decimal),
}

macro_rules! whole {
    ($($type:ty),*) => {$(
        impl From<$type> for Number {
            fn from(number: $type) -> Self {
                Self::Int(number.into())
            }
        }
    )*};
}
whole!(i8, i16, i32, i64, u8, u16, u32);

impl From<f64> for Number {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}
impl From<f32> for Number {
    fn from(number: f32) -> Self {
        Self::Float(number.into())
    }
}
#[cfg(feature = "decimal")]
impl From<Decimal> for Number {
    fn from(number: Decimal) -> Self {
        Self::Decimal(number)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            #[cfg(feature = "decimal")]
            Self::Decimal(number) => number.fmt(f),
        }
    }
}

impl From<Number> for Param {
    fn from(number: Number) -> Self {
        match number {
            Number::Int(number) => Self::Int(number),
            Number::Float(number) => Self::Float(number),
            #[cfg(feature = "decimal")]
            Number::Decimal(number) => Self::Text(number.to_string()),
        }
    }
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Int(number) => Some(Self::Int(*number)),
            Value::Float(number) => Some(Self::Float(*number)),
            #[cfg(feature = "decimal")]
            Value::Decimal(text) => text.parse().ok().map(Self::Decimal),
            _ => None,
        }
    }

    /// `None` where one is not a number.
    fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(&b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b),
            (Self::Int(a), Self::Float(b)) => int_with_float(a, b),
            (Self::Float(a), Self::Int(b)) => int_with_float(b, a).map(Ordering::reverse),
            #[cfg(feature = "decimal")]
            (Self::Decimal(a), Self::Decimal(b)) => Some(a.cmp(&b)),
            #[cfg(feature = "decimal")]
            (Self::Decimal(a), Self::Int(b)) => Some(a.cmp(&Decimal::from(b))),
            #[cfg(feature = "decimal")]
            (Self::Int(a), Self::Decimal(b)) => Some(Decimal::from(a).cmp(&b)),
            #[cfg(feature = "decimal")]
            (Self::Decimal(a), Self::Float(b)) => decimal_with_float(a, b),
            #[cfg(feature = "decimal")]
            (Self::Float(a), Self::Decimal(b)) => decimal_with_float(b, a).map(Ordering::reverse),
        }
    }
}

/// Without rounding: not every whole number of 64 bits is one of 53.
fn int_with_float(int: i64, float: f64) -> Option<Ordering> {
    // 2 to the 63rd, past the greatest and at the least whole number.
    const EDGE: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        return None;
    }
    if float >= EDGE {
        return Some(Ordering::Less);
    }
    if float < -EDGE {
        return Some(Ordering::Greater);
    }
    let whole = float.trunc();
    Some(int.cmp(&(whole as i64)).then_with(|| whole.partial_cmp(&float).unwrap_or(Ordering::Equal)))
}

#[cfg(feature = "decimal")]
fn decimal_with_float(decimal: Decimal, float: f64) -> Option<Ordering> {
    match Decimal::try_from(float) {
        Ok(float) => Some(decimal.cmp(&float)),
        // Past what a decimal holds: the sign decides.
        Err(_) if float.is_nan() => None,
        Err(_) if float > 0.0 => Some(Ordering::Less),
        Err(_) => Some(Ordering::Greater),
    }
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    LessThan,
    /// `>`
    GreaterThan,
    /// `<=`
    LessThanOrEqualTo,
    /// `>=`
    GreaterThanOrEqualTo,
    /// `=`
    EqualTo,
    /// `<>`
    NotEqualTo,
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::LessThan => ordering.is_lt(),
            Self::GreaterThan => ordering.is_gt(),
            Self::LessThanOrEqualTo => ordering.is_le(),
            Self::GreaterThanOrEqualTo => ordering.is_ge(),
            Self::EqualTo => ordering.is_eq(),
            Self::NotEqualTo => ordering.is_ne(),
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::LessThan => ("number.less_than", "must be less than %{number}"),
            Self::GreaterThan => ("number.greater_than", "must be greater than %{number}"),
            Self::LessThanOrEqualTo => {
                ("number.less_than_or_equal_to", "must be less than or equal to %{number}")
            }
            Self::GreaterThanOrEqualTo => {
                ("number.greater_than_or_equal_to", "must be greater than or equal to %{number}")
            }
            Self::EqualTo => ("number.equal_to", "must be equal to %{number}"),
            Self::NotEqualTo => ("number.not_equal_to", "must be not equal to %{number}"),
        }
    }
}

/// What a number must be, where a range does not say it:
/// `validate_number(Post::stars, Compare::greater_than(0).and(Compare::not_equal_to(3)))`.
#[derive(Debug, Clone, PartialEq)]
pub struct Compare(Vec<(Comparison, Number)>);

impl Compare {
    fn one(comparison: Comparison, number: impl Into<Number>) -> Self {
        Self(vec![(comparison, number.into())])
    }

    /// "must be less than"
    #[must_use]
    pub fn less_than(number: impl Into<Number>) -> Self {
        Self::one(Comparison::LessThan, number)
    }

    /// "must be greater than"
    #[must_use]
    pub fn greater_than(number: impl Into<Number>) -> Self {
        Self::one(Comparison::GreaterThan, number)
    }

    /// "must be less than or equal to"
    #[must_use]
    pub fn less_than_or_equal_to(number: impl Into<Number>) -> Self {
        Self::one(Comparison::LessThanOrEqualTo, number)
    }

    /// "must be greater than or equal to"
    #[must_use]
    pub fn greater_than_or_equal_to(number: impl Into<Number>) -> Self {
        Self::one(Comparison::GreaterThanOrEqualTo, number)
    }

    /// "must be equal to"
    #[must_use]
    pub fn equal_to(number: impl Into<Number>) -> Self {
        Self::one(Comparison::EqualTo, number)
    }

    /// "must be not equal to"
    #[must_use]
    pub fn not_equal_to(number: impl Into<Number>) -> Self {
        Self::one(Comparison::NotEqualTo, number)
    }

    /// Both; the first that does not hold is the error.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

/// What a number must be: a range, `1..=5`, `0..`, `..100`, `0.5..1.0`, or a [`Compare`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what a number must be",
    label = "not a range of numbers",
    note = "give a range such as `1..=5` or `0.5..`, or `Compare::greater_than(0)`"
)]
pub trait NumberBounds {
    #[doc(hidden)]
    fn into_compare(self) -> Compare;
}

impl NumberBounds for Compare {
    fn into_compare(self) -> Compare {
        self
    }
}

fn of_range<N: Into<Number> + Copy>(range: &impl RangeBounds<N>) -> Compare {
    let start = match range.start_bound() {
        Bound::Included(min) => Some((Comparison::GreaterThanOrEqualTo, (*min).into())),
        Bound::Excluded(min) => Some((Comparison::GreaterThan, (*min).into())),
        Bound::Unbounded => None,
    };
    let end = match range.end_bound() {
        Bound::Included(max) => Some((Comparison::LessThanOrEqualTo, (*max).into())),
        Bound::Excluded(max) => Some((Comparison::LessThan, (*max).into())),
        Bound::Unbounded => None,
    };
    Compare(start.into_iter().chain(end).collect())
}

macro_rules! ranges {
    ($($type:ty),*) => {$(
        impl<N: Into<Number> + Copy> NumberBounds for $type {
            fn into_compare(self) -> Compare {
                of_range(&self)
            }
        }
    )*};
}
ranges!(Range<N>, RangeInclusive<N>, RangeFrom<N>, RangeTo<N>, RangeToInclusive<N>, (Bound<N>, Bound<N>));

impl<S: Schema> Changeset<S> {
    /// What a number must be: [a range or a comparison](NumberBounds).
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "reviews")]
    /// # struct Review { id: i64, stars: i64, weight: f64 }
    /// use zzz_db::Changeset;
    /// use zzz_db::changeset::Compare;
    ///
    /// let changeset = Changeset::new(Review::default())
    ///     .put_change(Review::stars, 6)
    ///     .validate_number(Review::stars, 1..=5)
    ///     .validate_number(Review::weight, Compare::greater_than(0));
    /// assert_eq!(changeset.errors()[0].to_string(), "must be less than or equal to 5");
    /// ```
    #[must_use]
    pub fn validate_number<F>(mut self, field: F, bounds: impl NumberBounds) -> Self
    where
        F: FieldOf<S>,
        F::Type: Numeric,
    {
        let Compare(bounds) = bounds.into_compare();
        let validation = Validation::Number(bounds.clone());
        validate(&mut self.core, &self.data, field.field().index, validation, &mut |value| {
            let number = Number::of(value)?;
            let broken = |(comparison, bound): &&(Comparison, Number)| {
                number.compare(*bound).is_none_or(|ordering| !comparison.holds(ordering))
            };
            let (comparison, bound) = bounds.iter().find(broken)?;
            let (key, message) = comparison.words();
            Some(FieldError::of(key, message).with("number", (*bound).into()))
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_and_fractions_are_compared_without_rounding() {
        let of = |a: i64, b: f64| int_with_float(a, b);
        assert_eq!(of(i64::MAX, i64::MAX as f64), Some(Ordering::Less), "the float is one more");
        assert_eq!(of(i64::MIN, i64::MIN as f64), Some(Ordering::Equal));
        assert_eq!(of(9_007_199_254_740_993, 9_007_199_254_740_992.0), Some(Ordering::Greater));
        assert_eq!(
            (of(-1, -1.5), of(1, 1.5), of(0, -0.0)),
            (Some(Ordering::Greater), Some(Ordering::Less), Some(Ordering::Equal))
        );
        assert_eq!(
            (of(0, f64::NAN), of(0, f64::INFINITY), of(0, f64::NEG_INFINITY)),
            (None, Some(Ordering::Less), Some(Ordering::Greater))
        );
    }
}
