//! Numbers as users type them.

/// Whether a text is a number as Elixir and JSON write one: `7`, `+7`, `-7.5`, `1e3`. Rust itself reads more:
/// `.5`, `5.`, `inf`, `NaN`.
pub(crate) fn is_number(text: &str) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (rest, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && fraction.is_none_or(digits) && exponent.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_digits_wherever_it_could_have_some() {
        for number in ["0", "+1", "-1.5", "1e3", "1.0E-3", "007"] {
            assert!(is_number(number), "{number}");
        }
        for wrong in
            ["", "+", ".5", "5.", "1e", "1e+", " 1", "1 ", "1_000", "1,5", "0x1", "inf", "NaN", "--1", "１"]
        {
            assert!(!is_number(wrong), "{wrong}");
        }
    }
}
