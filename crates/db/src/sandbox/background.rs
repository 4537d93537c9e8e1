//! The thread that looks after what outlives a test: connections to a server, and the end of sandboxes.
//!
//! Each test has a runtime of its own, and what belongs to a runtime ends with it. So connections that serve one test
//! after the other belong to this one, which lives as long as the process.

use std::pin::Pin;
use std::sync::{LazyLock, OnceLock, mpsc};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::{mpsc as async_mpsc, oneshot, watch};
use tokio::task::{LocalSet, spawn_local};

use crate::{Error, ErrorKind, Result};

type Local = Pin<Box<dyn Future<Output = ()>>>;
type Work = Box<dyn FnOnce() -> Local + Send>;

struct Thread {
    runtime: Handle,
    work: async_mpsc::UnboundedSender<Work>,
}

/// The thread, which is started when it is first asked for.
fn thread() -> Result<&'static Thread> {
    static THREAD: OnceLock<Result<Thread, String>> = OnceLock::new();
    let started = THREAD.get_or_init(|| {
        let (ready, is_ready) = mpsc::channel();
        let (work, mut orders) = async_mpsc::unbounded_channel::<Work>();
        let serve = move || match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                let _ = ready.send(Ok(runtime.handle().clone()));
                LocalSet::new().block_on(&runtime, async {
                    while let Some(work) = orders.recv().await {
                        spawn_local(work());
                    }
                });
            }
            Err(error) => {
                let _ = ready.send(Err(error.to_string()));
            }
        };
        let thread = std::thread::Builder::new().name("zzz-db sandbox".to_owned());
        thread.spawn(serve).map_err(|error| error.to_string())?;
        let runtime = is_ready.recv().unwrap_or_else(|_| Err("it has died".to_owned()))?;
        Ok(Thread { runtime, work })
    });
    started.as_ref().map_err(|error| {
        let text = format!("the thread that looks after sandboxes can not be started: {error}");
        Error::new(ErrorKind::Other, text)
    })
}

/// The runtime of the thread.
pub(super) fn runtime() -> Result<&'static Handle> {
    Ok(&thread()?.runtime)
}

/// How many sandboxes are ending.
static ENDING: LazyLock<watch::Sender<usize>> = LazyLock::new(watch::Sender::default);

/// Undoes a sandbox there; gives what tells when that is done.
pub(super) fn end(undo: impl Future<Output = ()> + Send + 'static) -> Result<oneshot::Receiver<()>> {
    let (done, is_done) = oneshot::channel();
    let runtime = runtime()?;
    ENDING.send_modify(|ending| *ending += 1);
    runtime.spawn(async move {
        let _counted = Counted;
        undo.await;
        let _ = done.send(());
    });
    Ok(is_done)
}

/// Counts the end of one, also of one that panics.
struct Counted;

impl Drop for Counted {
    fn drop(&mut self) {
        ENDING.send_modify(|ending| *ending -= 1);
    }
}

/// Whether a sandbox is ending.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) fn any_ends() -> bool {
    *ENDING.borrow() > 0
}

/// Waits until those that are ending have ended, though not forever.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) async fn all_ended(patience: Duration) {
    let mut ending = ENDING.subscribe();
    let _ = tokio::time::timeout(patience, ending.wait_for(|ending| *ending == 0)).await;
}

/// Does this there, and waits for it; it is done whole if nobody waits any more.
pub(super) async fn run<T: Send + 'static, F: Future<Output = Result<T>> + 'static>(
    work: impl FnOnce() -> F + Send + 'static,
) -> Result<T> {
    let (reply, replied) = oneshot::channel();
    let order: Work = Box::new(move || {
        Box::pin(async move {
            let _ = reply.send(work().await);
        })
    });
    let panicked = || {
        let text = "what a sandbox is made of could not be made; the panic's message is on stderr";
        Error::new(ErrorKind::Other, text)
    };
    thread()?.work.send(order).map_err(|_| panicked())?;
    replied.await.unwrap_or_else(|_| Err(panicked()))
}
