//! [`Carried`]: a future that is carried to its end even if whoever waits for it goes away.
//!
//! The futures of MySQL's library leave a connection in no known state when they are dropped half way, and so would a
//! statement of a sandbox and the savepoints around it. So they never are: what talks to the server owns all that it needs, and when the caller's future is dropped a task takes it over.
//! It learns of that by its [`Stop`], and may cut its statement short.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::sync::Notify;

/// Tells a statement that nobody wants its answer any more.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<Inner>);

#[derive(Default)]
struct Inner {
    asked: AtomicBool,
    told: Notify,
}

impl Stop {
    pub(crate) fn ask(&self) {
        self.0.asked.store(true, Ordering::Release);
        self.0.told.notify_one();
    }

    /// Waits until it is asked for.
    pub(crate) async fn asked(&self) {
        while !self.0.asked.load(Ordering::Acquire) {
            self.0.told.notified().await;
        }
    }
}

/// A future that is carried to its end.
pub(crate) struct Carried<T: Send + 'static> {
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    runtime: Handle,
    /// Asked when the caller goes away; of `None` the work is done whole.
    stop: Option<Stop>,
}

impl<T: Send + 'static> Carried<T> {
    pub(crate) fn new(
        runtime: &Handle,
        stop: Option<Stop>,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Self {
        Self { work: Some(Box::pin(work)), runtime: runtime.clone(), stop }
    }
}

impl<T: Send + 'static> Future for Carried<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let Some(work) = &mut self.work else { return Poll::Pending };
        let outcome = work.as_mut().poll(cx);
        if outcome.is_ready() {
            self.work = None;
        }
        outcome
    }
}

impl<T: Send + 'static> Drop for Carried<T> {
    fn drop(&mut self) {
        let Some(work) = self.work.take() else { return };
        if let Some(stop) = &self.stop {
            stop.ask();
        }
        self.runtime.spawn(async move {
            let _ = work.await;
        });
    }
}

/// Which of two futures was ready first.
pub(crate) enum First<A, B> {
    /// The first one, which is looked at first.
    Left(A),
    /// The second one.
    Right(B),
}

/// Waits for the first of two futures.
pub(crate) async fn first<A, B>(
    left: &mut (impl Future<Output = A> + Unpin),
    right: impl Future<Output = B>,
) -> First<A, B> {
    let mut right = std::pin::pin!(right);
    std::future::poll_fn(|cx| {
        if let Poll::Ready(outcome) = Pin::new(&mut *left).poll(cx) {
            return Poll::Ready(First::Left(outcome));
        }
        right.as_mut().poll(cx).map(First::Right)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_dropped_is_carried_on_and_told_so() {
        let (reached, mut reach) = tokio::sync::mpsc::unbounded_channel();
        let stop = Stop::default();
        let asked = stop.clone();
        let mut carried = Box::pin(Carried::new(&Handle::current(), Some(stop), async move {
            let _ = reached.send("begun");
            asked.asked().await;
            let _ = reached.send("ended");
        }));
        let first = std::future::poll_fn(|cx| Poll::Ready(carried.as_mut().poll(cx).is_pending())).await;
        assert!(first);
        drop(carried);
        assert_eq!(reach.recv().await, Some("begun"));
        assert_eq!(reach.recv().await, Some("ended"));
    }
}
