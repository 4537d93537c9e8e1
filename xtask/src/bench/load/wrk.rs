//! wrk: one thread, `--latency`.

use std::{ffi::OsString, path::Path};

use super::{Job, Load};
use crate::bench::tools;

/// Its name with its version.
pub(super) fn name(program: &Path) -> String {
    let says = tools::ask(program, &["-v"]);
    says.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

pub(super) fn command(program: &Path, job: &Job<'_>) -> Vec<OsString> {
    let words = [
        "-t1".to_owned(),
        format!("-c{}", job.connections),
        format!("-d{}s", job.seconds),
        "--latency".to_owned(),
        job.url(),
    ];
    [OsString::from(program)].into_iter().chain(words.map(OsString::from)).collect()
}

/// Reads its report.
pub(super) fn parse(report: &str) -> Option<Load> {
    let line = |find: &str| report.lines().map(str::trim).find(|line| line.contains(find));
    let percentile =
        |which: &str| report.lines().find_map(|line| line.trim().strip_prefix(which)).and_then(micros);
    let total = line(" requests in ")?;
    let mut words = total.split([' ', ',']);
    let requests = words.next()?.parse().ok()?;
    let seconds = micros(total.split(" requests in ").nth(1)?.split(',').next()?)? / 1e6;
    // "Socket errors: connect 0, read 3, write 0, timeout 0" and "Non-2xx or 3xx responses: 4"
    let numbers = |line: &str| -> u64 {
        line.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<u64>().ok()).sum()
    };
    let errors = line("Socket errors:").map_or(0, numbers);
    let statuses = line("Non-2xx").and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0);
    Some(Load {
        requests,
        failed: errors + statuses,
        seconds,
        p50_micros: percentile("50%")?,
        p99_micros: percentile("99%")?,
    })
}

/// `612.00us`, `1.25ms`, `2.00s`, `1.50m` in microseconds.
fn micros(text: &str) -> Option<f64> {
    let text = text.trim();
    let unit = text.find(|c: char| c.is_ascii_alphabetic())?;
    let factor = match &text[unit..] {
        "us" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        "m" => 60e6,
        "h" => 3600e6,
        _ => return None,
    };
    Some(text[..unit].parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "Running 1s test @ http://127.0.0.1:4000/plaintext
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   612.34us  203.10us   4.31ms   79.20%
    Req/Sec    51.70k     1.02k   53.12k    60.00%
  Latency Distribution
     50%  601.00us
     75%  650.00us
     90%    0.70ms
     99%    1.25ms
  56871 requests in 1.10s, 7.16MB read
Requests/sec:  51700.91
Transfer/sec:      6.51MB
";

    #[test]
    fn reads_a_report() {
        let load = parse(REPORT).unwrap();
        assert_eq!((load.requests, load.failed), (56_871, 0));
        assert!((load.seconds - 1.1).abs() < 1e-9);
        assert!((load.p50_micros - 601.0).abs() < 1e-9 && (load.p99_micros - 1250.0).abs() < 1e-9);
        assert_eq!(parse("unable to connect to 127.0.0.1:1 Connection refused\n"), None);
    }

    #[test]
    fn counts_what_failed() {
        let report = format!(
            "{REPORT}  Socket errors: connect 0, read 3, write 0, timeout 1\n  Non-2xx or 3xx responses: 7\n"
        );
        assert_eq!(parse(&report).unwrap().failed, 11);
    }

    #[test]
    fn reads_every_unit() {
        assert_eq!(micros("2.00s"), Some(2e6));
        assert_eq!(micros("1.50m"), Some(90e6));
        assert_eq!(micros("3"), None);
    }
}
