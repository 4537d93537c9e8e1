//! [`Life`]: whether a sandbox has ended, and why; and what is to be done when it does.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::time::Duration;

use super::{End, background};
use crate::{Error, ErrorKind, Result};

/// How long a thread waits for a database to be dropped, when nobody can await it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a sandbox has ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ended {
    /// Its owner was dropped.
    Test,
    /// Somebody closed its repo.
    Closed,
    /// It took longer than this.
    TooLong(Duration),
}

/// The life of a sandbox.
pub(super) struct Life {
    ended: OnceLock<Ended>,
    /// What undoes it, until it is being undone.
    end: Mutex<Option<End>>,
    undone: tokio::sync::watch::Sender<bool>,
}

impl Life {
    /// Begins, and ends by itself after this time.
    pub(super) fn new(end: End, timeout: Duration) -> Result<Arc<Self>> {
        let life = Arc::new(Self {
            ended: OnceLock::new(),
            end: Mutex::new(Some(end)),
            undone: tokio::sync::watch::Sender::new(false),
        });
        let (weak, mut undone) = (Arc::downgrade(&life), life.undone.subscribe());
        background::runtime()?.spawn(async move {
            let in_time = tokio::time::timeout(timeout, undone.wait_for(|undone| *undone)).await.is_ok();
            if let (false, Some(life)) = (in_time, weak.upgrade()) {
                life.end(Ended::TooLong(timeout)).await;
            }
        });
        Ok(life)
    }

    /// An error once it has ended.
    pub(super) fn check(&self) -> Result<()> {
        let Some(ended) = self.ended.get() else { return Ok(()) };
        let text = match ended {
            Ended::Test => {
                "the sandbox has ended with its test, and a task that lives on has used its repo: let the test wait for \
                 the tasks that it starts, or stop them, before it ends; and keep the `Sandbox` itself in a variable for \
                 as long as the test runs"
                    .to_owned()
            }
            Ended::Closed => "the sandbox has ended, since its repo was closed".to_owned(),
            Ended::TooLong(timeout) => format!(
                "the sandbox has ended, since its test has taken longer than {timeout:?}; give a slow test more with \
                 `SandboxOptions::ownership_timeout`"
            ),
        };
        Err(Error::new(ErrorKind::Closed, text))
    }

    /// Ends it, and waits until all is undone.
    pub(super) async fn end(&self, why: Ended) {
        let mut undone = self.undone.subscribe();
        self.begin_to_end(why);
        // The sender lives in `self`.
        let _ = undone.wait_for(|undone| *undone).await;
    }

    /// Ends it. Waits only where something would be left behind if the process ended now.
    pub(super) fn end_in_background(&self, why: Ended) {
        let Some(must_be_waited_for) = self.begin_to_end(why) else { return };
        if let Some(undone) = must_be_waited_for {
            let _ = undone.recv_timeout(PATIENCE);
        }
    }

    /// Lets the thread undo it; `None` if that was begun before.
    fn begin_to_end(&self, why: Ended) -> Option<Option<mpsc::Receiver<()>>> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let _ = self.ended.set(why);
        let (done, waits) = mpsc::channel();
        let undone = self.undone.clone();
        let undo = end.undo.take()?;
        // What fails is the start of the thread, which was started when this began.
        let _ = background::end(async move {
            undo.await;
            undone.send_replace(true);
            let _ = done.send(());
        });
        Some(end.must_be_waited_for.then_some(waits))
    }
}
