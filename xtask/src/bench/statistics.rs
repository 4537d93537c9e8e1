//! Medians, spreads, percentiles.

/// The middle of the values; between the two in the middle if their number is even.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        even if even % 2 == 0 => Some(f64::midpoint(sorted[half - 1], sorted[half])),
        _ => Some(sorted[half]),
    }
}

/// Half the distance between the quartiles, as a part of the median: 0.03 for `±3%`. One round in which the
/// machine was busy with something else does not change it.
pub(crate) fn spread(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = median(values).filter(|middle| *middle > 0.0)?;
    Some((between(&sorted, 0.75)? - between(&sorted, 0.25)?) / 2.0 / middle)
}

/// The value at this part of the way through the sorted values, on a line between two of them.
fn between(sorted: &[f64], part: f64) -> Option<f64> {
    #[allow(clippy::cast_precision_loss)]
    let place = sorted.len().checked_sub(1)? as f64 * part;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    let (low, high) = (*sorted.get(below)?, *sorted.get(above)?);
    Some(low + (high - low) * place.fract())
}

/// The value that this part (0.99) of the sorted values does not exceed.
pub(crate) fn percentile(sorted: &[u32], part: f64) -> Option<u32> {
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn the_spread_is_a_part_of_the_median_and_knows_no_outlier() {
        assert_eq!(spread(&[90.0, 100.0, 110.0]), Some(0.05));
        assert_eq!(spread(&[110.0, 100.0, 90.0, 100.0, 9000.0]), Some(0.05));
        assert_eq!(spread(&[5.0]), Some(0.0));
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[0.0]), None);
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let hundred: Vec<u32> = (1..=100).collect();
        assert_eq!(percentile(&hundred, 0.5), Some(50));
        assert_eq!(percentile(&hundred, 0.99), Some(99));
        assert_eq!(percentile(&[7], 0.99), Some(7));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
