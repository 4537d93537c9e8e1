//! Sizes and durations as the configuration writes them.

/// `"512B"`, `"64KiB"`, `"2MiB"`, `"1GiB"`, `"1kB"`, `"5MB"`, `"1GB"`, or bytes alone.
pub(super) fn size(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "" | "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// Milliseconds of `"250ms"`, `"10s"`, `"5m"`, `"1h"`, `"2d"`.
pub(super) fn duration(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_configuration_reads() {
        assert_eq!(size("5MiB"), Some(5 << 20));
        assert_eq!(size("64 KiB"), Some(64 << 10));
        assert_eq!(size("100"), Some(100));
        assert_eq!(duration("5m"), Some(300_000));
        assert_eq!(duration("250ms"), Some(250));
        for wrong in ["", "MiB", "-1", "5 mib", "5M", "99999999999GiB"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
        for wrong in ["", "5", "5min", "-1s"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
