//! Our own generator, for machines with neither wrk nor oha: a thread for each connection, in a process of its
//! own so that it can be pinned.
//!
//! Its threads take turns on one core, which costs more for each request than wrk does. So servers look more
//! alike than they are; the page says which generator was used.

use std::{
    ffi::OsString,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Job, Load};
use crate::bench::{form::Form, http::Connection, rows::Sends, statistics::percentile};

/// The word that makes `xtask bench` a load generator.
pub(crate) const WORD: &str = "--generate";

pub(super) fn command(job: &Job<'_>) -> Result<Vec<OsString>, String> {
    let program =
        std::env::current_exe().map_err(|error| format!("xtask does not know its program: {error}"))?;
    let words = [
        "bench".to_owned(),
        WORD.to_owned(),
        job.address.to_string(),
        job.path.to_owned(),
        match job.sends {
            Sends::Nothing => "-".to_owned(),
            Sends::File(length) => length.to_string(),
        },
        job.connections.to_string(),
        job.seconds.to_string(),
    ];
    Ok([program.into()].into_iter().chain(words.map(OsString::from)).collect())
}

/// Does what [`command`] asks for: the words after [`WORD`].
pub(crate) fn generate(words: &[String]) -> Option<String> {
    let [address, path, sends, connections, seconds] = words else { return None };
    let job = Job {
        address: address.parse().ok()?,
        path,
        sends: if sends == "-" { Sends::Nothing } else { Sends::File(sends.parse().ok()?) },
        connections: connections.parse().ok()?,
        seconds: seconds.parse().ok()?,
    };
    let load = make(&job);
    let report = json!({
        "requests": load.requests,
        "failed": load.failed,
        "seconds": load.seconds,
        "p50_micros": load.p50_micros,
        "p99_micros": load.p99_micros,
    });
    Some(report.to_string())
}

/// Reads what [`generate`] wrote.
pub(super) fn parse(report: &str) -> Option<Load> {
    let report: Value = serde_json::from_str(report).ok()?;
    Some(Load {
        requests: report["requests"].as_u64()?,
        failed: report["failed"].as_u64()?,
        seconds: report["seconds"].as_f64()?,
        p50_micros: report["p50_micros"].as_f64()?,
        p99_micros: report["p99_micros"].as_f64()?,
    })
}

/// Answers and failures of one connection.
#[derive(Default)]
struct Part {
    micros: Vec<u32>,
    failed: u64,
}

fn make(job: &Job<'_>) -> Load {
    let began = Instant::now();
    let end = began + Duration::from_secs(job.seconds);
    let form = &Form::of(job.path, job.sends);
    let parts: Vec<Part> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..job.connections).map(|_| scope.spawn(move || ask(job.address, form, end))).collect();
        let ended = threads.into_iter().map(thread::ScopedJoinHandle::join);
        ended.map(|part| part.unwrap_or(Part { micros: Vec::new(), failed: 1 })).collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    let failed = parts.iter().map(|part| part.failed).sum();
    let mut micros: Vec<u32> = parts.into_iter().flat_map(|part| part.micros).collect();
    micros.sort_unstable();
    let at = |part| f64::from(percentile(&micros, part).unwrap_or(0));
    Load { requests: micros.len() as u64, failed, seconds, p50_micros: at(0.5), p99_micros: at(0.99) }
}

fn ask(address: SocketAddr, form: &Form, end: Instant) -> Part {
    let mut part = Part::default();
    let Ok(mut connection) = Connection::open(address) else { return Part { failed: 1, ..part } };
    let mut sent = Instant::now();
    while sent < end {
        match connection.send_form(form).and_then(|()| connection.receive()) {
            Ok(response) if (200..300).contains(&response.status) => connection.recycle(response),
            _ => return Part { failed: 1, ..part },
        }
        let received = Instant::now();
        part.micros.push(u32::try_from((received - sent).as_micros()).unwrap_or(u32::MAX));
        sent = received;
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::http::tests::server;

    #[test]
    fn counts_answers_and_failures() {
        let address = server(&["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "HTTP/1.1 500 No\r\n\r\n"]);
        let words = [&address.to_string(), "/", "-", "1", "10"].map(str::to_owned);
        let load = parse(&generate(&words).unwrap()).unwrap();
        assert_eq!((load.requests, load.failed), (1, 1));
        assert!(load.p99_micros >= load.p50_micros);
    }

    #[test]
    fn refuses_words_that_it_does_not_know() {
        assert_eq!(generate(&["localhost".to_owned()]), None);
        assert_eq!(parse("{}"), None);
    }
}
