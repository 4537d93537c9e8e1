//! File descriptors: each connection needs one, and so do the files that handlers open.
//!
//! Without any left, handlers fail for clients that are served already. So the server takes only as many connections as
//! leave some over; whoever comes then waits in the kernel's backlog.

use crate::config::HttpConfig;

/// How many descriptors are kept for everything but connections, at least: files of handlers, the database, the log.
const KEPT: u64 = 64;

/// What a worker needs: its sockets, each with a connection that waits for its place, and those of its runtime.
const PER_WORKER: u64 = 8;

/// Raises the soft limit of this process to the hard one, which is all that it may have. The soft one is often 1,024,
/// for programs that call `select`. What an app starts inherits it.
pub(crate) fn raise_limit() {
    #[cfg(unix)]
    if let Err(error) = rlimit::increase_nofile_limit(rlimit::INFINITY) {
        tracing::debug!(target: "zzz::http", %error, "the limit of open files stays as it is");
    }
}

/// How many connections may be open at once: `max_connections`, or what the limit of open files has room for. Then
/// the log says which limit to set.
pub(crate) fn places(config: &HttpConfig) -> usize {
    let limit = limit();
    let places = within(limit, config.max_connections, config.workers);
    if places < config.max_connections {
        tracing::warn!(
            target: "zzz::http",
            "this process may have {limit} files open, which is enough for {places} connections at once and not for \
             {} (`max_connections`); set LimitNOFILE={enough} in its unit, or `ulimit -Hn {enough}` before it starts, or \
             lower `max_connections`",
            config.max_connections,
            enough = enough(config.max_connections, config.workers),
        );
    }
    places
}

/// How many files this process may have open.
fn limit() -> u64 {
    #[cfg(unix)]
    {
        rlimit::Resource::NOFILE.get_soft().unwrap_or(u64::MAX)
    }
    #[cfg(not(unix))]
    {
        u64::MAX
    }
}

/// How many of `wanted` connections fit: a tenth of the limit is kept, at least [`KEPT`], and never more than half.
fn within(limit: u64, wanted: usize, workers: usize) -> usize {
    let kept = (limit / 10).max(KEPT).saturating_add(of(workers)).min(limit / 2);
    usize::try_from(limit - kept).unwrap_or(usize::MAX).clamp(1, wanted.max(1))
}

/// The limit that all of `wanted` connections fit in.
fn enough(wanted: usize, workers: usize) -> u64 {
    let (wanted, workers) = (u64::try_from(wanted).unwrap_or(u64::MAX), of(workers));
    // A tenth of the whole is a ninth of the rest.
    let rest = wanted.saturating_add(workers);
    rest.saturating_add((rest / 9 + 1).max(KEPT))
}

fn of(workers: usize) -> u64 {
    u64::try_from(workers).unwrap_or(u64::MAX).saturating_mul(PER_WORKER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_limit_is_kept_for_everything_else() {
        for (limit, wanted, workers, places) in [
            (1_048_576, 10_000, 2, 10_000),
            (u64::MAX, 10_000, 2, 10_000),
            (1_024, 10_000, 2, 1_024 - 102 - 16),
            (256, 10_000, 2, 256 - 64 - 16),
            (100, 10_000, 2, 50),
            (1_024, 10_000, 1_024, 512),
            (1, 10_000, 2, 1),
            (0, 10_000, 2, 1),
            (1_024, 100, 2, 100),
        ] {
            assert_eq!(within(limit, wanted, workers), places, "{limit} for {wanted} with {workers}");
        }
    }

    #[test]
    fn the_limit_that_is_asked_for_is_enough() {
        for wanted in [1, 2, 89, 512, 575, 576, 577, 1_000, 9_999, 10_000, 1_000_000] {
            for workers in [1, 2, 7] {
                let enough = enough(wanted, workers);
                assert_eq!(within(enough, wanted, workers), wanted, "{wanted} with {workers} in {enough}");
            }
        }
    }
}
