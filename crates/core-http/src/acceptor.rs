//! [`Acceptor`]: one accept loop.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use zzz_core::http::ShutdownSignal;

use crate::budget::Budget;
use crate::config::HttpConfig;
use crate::connection::{CoarseClock, ConnectionState, Deadlines, Driver, Facts, Stream};
use crate::descriptors;
use crate::door::Door;
use crate::listener::Listener;
use crate::sweeper::Registry;

/// How long to wait after an error that is about ourselves.
const BACK_OFF: Duration = Duration::from_millis(100);

/// How often to wait so when the listener is about to close and connections are queued that can not be accepted.
const LAST_TRIES: u32 = 20;

/// What all accept loops share.
pub(crate) struct Shared {
    pub(crate) deadlines: Deadlines,
    pub(crate) clock: Arc<CoarseClock>,
    pub(crate) budget: Arc<Budget>,
    /// A permit for each connection that may be open.
    room: Arc<Semaphore>,
    places: u32,
    /// How many acceptors have somebody who waits, for a place or for a descriptor.
    waiting: AtomicUsize,
    /// How many acceptors there are.
    acceptors: AtomicUsize,
    /// Whether the server is about to end. One accept loop that ends, while others go on, says nothing.
    pub(crate) finishing: AtomicBool,
    /// Tells responses without an end of their own that it is time.
    pub(crate) shutdown: ShutdownSignal,
}

impl Shared {
    pub(crate) fn new(config: &HttpConfig) -> Self {
        let places = u32::try_from(descriptors::places(config)).unwrap_or(u32::MAX).max(1);
        Self {
            deadlines: Deadlines::new(config),
            clock: Arc::new(CoarseClock::new()),
            budget: Arc::new(Budget::new(config.max_buffered.0)),
            room: Arc::new(Semaphore::new(places as usize)),
            places,
            waiting: AtomicUsize::new(0),
            acceptors: AtomicUsize::new(0),
            finishing: AtomicBool::new(false),
            shutdown: ShutdownSignal::new(),
        }
    }

    /// How many clients are known to wait until a connection closes.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Waits until no connection is open.
    pub(crate) async fn everyone_gone(&self) {
        let _ = self.room.acquire_many(self.places).await;
    }
}

/// Somebody waits for a place or a descriptor, as long as this is there: the sweeper lets idle connections go for them.
struct Waiting<'a>(&'a Shared);

impl<'a> Waiting<'a> {
    fn begin(shared: &'a Shared) -> Self {
        shared.waiting.fetch_add(1, Ordering::Relaxed);
        Self(shared)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One accept loop with the registry of its connections. Dropping it, in whichever way serving ends, lets the
/// connections finish, and dropping the last one ends the sweeper with them.
pub(crate) struct Acceptor {
    shared: Arc<Shared>,
    door: Arc<Door>,
    registry: Arc<Registry>,
}

impl Acceptor {
    pub(crate) fn new(shared: Arc<Shared>, door: Arc<Door>) -> Self {
        Self::with(shared, door, Arc::default())
    }

    fn with(shared: Arc<Shared>, door: Arc<Door>, registry: Arc<Registry>) -> Self {
        shared.acceptors.fetch_add(1, Ordering::Relaxed);
        Self { shared, door, registry }
    }

    pub(crate) fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry)
    }

