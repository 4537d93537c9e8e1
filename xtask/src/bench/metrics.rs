//! [`METRICS`]: the columns, the one list that tables, page and chart read.

use super::{
    contenders::OURS,
    results::{Measured, Round, RowResult},
    statistics::{median, spread},
};

/// Something that is measured of each contender in each row.
pub(crate) struct Metric {
    /// The column's head.
    pub(crate) title: &'static str,
    /// What it is, for the page.
    pub(crate) means: &'static str,
    /// The value of each round, or the only one.
    pub(crate) values: fn(&Measured) -> Vec<f64>,
    /// How a value is written.
    pub(crate) show: fn(f64) -> String,
    /// Whether the chart shows it, and whether more is better.
    pub(crate) chart: Option<Better>,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Better {
    /// The longer bar wins.
    More,
    /// The shorter bar wins.
    Less,
}

/// Every metric, in the order of the columns.
pub(crate) const METRICS: &[Metric] = &[
    Metric {
        title: "requests/s",
        means: "answers that the load generator got in a second",
        values: |it| rounds(it, |round| Some(round.requests_per_second)),
        show: |value| if value < 100.0 { format!("{value:.1}") } else { thousands(value.round()) },
        chart: Some(Better::More),
    },
    Metric {
        title: "CPU µs/request",
        means: "processor time of the server, in user space and in the kernel, for each request",
        values: |it| rounds(it, |round| round.cpu_micros),
        show: |value| format!("{value:.1}"),
        chart: None,
    },
    Metric {
        title: "database CPU µs/request",
        means: "processor time of the processes that serve the sessions of PostgreSQL, for each request; not of those that \
                write its log and its files",
        values: |it| rounds(it, |round| round.database_micros),
        show: |value| format!("{value:.1}"),
        chart: None,
    },
    Metric {
        title: "instructions/request",
        means: "instructions that the server executes in user space for each request, counted by valgrind on one \
                kept connection: the figure that other work on the machine cannot change",
        values: |it| it.instructions.into_iter().collect(),
        show: |value| thousands(value.round()),
        chart: Some(Better::Less),
    },
    Metric {
        title: "p50",
        means: "half of the answers took at most this",
        values: |it| rounds(it, |round| Some(round.p50_micros)),
        show: time,
        chart: None,
    },
    Metric {
        title: "p99",
        means: "99 of 100 answers took at most this",
        values: |it| rounds(it, |round| Some(round.p99_micros)),
        show: time,
        chart: None,
    },
    Metric {
        title: "peak memory",
        means: "the most memory that the server ever had resident",
        values: |it| {
            #[allow(clippy::cast_precision_loss)]
            let peak = it.peak_kib.map(|kib| kib as f64);
            peak.into_iter().collect()
        },
        show: |kib| format!("{:.1} MiB", kib / 1024.0),
        chart: None,
    },
];

fn rounds(measured: &Measured, value: impl Fn(&Round) -> Option<f64>) -> Vec<f64> {
    measured.rounds.iter().filter_map(value).collect()
}

impl Metric {
    /// The contender's value: the median of its rounds.
    pub(crate) fn value(&self, measured: &Measured) -> Option<f64> {
        median(&(self.values)(measured))
    }

    /// How far the contender's rounds are apart, as a part of its value.
    pub(crate) fn spread(&self, measured: &Measured) -> Option<f64> {
        let values = (self.values)(measured);
        spread(&values).filter(|_| values.len() > 1)
    }

    /// The value as a multiple of ours in the same row.
    pub(crate) fn ratio(&self, row: &RowResult, measured: &Measured) -> Option<f64> {
        let ours = row.contenders.iter().find(|it| it.name == OURS)?;
        let ours = self.value(ours).filter(|value| *value > 0.0)?;
        Some(self.value(measured)? / ours)
    }

    /// `48,120 ±3% (1.05×)`: the median, its spread if there were rounds, and the multiple of ours.
    pub(crate) fn cell(&self, row: &RowResult, measured: &Measured) -> String {
        let ratio = self.ratio(row, measured).filter(|_| measured.name != OURS);
        cell(&(self.values)(measured), self.show, ratio)
    }
}

/// `48,120 ±3% (1.05×)`: the median of the rounds, their spread if there were several, and a multiple.
pub(crate) fn cell(rounds: &[f64], show: impl Fn(f64) -> String, ratio: Option<f64>) -> String {
    let Some(value) = median(rounds) else { return "–".to_owned() };
    let mut cell = show(value);
    if let Some(spread) = spread(rounds).filter(|_| rounds.len() > 1) {
        cell.push_str(&format!(" ±{:.0}%", spread * 100.0));
    }
    if let Some(ratio) = ratio {
        cell.push_str(&format!(" ({ratio:.2}×)"));
    }
    cell
}

/// `12,345`.
pub(crate) fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(crate) fn time(micros: f64) -> String {
    if micros < 1000.0 { format!("{micros:.0} µs") } else { format!("{:.2} ms", micros / 1000.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::results::tests::sample;

    fn cell(title: &str, contender: usize) -> String {
        let row = sample("json");
        let metric = METRICS.iter().find(|metric| metric.title == title).unwrap();
        metric.cell(&row, &row.contenders[contender])
    }

    #[test]
    fn a_cell_has_median_spread_and_the_multiple_of_ours() {
        assert_eq!(cell("requests/s", 0), "50,000 ±5%");
        assert_eq!(cell("requests/s", 1), "25,000 ±5% (0.50×)");
        assert_eq!(cell("instructions/request", 1), "18,000 (2.00×)");
        assert_eq!(cell("p50", 0), "600 µs ±0%");
        assert_eq!(cell("p99", 1), "2.50 ms ±0% (2.00×)");
        assert_eq!(cell("peak memory", 0), "5.0 MiB");
    }

    #[test]
    fn what_was_not_measured_is_a_dash_and_ours_may_be_missing() {
        let mut row = sample("json");
        row.contenders[1].instructions = None;
        let metric = &METRICS[3];
        assert_eq!(metric.cell(&row, &row.contenders[1]), "–");
        row.contenders.remove(0);
        assert_eq!(METRICS[1].cell(&row, &row.contenders[0]), "30.0 ±0%");
    }

    #[test]
    fn groups_thousands() {
        for (value, text) in [(0.0, "0"), (999.0, "999"), (1000.0, "1,000"), (1_234_567.0, "1,234,567")] {
            assert_eq!(thousands(value), text);
        }
    }
}
