//! [`Server`]: accept loops, the sweeper, and the end of both.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use zzz_core::http::{Service, ShutdownSignal};

use crate::config::HttpConfig;
use crate::connection::{CoarseClock, ConnectionState, Deadlines, Driver, Facts, Serving, Start, Stream};
use crate::error::ServeError;
use crate::listener;
use crate::sweeper::{self, Registry};

/// A server that listens already and serves once [`run`](Self::run) is awaited; clients that come before wait.
pub struct Server {
    listeners: Vec<TcpListener>,
    address: SocketAddr,
    config: HttpConfig,
}

/// What all accept loops share.
pub(crate) struct Shared {
    serving: Arc<Serving>,
    pub(crate) deadlines: Deadlines,
    pub(crate) clock: Arc<CoarseClock>,
    /// A permit for each connection that may be open.
    room: Arc<Semaphore>,
    pub(crate) finishing: AtomicBool,
    /// Tells responses without an end of their own that it is time.
    shutdown: ShutdownSignal,
}

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// Connections that were cut because their requests did not finish within the grace.
    pub cut: usize,
}

impl Server {
    /// Listens on the configured address. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// If the address can not be resolved or listened on; a port that another process holds is an error also
    /// where both would share it.
    pub fn bind(config: &HttpConfig) -> Result<Self, ServeError> {
        let (listeners, address) = listener::bind(&config.listen(), config.workers)?;
        Ok(Self { listeners, address, config: config.clone() })
    }

    /// The address that it listens on, with the port that was picked for 0.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is done; then accepts what is queued, closes the listeners, lets requests in flight
    /// finish within the configured grace, and cuts the rest. A client that has connected and sent nothing yet
    /// is closed.
    ///
    /// Dropping the future closes the listeners and lets requests in flight finish, without a bound.
    pub async fn run(self, service: impl Service, stop: impl Future<Output = ()>) -> Served {
        self.run_erased(Arc::new(service), stop).await
    }

    async fn run_erased(self, service: Arc<dyn Service>, stop: impl Future<Output = ()>) -> Served {
        let Self { listeners, config, .. } = self;
        let places = u32::try_from(config.max_connections).unwrap_or(u32::MAX).max(1);
        let shared = Arc::new(Shared {
            serving: Arc::new(Serving::new(service, &config)),
            deadlines: Deadlines::new(&config),
            clock: Arc::new(CoarseClock::new()),
            room: Arc::new(Semaphore::new(places as usize)),
            finishing: AtomicBool::new(false),
            shutdown: ShutdownSignal::new(),
        });
        let (stopping, stopped) = watch::channel(false);
        let mut loops = JoinSet::new();
        let mut registries = Vec::new();
        for listener in listeners {
            let worker = Worker { shared: Arc::clone(&shared), registry: Arc::default() };
            registries.push(Arc::clone(&worker.registry));
            loops.spawn(worker.serve(listener, stopped.clone()));
        }
        sweeper::start(Arc::clone(&shared), registries);
        drop(stopped);
        stop.await;
        stopping.send_replace(true);
        shared.shutdown.begin();
        let mut workers = Vec::new();
        while let Some(worker) = loops.join_next().await {
            workers.extend(worker.ok());
        }
        let everyone_gone = || shared.room.acquire_many(places);
        let cut = match tokio::time::timeout(config.shutdown_grace, everyone_gone()).await {
            Ok(_) => 0,
            Err(_) => workers.iter().map(|worker| worker.registry.close_all()).sum(),
        };
        if cut > 0 {
            // The tasks of the connections need a moment to see it.
            let _ = tokio::time::timeout(Duration::from_secs(1), everyone_gone()).await;
            tracing::warn!(target: "zzz::http", cut, grace = ?config.shutdown_grace, "connections were cut at shutdown");
        }
        Served { cut }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

/// One accept loop with the registry of its connections. Dropping it, in whichever way serving ends, lets the
/// connections finish, and with them the sweeper.
struct Worker {
    shared: Arc<Shared>,
    registry: Arc<Registry>,
}

impl Worker {
    async fn serve(self, listener: TcpListener, mut stopped: watch::Receiver<bool>) -> Self {
        loop {
            let accepted = tokio::select! {
                biased;
                _ = stopped.wait_for(|stop| *stop) => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                // The connection comes before its place: a loop that held the last place while it waits for a
                // client would starve the queues of the others.
                Ok((stream, peer)) => {
                    let place = Arc::clone(&self.shared.room).acquire_owned();
                    tokio::select! {
                        biased;
                        Ok(place) = place => self.start(stream, peer, place),
                        _ = stopped.wait_for(|stop| *stop) => {
                            self.start_when_there_is_room(stream, peer);
                            break;
                        }
                    }
                }
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    // Out of descriptors or memory: nothing is gained by trying again at once.
                    tracing::error!(target: "zzz::http", %error, "can not accept connections for now");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        self.shared.finishing.store(true, Ordering::Relaxed);
        self.accept_queued(&listener).await;
        drop(listener);
        self.registry.visit(ConnectionState::finish);
        self
    }

    /// Takes what the kernel has queued, so that closing the listener refuses nobody who was let in.
    async fn accept_queued(&self, listener: &TcpListener) {
        loop {
            let queued = std::future::poll_fn(|cx| {
                std::task::Poll::Ready(match listener.poll_accept(cx) {
                    std::task::Poll::Ready(Ok(accepted)) => Some(accepted),
                    _ => None,
                })
            });
            let Some((stream, peer)) = queued.await else { return };
            self.start_when_there_is_room(stream, peer);
        }
    }

    /// For the end, when nobody waits for places in order any more.
    fn start_when_there_is_room(&self, stream: TcpStream, peer: SocketAddr) {
        let worker = Self { shared: Arc::clone(&self.shared), registry: Arc::clone(&self.registry) };
        match Arc::clone(&self.shared.room).try_acquire_owned() {
            Ok(place) => worker.start(stream, peer, place),
            Err(_) => {
                tokio::spawn(async move {
                    if let Ok(place) = Arc::clone(&worker.shared.room).acquire_owned().await {
                        worker.start(stream, peer, place);
                    }
                });
            }
        }
    }

    fn start(&self, stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit) {
        // Without it, a response whose head and body are written apart waits 40 ms for the peer's ACK.
        let _ = stream.set_nodelay(true);
        let shared = &self.shared;
        let state = Arc::new(ConnectionState::new(Arc::clone(&shared.clock), shared.shutdown.clone()));
        if shared.finishing.load(Ordering::Relaxed) {
            state.finish();
        }
        self.registry.add(Arc::clone(&state));
        let start = Start::Open(Stream::Tcp(stream), Facts::tcp(peer));
        let driver = Driver::new(Arc::clone(&shared.serving), start, state);
        tokio::spawn(async move {
            driver.await;
            drop(permit);
        });
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.finishing.store(true, Ordering::Relaxed);
        self.registry.visit(ConnectionState::finish);
    }
}

/// Errors of `accept` that say something about a peer, and nothing about us.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
