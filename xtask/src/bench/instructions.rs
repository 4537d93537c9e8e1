//! Instructions per request, counted by valgrind's callgrind.
//!
//! Time on a shared machine says little; the number of instructions that a server executes for a request in
//! user space is the same to a percent wherever and whenever it is counted. The server runs twice, once for a
//! few requests and once for many, on one kept connection with the next request after each response. The
//! difference of the totals, divided by the difference of the requests, has neither start nor stop in it.

use std::{ffi::OsString, path::Path, thread};

use super::{
    form::Form,
    http::Connection,
    keeper::Keeper,
    rows::{Row, Sends},
    server::{Server, Start},
};

/// Requests in the two runs.
const REQUESTS: [u64; 2] = [500, 3500];

/// The same for large files, whose figures are large, too.
const UPLOADS: [u64; 2] = [1, 5];

/// The same where a database is asked.
const QUERIES: [u64; 2] = [200, 1200];

fn requests(row: &Row) -> [u64; 2] {
    match row.sends {
        Sends::Nothing if row.database => QUERIES,
        Sends::Nothing => REQUESTS,
        Sends::File(_) => UPLOADS,
    }
}

/// Counts for one contender and one row. The profiles stay in `folder`, for `callgrind_annotate`.
pub(crate) fn per_request(
    keeper: &Keeper,
    valgrind: &Path,
    start: &Start,
    contender: &str,
    row: &Row,
    folder: &Path,
) -> Result<f64, String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let one = |requests: u64| {
        let profile = folder.join(format!("{contender}-{}-{requests}.out", row.name));
        total(keeper, &under(valgrind, start, &profile), row, requests, &profile)
    };
    // They do not disturb each other: instructions are counted, not time.
    let [few, many] = requests(row);
    let (few_total, many_total) = thread::scope(|scope| {
        let other = scope.spawn(move || one(few));
        let many_total = one(many);
        (other.join(), many_total)
    });
    let few_total = few_total.map_err(|_| "the run for few requests did not end".to_owned())??;
    difference([few_total, many_total?], many - few)
}

/// The same start, under callgrind.
fn under(valgrind: &Path, start: &Start, profile: &Path) -> Start {
    let mut file = OsString::from("--callgrind-out-file=");
    file.push(profile);
    let prefix = vec![valgrind.into(), "--tool=callgrind".into(), file];
    Start { prefix, ..start.clone() }
}

/// Instructions of a whole run with this many requests.
fn total(keeper: &Keeper, start: &Start, row: &Row, requests: u64, profile: &Path) -> Result<u64, String> {
    let _ = std::fs::remove_file(profile);
    let server = Server::start(keeper, start)?;
    let mut connection = Connection::open(server.address())?;
    let form = Form::of(row.path, row.sends);
    for _ in 0..requests {
        connection.send_form(&form)?;
        let response = connection.receive()?;
        if response.status != 200 {
            return Err(format!("{} under valgrind: status {}", row.path, response.status));
        }
        connection.recycle(response);
    }
    drop(connection);
    server.stop()?;
    of_profile(profile)
}

/// The total of the instructions in a profile of callgrind's.
pub(crate) fn of_profile(profile: &Path) -> Result<u64, String> {
    let text = std::fs::read_to_string(profile)
        .map_err(|error| format!("valgrind left no profile: {}: {error}", profile.display()))?;
    sum(&text).ok_or_else(|| format!("there is no total in {}", profile.display()))
}

fn sum(profile: &str) -> Option<u64> {
    let words = |key: &str| {
        profile.lines().filter_map(|line| line.strip_prefix(key)?.trim().parse::<u64>().ok()).sum::<u64>()
    };
    [words("totals:"), words("summary:")].into_iter().find(|total| *total > 0)
}

/// Instructions for each of so many more requests.
pub(crate) fn difference([few, many]: [u64; 2], requests: u64) -> Result<f64, String> {
    let instructions = many
        .checked_sub(few)
        .ok_or_else(|| format!("{few} instructions for few requests, and only {many} for many"))?;
    #[allow(clippy::cast_precision_loss)]
    Ok(instructions as f64 / requests as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_total_of_a_profile() {
        assert_eq!(sum("events: Ir\nfn=(1)\n1 5\nsummary: 120\n\ntotals: 123\n"), Some(123));
        assert_eq!(sum("summary: 120\n"), Some(120));
        assert_eq!(sum("events: Ir\n"), None);
    }

    #[test]
    fn start_and_stop_are_in_neither_figure() {
        assert_eq!(difference([1_000_000, 31_000_000], 3000), Ok(10_000.0));
        assert!(difference([2, 1], 1).is_err());
    }
}