    /// Accepts until it is told to stop or nobody is left to tell; then takes what is queued, closes the
    /// listener, and lets the connections finish.
    pub(crate) async fn serve(self, listener: Listener, mut stopped: watch::Receiver<bool>) {
        let mut failing = false;
        loop {
            let accepted = tokio::select! {
                biased;
                _ = stopped.wait_for(|stop| *stop) => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                // The connection comes before its place: a loop that held the last place while it waits for a
                // client would starve the queues of the others.
                Ok((stream, facts)) => {
                    if std::mem::take(&mut failing) {
                        tracing::info!(target: "zzz::http", "accepts connections again");
                    }
                    if let Ok(place) = Arc::clone(&self.shared.room).try_acquire_owned() {
                        self.start(stream, facts, place);
                        continue;
                    }
                    let place = Arc::clone(&self.shared.room).acquire_owned();
                    let _waiting = Waiting::begin(&self.shared);
                    tokio::select! {
                        biased;
                        Ok(place) = place => self.start(stream, facts, place),
                        _ = stopped.wait_for(|stop| *stop) => {
                            self.start_when_there_is_room(stream, facts);
                            break;
                        }
                    }
                }
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    // Out of descriptors or memory: nothing is gained by trying again at once.
                    if !std::mem::replace(&mut failing, true) {
                        tracing::error!(target: "zzz::http", %error, "can not accept connections for now");
                    }
                    let _waiting = Waiting::begin(&self.shared);
                    tokio::time::sleep(BACK_OFF).await;
                }
            }
        }
        self.shared.finishing.store(true, Ordering::Relaxed);
        self.accept_queued(&listener).await;
        drop(listener);
        self.registry.visit(ConnectionState::finish);
    }

    /// Takes what the kernel has queued, so that closing the listener refuses nobody who was let in.
    async fn accept_queued(&self, listener: &Listener) {
        let mut tries = 0;
        loop {
            match listener.accept_queued() {
                Ok(Some((stream, facts))) => self.start_when_there_is_room(stream, facts),
                Ok(None) => return,
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) if tries == LAST_TRIES => {
                    tracing::error!(target: "zzz::http", %error, "clients that wait are refused");
                    return;
                }
                // Connections that finish give back what is missing.
                Err(_) => {
                    tries += 1;
                    tokio::time::sleep(BACK_OFF).await;
                }
            }
        }
    }

    /// For the end, when nobody waits for places in order any more.
    fn start_when_there_is_room(&self, stream: Stream, facts: Facts) {
        match Arc::clone(&self.shared.room).try_acquire_owned() {
            Ok(place) => self.start(stream, facts, place),
            Err(_) => {
                let later =
                    Self::with(Arc::clone(&self.shared), Arc::clone(&self.door), Arc::clone(&self.registry));
                let mut place = Box::pin(Arc::clone(&self.shared.room).acquire_owned());
                // Its turn comes before that of whoever waits for everyone to be gone, so it gets in line now and not
                // when the task is polled first.
                match place.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(Ok(place)) => return later.start(stream, facts, place),
                    Poll::Ready(Err(_)) => return,
                    Poll::Pending => {}
                }
                tokio::spawn(async move {
                    if let Ok(place) = place.await {
                        later.start(stream, facts, place);
                    }
                });
            }
        }
    }

    fn start(&self, stream: Stream, facts: Facts, place: OwnedSemaphorePermit) {
        let shared = &self.shared;
        let (clock, budget) = (Arc::clone(&shared.clock), Arc::clone(&shared.budget));
        let state = Arc::new(ConnectionState::new(clock, budget, shared.shutdown.clone()));
        let Some(start) = self.door.admit(stream, facts, &state) else { return };
        if shared.finishing.load(Ordering::Relaxed) {
            state.finish();
        }
        self.registry.add(Arc::clone(&state));
        tokio::spawn(Driver::new(Arc::clone(&self.door.serving), start, state, place));
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        if self.shared.acceptors.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.shared.finishing.store(true, Ordering::Relaxed);
        }
        self.registry.visit(ConnectionState::finish);
    }
}

/// Errors of `accept` that say something about a peer, and nothing about us.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Serving;
    use zzz_core::http::Request;

    #[test]
    fn an_acceptor_that_ends_alone_leaves_the_server_to_the_others() {
        let config = HttpConfig::default();
        let shared = Arc::new(Shared::new(&config));
        let service = Arc::new(crate::service_fn(|_: Request| async { "ok" }));
        let serving = Arc::new(Serving::new(service, &config));
        let door = Arc::new(Door { serving, certificates: None, proxies: None });
        let acceptor = || Acceptor::new(Arc::clone(&shared), Arc::clone(&door));
        let (first, second) = (acceptor(), acceptor());
        drop(first);
        assert!(!shared.finishing.load(Ordering::Relaxed));
        drop(second);
        assert!(shared.finishing.load(Ordering::Relaxed));
    }
}
