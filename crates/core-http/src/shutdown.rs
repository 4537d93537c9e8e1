//! When to stop: the signals that a server answers to.

use std::future::Future;
use std::io;

/// Waits for SIGTERM or SIGINT (Ctrl-C). From then on a second one ends the process at once.
///
/// The exit code of that is 128 plus the signal's number, as a shell would report it. The signals are watched from the
/// call on, and not from when the future is polled first. Must be called within a tokio runtime.
///
/// # Errors
/// If the signals can not be watched.
pub fn signal() -> impl Future<Output = io::Result<()>> + Send + 'static {
    let signals = Signals::new();
    async move {
        let mut signals = signals?;
        signals.next().await;
        tokio::spawn(async move {
            let number = signals.next().await;
            std::process::exit(128 + number);
        });
        Ok(())
    }
}

/// SIGHUP asks to read again what can be exchanged, and there is nothing: the process goes on all the same.
pub(crate) fn survive_hangups() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut hangups = signal(SignalKind::hangup())?;
        tokio::spawn(async move {
            while hangups.recv().await.is_some() {
                tracing::info!(target: "zzz::http", "SIGHUP: there are no certificates to read again");
            }
        });
    }
    Ok(())
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.terminate.recv() => 15,
            _ = self.interrupt.recv() => 2,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> i32 {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        2
    }
}
