//! Looks after those that wait for the server.
//!
//! | what waits | for how long | what is done |
//! |---|---|---|
//! | a read behind another's on a shared connection | one whole [`TICK`] in which none was answered | it is sent again over another connection |
//! | anything | half of `acquire_timeout` | the server is asked for a sign of life; if it gives none within the other half, what waits fails |
//! | a statement | its limit and `acquire_timeout` | its connection is closed: the server should have stopped it long ago |
//!
//! One thread per pool, which runs only while somebody waits, so that no statement needs a timer of its own.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_postgres::config::Host;

use super::connection::Connection;
use super::options::Options;
use super::pool::{Pool, Slot};

/// How often it looks. What is sent just after a look is found to wait at the look after the next.
const TICK: Duration = Duration::from_millis(20);
/// After so many ticks in which nobody waits it ends; the next statement starts it again.
const IDLE: u32 = 50;
/// Asks whether the server speaks TLS, which needs no password and leaves no trace in its log.
const ARE_YOU_THERE: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Starts looking; says whether it did.
///
/// It has a thread of its own: a timer of the runtime that never rests would cost each of its turns, and a runtime whose
/// workers are all busy is looked after, too.
pub(super) fn start(pool: &Arc<Pool>) -> bool {
    let weak = Arc::downgrade(pool);
    let thread = std::thread::Builder::new().name("zzz-db-watch".to_owned());
    let started = thread.spawn(move || watch(&weak));
    if let Err(error) = &started {
        tracing::warn!(target: "zzz_db::driver", %error, "no thread that looks after slow reads of PostgreSQL");
    }
    started.is_ok()
}

fn watch(pool: &Weak<Pool>) {
    let mut idle = 0;
    let mut asked: Option<Instant> = None;
    loop {
        std::thread::sleep(TICK);
        let Some(pool) = pool.upgrade() else { return };
        let now = Instant::now();
        pool.tick(now);
        let seen = look(&pool, now);
        idle = if seen.anybody { 0 } else { idle + 1 };
        if (idle > IDLE || !seen.goes_on) && pool.is_unwatched() {
            return;
        }
        let half = pool.acquire_timeout / 2;
        if seen.longest >= half && asked.is_none_or(|asked| now.saturating_duration_since(asked) >= half * 2)
        {
            asked = Some(now);
            pool.runtime.spawn(ask(Arc::downgrade(&pool), half));
        }
    }
}

/// Asks the server for a sign of life; if it gives none, what has waited for one fails.
async fn ask(pool: Weak<Pool>, half: Duration) {
    let Some(options) = pool.upgrade().map(|pool| pool.opener.options.clone()) else { return };
    if tokio::time::timeout(half, is_alive(&options)).await.unwrap_or(false) {
        return;
    }
    let Some(pool) = pool.upgrade() else { return };
    pool.each(|slot| {
        if let (Some(connection), Some(since)) = (&slot.connection, waiting(slot))
            && since.elapsed() >= half
        {
            connection.kill("the server does not answer");
        }
    });
}

/// What was seen.
struct Seen {
    anybody: bool,
    /// How long somebody has waited at most.
    longest: Duration,
    goes_on: bool,
}

fn look(pool: &Arc<Pool>, now: Instant) -> Seen {
    let mut seen = Seen { anybody: false, longest: Duration::ZERO, goes_on: true };
    let mut overdue: Vec<Arc<Connection>> = Vec::new();
    seen.goes_on = pool.each(|slot| {
        note(slot, now);
        let (Some(connection), Some(since)) = (&slot.connection, waiting(slot)) else { return };
        let waited = now.saturating_duration_since(since);
        seen.anybody = true;
        seen.longest = seen.longest.max(waited);
        if slot.stalled && slot.reads > 1 {
            connection.move_on();
        }
        let limit =
            if slot.reads > 0 { pool.opener.limit } else { connection.running().and_then(|(_, it)| it) };
        if limit.is_some_and(|limit| waited > limit + pool.acquire_timeout) {
            overdue.push(Arc::clone(connection));
        }
    });
    for connection in overdue {
        connection.kill("no answer long after the statement's time limit");
    }
    seen
}

/// Compares what is done of the reads on a connection with what was done the last time. So a read itself needs no
/// look at the clock.
fn note(slot: &mut Slot, now: Instant) {
    let Some(connection) = slot.connection.as_ref().filter(|_| slot.reads > 0) else {
        slot.seen = None;
        return;
    };
    let finished = connection.finished().load(Ordering::Relaxed);
    match slot.seen {
        Some((before, _)) if before == finished => slot.stalled = true,
        _ => slot.seen = Some((finished, now)),
    }
}

/// Since when somebody waits for an answer on this connection, save for what is less than a tick.
fn waiting(slot: &Slot) -> Option<Instant> {
    if slot.reads > 0 {
        return slot.seen.map(|(_, since)| since);
    }
    slot.connection.as_ref()?.running().map(|(since, _)| since)
}

/// Whether the server answers on a connection of its own.
async fn is_alive(options: &Options) -> bool {
    let ports = options.config.get_ports();
    let port = |at: usize| ports.get(at).or_else(|| ports.first()).copied().unwrap_or(5432);
    for (at, host) in options.config.get_hosts().iter().enumerate() {
        let answered = match host {
            Host::Tcp(name) => answers(TcpStream::connect((name.as_str(), port(at))).await).await,
            #[cfg(unix)]
            Host::Unix(folder) => {
                answers(UnixStream::connect(folder.join(format!(".s.PGSQL.{}", port(at)))).await).await
            }
        };
        if answered {
            return true;
        }
    }
    // Of a server that is known by its number alone nothing is asked.
    options.config.get_hosts().is_empty()
}

async fn answers<S>(socket: std::io::Result<S>) -> bool
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let Ok(mut socket) = socket else { return false };
    socket.write_all(&ARE_YOU_THERE).await.is_ok() && socket.read_u8().await.is_ok()
}
