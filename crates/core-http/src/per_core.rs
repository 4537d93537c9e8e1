//! [`Runtime::PerCore`](crate::Runtime::PerCore): a thread, a runtime and sockets for each worker.

use std::io;
use std::sync::{Arc, mpsc as threads};
use std::thread;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::acceptor::{Acceptor, Shared};
use crate::error::ServeError;
use crate::listener::Socket;
use crate::server::register;

/// Threads with a runtime each, which wait for their work. They end if none comes.
pub(crate) struct Idle(Vec<threads::Sender<Worker>>);

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

impl Idle {
    /// Starts the threads. Whether all of them can work is known before anybody is let in.
    pub(crate) fn start(workers: usize) -> Result<Self, ServeError> {
        let workers = workers.max(1);
        let started = (0..workers).map(start_thread).collect::<io::Result<Vec<_>>>();
        let ready = started.and_then(|started| {
            let wait = |(work, ready): (_, threads::Receiver<io::Result<()>>)| {
                ready.recv().map_err(|_| io::Error::other("a thread has ended"))??;
                Ok(work)
            };
            started.into_iter().map(wait).collect::<io::Result<Vec<_>>>()
        });
        ready.map(Self).map_err(|error| {
            ServeError::setup(format!(
                "{workers} workers can not have a thread and a runtime each ({error}); lower `workers`, or raise the \
                 limits of processes and of open files"
            ))
        })
    }

    /// Spreads the accept loops over the threads. They accept when all of them can.
    pub(crate) async fn work(
        self,
        loops: Vec<(Acceptor, Socket)>,
        shared: &Arc<Shared>,
        stopped: &watch::Receiver<bool>,
        accepting: &mpsc::Sender<()>,
    ) -> Result<Threads, ServeError> {
        let (ended, _) = watch::channel(false);
        let (registered, mut registrations) = mpsc::channel(self.0.len());
        let (begin, begun) = watch::channel(false);
        let mut shares: Vec<Vec<_>> = self.0.iter().map(|_| Vec::new()).collect();
        for (at, acceptor) in loops.into_iter().enumerate() {
            let worker = at % shares.len();
            shares[worker].push(acceptor);
        }
        for (thread, share) in self.0.into_iter().zip(shares) {
            let worker = Worker {
                share,
                shared: Arc::clone(shared),
                stopped: stopped.clone(),
                ended: ended.subscribe(),
                accepting: accepting.clone(),
                registered: registered.clone(),
                begun: begun.clone(),
            };
            if thread.send(worker).is_err() {
                return Err(ServeError::setup(
                    "the thread of a worker has ended before it was needed".to_owned(),
                ));
            }
        }
        drop(registered);
        // Each tells it once.
        while let Some(result) = registrations.recv().await {
            result?;
        }
        begin.send_replace(true);
        Ok(Threads { ended })
    }
}

/// A thread, by what it gets its work through, and what it tells whether it can.
type Started = (threads::Sender<Worker>, threads::Receiver<io::Result<()>>);

fn start_thread(at: usize) -> io::Result<Started> {
    let (work, comes) = threads::channel::<Worker>();
    let (tell, ready) = threads::channel();
    thread::Builder::new().name(format!("zzz-worker-{at}")).spawn(move || {
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                let _ = tell.send(Ok(()));
                if let Ok(worker) = comes.recv() {
                    worker.run(runtime);
                }
            }
            Err(error) => drop(tell.send(Err(error))),
        }
    })?;
    Ok((work, ready))
}

struct Worker {
    share: Vec<(Acceptor, Socket)>,
    shared: Arc<Shared>,
    stopped: watch::Receiver<bool>,
    ended: watch::Receiver<bool>,
    accepting: mpsc::Sender<()>,
    /// Tells whether its sockets could be made known to its runtime.
    registered: mpsc::Sender<Result<(), ServeError>>,
    /// Whether all workers' could.
    begun: watch::Receiver<bool>,
}

impl Worker {
    fn run(mut self, runtime: tokio::runtime::Runtime) {
        runtime.block_on(async move {
            let (listeners, result) = match register(self.share) {
                Ok(listeners) => (listeners, Ok(())),
                Err(error) => (Vec::new(), Err(error)),
            };
            let _ = self.registered.send(result).await;
            drop(self.registered);
            if self.begun.wait_for(|begun| *begun).await.is_err() {
                // Another worker can not.
                return;
            }
            let mut loops = JoinSet::new();
            for (acceptor, listener) in listeners {
                loops.spawn(acceptor.serve(listener, self.stopped.clone()));
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
