//! What reached the app, told over a unix socket.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{LazyLock, Mutex, PoisonError};

use tokio::sync::watch;
use zzz::prelude::*;

/// How many requests the log keeps.
const LOGGED: usize = 20_000;

/// The counters.
pub(crate) struct Board {
    /// Requests that came as far as the app.
    dispatched: AtomicU64,
    /// Handlers at work.
    in_flight: AtomicU64,
    /// The most handlers that were at work at once.
    most_in_flight: AtomicU64,
    /// Handlers that were dropped before they answered.
    abandoned: AtomicU64,
    /// Handlers that had what they wanted of the body and did their work.
    pub(crate) committed: AtomicU64,
    /// Response streams that were dropped.
    pub(crate) streams_dropped: AtomicU64,
    log: Mutex<VecDeque<String>>,
    pub(crate) gate: watch::Sender<bool>,
}

pub(crate) static BOARD: LazyLock<Board> = LazyLock::new(|| Board {
    dispatched: AtomicU64::new(0),
    in_flight: AtomicU64::new(0),
    most_in_flight: AtomicU64::new(0),
    abandoned: AtomicU64::new(0),
    committed: AtomicU64::new(0),
    streams_dropped: AtomicU64::new(0),
    log: Mutex::default(),
    gate: watch::Sender::new(false),
});

/// A handler at work.
struct Visit {
    answered: bool,
}

impl Visit {
    fn begin(request: &Request) -> Self {
        BOARD.dispatched.fetch_add(1, SeqCst);
        let now = BOARD.in_flight.fetch_add(1, SeqCst) + 1;
        BOARD.most_in_flight.fetch_max(now, SeqCst);
        let mut log = BOARD.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == LOGGED {
            log.pop_front();
        }
        let front = request.header("x-front").unwrap_or("-");
        log.push_back(format!("{} {} {front}", request.method(), request.uri()));
        Self { answered: false }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        BOARD.in_flight.fetch_sub(1, SeqCst);
        if !self.answered && !std::thread::panicking() {
            BOARD.abandoned.fetch_add(1, SeqCst);
        }
    }
}

/// Counts what comes, matched or not.
pub(crate) async fn count(request: Request, next: Next) -> Response {
    if request.path() == "/ok" {
        return next.run(request).await;
    }
    let mut visit = Visit::begin(&request);
    let response = next.run(request).await;
    visit.answered = true;
    response
}

/// Listens on the side channel, if there is to be one, in a thread of its own.
pub(crate) fn serve() {
    let Some(path) = std::env::var_os("TARGET_BOARD") else { return };
    let listener = UnixListener::bind(path).expect("TARGET_BOARD names a path where a socket can be made");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that breaks off is no concern of ours.
            let _ = answer(&stream);
        }
    });
}

fn answer(mut stream: &UnixStream) -> std::io::Result<()> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    let text = match line.trim() {
        "read" => counters(),
        "log" => {
            let log = BOARD.log.lock().unwrap_or_else(PoisonError::into_inner);
            log.iter().map(|line| format!("{line}\n")).collect()
        }
        "open" => {
            BOARD.gate.send_replace(true);
            "open\n".to_owned()
        }
        other => format!("no such command: {other}\n"),
    };
    stream.write_all(text.as_bytes())
}

fn counters() -> String {
    [
        ("dispatched", &BOARD.dispatched),
        ("in_flight", &BOARD.in_flight),
        ("most_in_flight", &BOARD.most_in_flight),
        ("abandoned", &BOARD.abandoned),
        ("committed", &BOARD.committed),
        ("streams_dropped", &BOARD.streams_dropped),
    ]
    .map(|(name, counter)| format!("{name} {}\n", counter.load(SeqCst)))
    .concat()
}
