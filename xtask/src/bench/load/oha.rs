//! oha: its report as JSON.

use std::{ffi::OsString, path::Path};

use serde_json::Value;

use super::{Job, Load};
use crate::bench::tools;

/// Its name with its version.
pub(super) fn name(program: &Path) -> String {
    tools::ask(program, &["--version"]).trim().to_owned()
}

pub(super) fn command(program: &Path, job: &Job<'_>) -> Vec<OsString> {
    // Newer ones have taken `--json` away.
    let as_json: &[&str] = if tools::ask(program, &["--help"]).contains("--output-format") {
        &["--output-format", "json"]
    } else {
        &["--json"]
    };
    let words = [format!("-c{}", job.connections), format!("-z{}s", job.seconds), "--no-tui".to_owned()];
    [OsString::from(program)]
        .into_iter()
        .chain(words.map(OsString::from))
        .chain(as_json.iter().map(OsString::from))
        .chain([OsString::from(job.url())])
        .collect()
}

/// Reads its report.
pub(super) fn parse(report: &str) -> Option<Load> {
    let report: Value = serde_json::from_str(report).ok()?;
    let counts = |of: &Value, counted: &dyn Fn(&str) -> bool| -> u64 {
        let entries = of.as_object().into_iter().flatten();
        entries.filter(|(name, _)| counted(name)).filter_map(|(_, count)| count.as_u64()).sum()
    };
    let statuses = &report["statusCodeDistribution"];
    let good = counts(statuses, &|status| status.starts_with('2'));
    let bad = counts(statuses, &|status| !status.starts_with('2'));
    // Requests in flight when the time is up are given up, and no fault of the server's.
    let errors = counts(&report["errorDistribution"], &|error| error != "aborted due to deadline");
    let percentile = |which: &str| Some(report["latencyPercentiles"][which].as_f64()? * 1e6);
    Some(Load {
        requests: good,
        failed: bad + errors,
        seconds: report["summary"]["total"].as_f64()?,
        p50_micros: percentile("p50")?,
        p99_micros: percentile("p99")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{
        "summary": {"successRate": 1.0, "total": 1.002, "requestsPerSec": 49900.2},
        "latencyPercentiles": {"p10": 0.0005, "p50": 0.0006, "p99": 0.00125},
        "statusCodeDistribution": {"200": 50000, "503": 2},
        "errorDistribution": {"aborted due to deadline": 32, "connection refused": 1}
    }"#;

    #[test]
    fn reads_a_report() {
        let load = parse(REPORT).unwrap();
        assert_eq!((load.requests, load.failed), (50_000, 3));
        assert!((load.p50_micros - 600.0).abs() < 1e-6 && (load.p99_micros - 1250.0).abs() < 1e-6);
        assert_eq!(parse("no report"), None);
    }
}
