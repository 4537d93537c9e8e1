//! [`Runtime::PerCore`](crate::Runtime::PerCore): a thread, a runtime and sockets for each worker.

use std::sync::Arc;
use std::thread;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::acceptor::{Acceptor, Shared};
use crate::listener::Socket;
use crate::server::listen;

/// The threads of the workers. They go on until they are told to [end](Self::end); if this is dropped instead,
/// until the last connection is gone.
pub(crate) struct Threads {
    ended: watch::Sender<bool>,
}

impl Threads {
    /// Ends all runtimes with whatever still runs there.
    pub(crate) fn end(self) {
        self.ended.send_replace(true);
    }
}

/// Starts the threads, and spreads the accept loops over them.
pub(crate) fn start(
    workers: usize,
    loops: Vec<(Acceptor, Socket)>,
    shared: &Arc<Shared>,
    stopped: &watch::Receiver<bool>,
    accepting: &mpsc::Sender<()>,
) -> Threads {
    let (ended, _) = watch::channel(false);
    let mut shares: Vec<Vec<_>> = (0..workers.max(1)).map(|_| Vec::new()).collect();
    for (at, acceptor) in loops.into_iter().enumerate() {
        let worker = at % shares.len();
        shares[worker].push(acceptor);
    }
    for (at, share) in shares.into_iter().enumerate() {
        let worker = Worker {
            share,
            shared: Arc::clone(shared),
            stopped: stopped.clone(),
            ended: ended.subscribe(),
            accepting: accepting.clone(),
        };
        let started = thread::Builder::new().name(format!("zzz-worker-{at}")).spawn(move || worker.run());
        if let Err(error) = started {
            tracing::error!(target: "zzz::http", %error, "a worker has no thread; the others serve without it");
        }
    }
    Threads { ended }
}

struct Worker {
    share: Vec<(Acceptor, Socket)>,
    shared: Arc<Shared>,
    stopped: watch::Receiver<bool>,
    ended: watch::Receiver<bool>,
    accepting: mpsc::Sender<()>,
}

impl Worker {
    fn run(mut self) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                tracing::error!(target: "zzz::http", %error, "a worker has no runtime; the others serve without it");
                return;
            }
        };
        runtime.block_on(async move {
            let mut loops = JoinSet::new();
            for (acceptor, socket) in self.share {
                loops.spawn(listen(acceptor, socket, self.stopped.clone()));
            }
            while loops.join_next().await.is_some() {}
            drop(self.accepting);
            // Until it is told, or, if nobody is left to tell it, until it is not needed.
            if self.ended.wait_for(|ended| *ended).await.is_err() {
                self.shared.everyone_gone().await;
            }
        });
        // A blocking task that never ends must not keep the thread.
        runtime.shutdown_background();
    }
}
